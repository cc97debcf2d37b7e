// Block Kit blocks, drawn. `at` is the place they are in, see elements.js.
import { fresh, h } from "./dom.js";
import { element } from "./elements.js";
import { picture } from "./files.js";
import { markdown, plainText, richText, words } from "./text.js";

function section(block, at) {
  const fields = block.fields?.map((field) => h("div", { class: "cell" }, words(field)));
  return h("div", { class: "section" },
    h("div", { class: "grow" }, block.text ? h("div", { class: "text" }, words(block.text)) : null, fields ? h("div", { class: "fields" }, fields) : null),
    block.accessory ? h("div", { class: "accessory" }, element(block, block.accessory, at)) : null);
}

function context(block, at) {
  return h("div", { class: "context" },
    block.elements.map((one) => (one.type === "image" ? element(block, one, at) : h("span", {}, words(one)))));
}

function input(block, at) {
  const [field, hint, error] = [fresh("field"), fresh("hint"), fresh("error")];
  const said = at.errors?.[block.block_id];
  const described = [block.hint && hint, said && error].filter(Boolean).join(" ") || null;
  const place = { ...at, input: true, label: field, described, invalid: said ? "true" : null, optional: block.optional };
  const group = ["checkboxes", "radio_buttons", "multi_static_select", "multi_users_select"].includes(block.element.type);
  const title = [words(block.label), block.optional ? h("span", { class: "faint" }, " (optional)") : null];
  const node = element(block, block.element, place);
  if (group) node.setAttribute("aria-label", block.label.text);
  return h("div", { class: said ? "input wrong" : "input", "data-input": block.block_id },
    group ? h("div", { class: "label" }, title) : h("label", { class: "label", for: field }, title),
    node,
    said ? h("div", { class: "error", id: error }, `⚠ ${said}`) : null,
    block.hint ? h("div", { class: "faint", id: hint }, words(block.hint)) : null);
}

function image(block) {
  const caption = block.title ? h("figcaption", {}, words(block.title)) : null;
  return h("figure", {}, caption, h("img", { src: picture(block), alt: block.alt_text }));
}

function table(block) {
  const settings = block.column_settings || [];
  const cell = (tag) => (one, column) =>
    h(tag, { class: settings[column]?.align, scope: tag === "th" ? "col" : null }, one.type === "raw_text" ? plainText(one.text) : one.type === "raw_number" ? one.text : richText(one));
  const [head, ...rows] = block.rows;
  return h("div", { class: "tablebox", tabindex: "0", role: "region", "aria-label": block.caption || "Table" },
    h("table", {}, block.caption ? h("caption", {}, block.caption) : null,
      h("thead", {}, h("tr", {}, head.map(cell("th")))), h("tbody", {}, rows.map((row) => h("tr", {}, row.map(cell("td")))))));
}

const STATUS = { pending: ["○", "waiting"], in_progress: ["◐", "in progress"], complete: ["✓", "done"], error: ["✕", "failed"] };

function task(one) {
  const [sign, word] = STATUS[one.status] || STATUS.pending;
  const sources = one.sources?.map((source) => h("a", { href: source.url, target: "_blank", rel: "noreferrer" }, source.text));
  const more = one.details || one.output || sources;
  return h("li", { class: `task ${one.status}` },
    h("span", { class: "step", role: "img", "aria-label": word }, sign),
    h("div", {},
      h("div", { class: "title" }, plainText(one.title)),
      more ? h("div", { class: "more" }, one.details ? richText(one.details) : null, one.output ? richText(one.output) : null, sources || null) : null));
}

const plan = (block) => h("section", { class: "plan" }, h("h4", {}, plainText(block.title)), h("ol", {}, block.tasks.map(task)));

const BLOCKS = {
  section, context, input, image, table, plan,
  header: (block) => h(`h${(block.level || 1) + 2}`, { class: "header" }, words(block.text)),
  divider: () => h("hr"),
  actions: (block, at) => h("div", { class: "actions" }, block.elements.map((one) => element(block, one, at))),
  rich_text: (block) => h("div", { class: "rich" }, richText(block)),
  markdown: (block) => h("div", { class: "rich" }, markdown(block.text)),
  data_table: table,
  task_card: (block) => h("ol", { class: "plan" }, task(block)),
  alert: (block) => h("div", { class: `alert ${block.level || "default"}`, role: "note" }, words(block.text)),
  card: (block, at) =>
    h("div", { class: "card" },
      block.title ? h("strong", {}, words(block.title)) : null, block.subtitle ? h("div", { class: "faint" }, words(block.subtitle)) : null,
      block.body ? h("div", {}, words(block.body)) : null, block.subtext ? h("div", { class: "faint" }, words(block.subtext)) : null,
      block.actions ? h("div", { class: "actions" }, block.actions.map((one) => element(block, one, at))) : null),
  container: (block, at) => {
    const title = block.rich_text_title ? richText(block.rich_text_title) : words(block.title);
    if (!block.is_collapsible) return h("section", { class: "card" }, h("strong", {}, title), draw(block.child_blocks, at));
    return h("details", { class: "card", open: !block.default_collapsed }, h("summary", {}, title), draw(block.child_blocks, at));
  },
};

export function draw(blocks, at) {
  return blocks.map((block) => {
    const one = BLOCKS[block.type];
    const node = one ? one(block, at) : h("div", { class: "undrawn" }, `(“${block.type}” is not drawn on this page)`);
    node.classList.add("block");
    return node;
  });
}

// Redraw without losing what is being typed or pressed: the same field gets the focus back.
export function keepingFocus(root, redraw) {
  const active = root.contains(document.activeElement) ? document.activeElement : null;
  const { block, action } = active?.dataset || {};
  const [start, end] = active && "selectionStart" in active ? [active.selectionStart, active.selectionEnd] : [];
  redraw();
  if (!action || root.contains(document.activeElement)) return;
  const again = root.querySelector(`[data-block="${CSS.escape(block)}"][data-action="${CSS.escape(action)}"]`);
  again?.focus();
  if (again && typeof start === "number" && again.setSelectionRange) again.setSelectionRange(start, end);
}
