// Everything that can be pressed, chosen or filled in. `at` says where it is drawn:
// {where, values, press(block, element, value), input} — input elements keep their value until the form is sent.
import { ask, fresh, h } from "./dom.js";
import { label, mark, put, valueOf } from "./fields.js";
import { fileInput, picture } from "./files.js";
import { words } from "./text.js";
import { actors, channelsOf, view } from "./store.js";

async function press(at, block, element, value, node) {
  if (element.confirm) {
    const { title, text, confirm, deny, style } = element.confirm;
    const question = { title: words(title), text: words(text), confirm: words(confirm), deny: words(deny), style };
    if (!(await ask(question))) return;
  }
  node?.setAttribute("aria-busy", "true");
  await at.press(block, element, value);
  node?.removeAttribute("aria-busy");
}

// A value that changed: remembered, and sent at once where Slack sends it at once.
function chosen(at, block, element, value, node) {
  put(at, block, element, value);
  if (!at.input || block.dispatch_action) press(at, block, element, value, node);
}

function button(block, element, at) {
  const style = element.style ? `button ${element.style}` : "button";
  const node = h("button", { class: style, type: "button", "aria-label": element.accessibility_label, ...mark(block, element) }, words(element.text));
  node.addEventListener("click", () => {
    if (element.url && /^https?:/.test(element.url)) window.open(element.url, "_blank", "noopener");
    press(at, block, element, undefined, node);
  });
  return node;
}

function overflow(block, element, at) {
  const box = h("details", { class: "overflow" });
  const pick = (option) => {
    box.open = false;
    if (option.url && /^https?:/.test(option.url)) window.open(option.url, "_blank", "noopener");
    press(at, block, element, option.value, box);
  };
  box.append(
    h("summary", { class: "button", "aria-label": "More actions", ...mark(block, element) }, "⋯"),
    h("div", { class: "menu", role: "menu" },
      element.options.map((option) => h("button", { type: "button", role: "menuitem", onclick: () => pick(option) }, words(option.text)))));
  box.addEventListener("toggle", () => box.open && beside(box.firstChild, box.lastChild));
  box.addEventListener("keydown", (event) => event.key === "Escape" && (box.open = false));
  box.addEventListener("focusout", (event) => box.contains(event.relatedTarget) || setTimeout(() => (box.open = false), 150));
  return box;
}

// Put a menu under its button, or above and to the left where there is no room.
function beside(button, menu) {
  const [at, size] = [button.getBoundingClientRect(), menu.getBoundingClientRect()];
  const room = document.querySelector(".main").getBoundingClientRect();
  const left = at.left + size.width > room.right - 8 ? at.right - size.width : at.left;
  const top = at.bottom + size.height > innerHeight - 8 ? at.top - size.height - 4 : at.bottom + 4;
  Object.assign(menu.style, { left: `${Math.max(8, left)}px`, top: `${Math.max(8, top)}px` });
}

document.addEventListener("scroll", () => document.querySelectorAll(".overflow[open]").forEach((box) => (box.open = false)), true);

const optionNode = (option, current) => h("option", { value: option.value, selected: option.value === current }, option.text.text);

function staticSelect(block, element, at) {
  const current = valueOf(at, block, element, element.initial_option?.value);
  const groups = element.option_groups?.map((group) =>
    h("optgroup", { label: group.label.text }, group.options.map((option) => optionNode(option, current))));
  return select(block, element, at, current, groups || element.options.map((option) => optionNode(option, current)));
}

function select(block, element, at, current, options) {
  const first = h("option", { value: "", disabled: !at.optional, selected: !current }, element.placeholder?.text || "Choose…");
  const node = h("select", { class: "field", ...mark(block, element), ...label(at, element) }, first, options);
  node.addEventListener("change", () => chosen(at, block, element, node.value, node));
  return node;
}

const from = (list, field) => (block, element, at) => {
  const current = valueOf(at, block, element, element[field]);
  return select(block, element, at, current, list().map(([id, text]) => h("option", { value: id, selected: id === current }, text)));
};
const people = () => actors().map((one) => [one.id, one.name]);
const channels = () => channelsOf(view.me).map((one) => [one.id, `#${one.name}`]);

// Several at once: check boxes in a box that scrolls, which the keyboard handles better than a multiple select.
const ticks = (rows, initial) => (block, element, at) => {
  const before = valueOf(at, block, element, initial(element));
  const boxes = rows(element).map(([value, text, description]) =>
    h("label", { class: "tick" },
      h("input", { type: "checkbox", value, checked: before.includes(value), ...mark(block, element) }),
      h("span", {}, text, description ? h("small", {}, description) : null)));
  const node = h("div", { class: "ticks", role: "group", ...label(at, element) }, boxes);
  node.addEventListener("change", () => {
    const picked = [...node.querySelectorAll("input:checked")].map((input) => input.value);
    chosen(at, block, element, picked, node);
  });
  return node;
};
const offered = (element) => [...(element.options || []), ...(element.option_groups || []).flatMap((group) => group.options)]
  .map((option) => [option.value, words(option.text), option.description && words(option.description)]);
const initialOptions = (element) => (element.initial_options || []).map((option) => option.value);

function radio(block, element, at) {
  const current = valueOf(at, block, element, element.initial_option?.value);
  const group = fresh("radio");
  const node = h("div", { class: "ticks", role: "radiogroup", ...label(at, element) },
    offered(element).map(([value, text, description]) =>
      h("label", { class: "tick" },
        h("input", { type: "radio", name: group, value, checked: value === current, ...mark(block, element) }),
        h("span", {}, text, description ? h("small", {}, description) : null))));
  node.addEventListener("change", (event) => chosen(at, block, element, event.target.value, node));
  return node;
}

const typed = (type, initial, read = (text) => text, shown = (value) => value) => (block, element, at) => {
  const current = shown(valueOf(at, block, element, element[initial]) ?? "");
  const node = h(element.multiline ? "textarea" : "input", {
    class: "field", type: element.multiline ? null : type, rows: element.multiline ? 4 : null,
    placeholder: element.placeholder?.text, maxlength: element.max_length, value: current, autocomplete: "off",
    step: element.is_decimal_allowed ? "any" : null, autofocus: element.focus_on_load, ...mark(block, element), ...label(at, element),
  });
  node.addEventListener("input", () => put(at, block, element, read(node.value)));
  const settled = type.startsWith("date") || type === "time" ? "change" : "keydown";
  node.addEventListener(settled, (event) => {
    if (event.type === "keydown" && (event.key !== "Enter" || element.multiline || !block.dispatch_action)) return;
    chosen(at, block, element, read(node.value), node);
  });
  return node;
};
const seconds = (text) => (text ? Math.floor(new Date(text).getTime() / 1000) : null);
const local = (value) => {
  if (!value) return "";
  const moment = new Date(value * 1000);
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

function image(block, element) {
  return h("img", { class: "thumb", src: picture(element), alt: element.alt_text });
}

const ELEMENTS = {
  button, overflow, image, file_input: fileInput,
  static_select: staticSelect,
  users_select: from(people, "initial_user"),
  channels_select: from(channels, "initial_channel"),
  conversations_select: from(channels, "initial_conversation"),
  multi_static_select: ticks(offered, initialOptions),
  multi_users_select: ticks(people, (element) => element.initial_users || []),
  checkboxes: ticks(offered, initialOptions),
  radio_buttons: radio,
  plain_text_input: typed("text", "initial_value"),
  email_text_input: typed("email", "initial_value"),
  url_text_input: typed("url", "initial_value"),
  number_input: typed("number", "initial_value"),
  datepicker: typed("date", "initial_date"),
  timepicker: typed("time", "initial_time"),
  datetimepicker: typed("datetime-local", "initial_date_time", seconds, local),
};

export function element(block, one, at) {
  const draw = ELEMENTS[one.type];
  return draw ? draw(block, one, at) : h("span", { class: "undrawn" }, `(“${one.type}” is not drawn on this page)`);
}
