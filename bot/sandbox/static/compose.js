// Where you type: messages, and commands with a hint of what they take.
import { fill, fresh, h } from "./dom.js";
import { mrkdwn } from "./text.js";
import * as store from "./store.js";
import { wrote } from "./stream.js";
import { act } from "./wire.js";

const drafts = new Map();
const typedBefore = [];

function hint(text) {
  if (!text.startsWith("/")) return null;
  const word = text.split(" ")[0];
  const fitting = store.data.commands.filter((one) => one.name.startsWith(word));
  if (!fitting.length) return h("div", { class: "hint" }, "No command begins like this. A message that starts with / is always a command.");
  return h("div", { class: "hint" },
    fitting.map((one) => h("div", {}, h("strong", {}, one.name), " ", h("span", {}, one.usage_hint), h("small", {}, one.description))));
}

// One composer; `where()` answers {channel, thread_ts} at the moment of sending.
export function composer(key, placeholder, where, label = placeholder) {
  const help = h("div", { id: fresh("hint"), "aria-live": "polite" });
  const field = h("textarea", { class: "field", rows: 1, placeholder, "aria-label": label, "aria-describedby": help.id, value: drafts.get(key) || "" });
  let back = -1;
  const show = () => {
    drafts.set(key, field.value);
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 160)}px`;
    fill(help, hint(field.value));
  };
  const set = (text) => {
    field.value = text;
    show();
    field.focus();
    field.setSelectionRange(text.length, text.length);
  };
  const send = async () => {
    const text = field.value.trim();
    if (!text) return;
    if (typedBefore.at(-1) !== text) typedBefore.push(text);
    back = -1;
    set("");
    const to = where();
    if (!to.thread_ts) store.uncover();
    wrote(to.thread_ts);
    const answer = await act({ do: text.startsWith("/") ? "command" : "say", ...to, text }, { quiet: text.startsWith("/") });
    if (!answer.ok && !text.startsWith("/")) set(text);
  };
  const keys = {
    Enter: (event) => !event.shiftKey && !event.isComposing && (event.preventDefault(), send()),
    Tab: (event) => {
      const found = store.data.commands.find((one) => one.name.startsWith(field.value) && one.name !== field.value);
      if (found && field.value.startsWith("/")) event.preventDefault(), set(`${found.name} `);
    },
    ArrowUp: (event) => {
      if (!typedBefore.length || (field.value && back < 0)) return;
      event.preventDefault();
      back = Math.min(back + 1, typedBefore.length - 1);
      set(typedBefore.at(-1 - back));
    },
    ArrowDown: (event) => {
      if (back < 0) return;
      event.preventDefault();
      back -= 1;
      set(back < 0 ? "" : typedBefore.at(-1 - back));
    },
    Escape: () => set(""),
  };
  field.addEventListener("input", () => ((back = -1), show()));
  field.addEventListener("keydown", (event) => keys[event.key]?.(event));
  const go = h("button", { class: "send", type: "button", onclick: send, "aria-label": "Send" }, "➤");
  const node = h("div", { class: "composer" }, help, h("div", { class: "line" }, field, go));
  queueMicrotask(show);
  return { node, set };
}

// A hint from the caller of the stand-in: commands in it go into the composer when they are pressed.
export function tryThis(text, put) {
  const parts = mrkdwn(text);
  return parts.map((part) => {
    const inside = part instanceof Element ? [part, ...part.querySelectorAll("code")].filter((one) => one.matches("code")) : [];
    for (const code of inside.filter((one) => one.textContent.startsWith("/"))) {
      const press = (event) => (event.preventDefault(), put(code.textContent));
      const words = h("a", { class: code.textContent.length < 24 ? "try short" : "try", href: "#", role: "button", title: "Put this into the message field", onclick: press }, code.textContent);
      if (code === part) return words;
      code.replaceWith(words);
    }
    return part;
  });
}
