// The forms the app has open before you; only the one on top is shown.
import { draw, keepingFocus } from "./blocks.js";
import { fill, fresh, h } from "./dom.js";
import { uploaded } from "./files.js";
import { words } from "./text.js";
import * as store from "./store.js";
import { valuesAt, placeOf } from "./stream.js";
import { act } from "./wire.js";

let dialog = null;
let shown = null;
let said = { errors: {}, notice: "" };
let busy = false;

const stack = () => store.data.modals.get(store.view.me) || [];

export function drawModal() {
  const top = stack().at(-1);
  if (!top) return hide();
  if (shown?.id !== top.id) said = { errors: {}, notice: "" };
  const anew = !dialog;
  const scrolled = shown?.id === top.id ? dialog?.querySelector(".body").scrollTop : 0;
  const another = shown?.id !== top.id;
  shown = top;
  if (anew) {
    dialog = h("dialog", { class: "modal" });
    dialog.addEventListener("cancel", (event) => (event.preventDefault(), putAway()));
    document.body.append(dialog);
  }
  keepingFocus(dialog, () => fill(dialog, content(top)));
  if (anew) dialog.showModal();
  if (another) dialog.querySelector("[autofocus], .body .field, .body input")?.focus();
  // A form is read from its top, also where its first field lies below the edge; one that changed stays where it was.
  dialog.querySelector(".body").scrollTop = scrolled;
}

function hide() {
  dialog?.remove();
  dialog = shown = null;
  busy = false;
}

function content(top) {
  const id = fresh("title");
  dialog.setAttribute("aria-labelledby", id);
  const { title, submit, close, blocks } = top.body;
  const at = { ...placeOf(top.id, blocks), errors: said.errors };
  const deep = stack().length > 1 ? h("span", { class: "faint" }, `${stack().length} of 3`) : null;
  const send = submit ? h("button", { class: "button primary", type: "submit", disabled: busy, "aria-busy": busy ? "true" : null }, words(submit)) : null;
  const away = h("button", { class: "button", type: "button", onclick: () => putAway() }, close ? words(close) : stack().length > 1 ? "Back" : "Close");
  return h("form", { novalidate: true, onsubmit: (event) => (event.preventDefault(), submitted(top)) },
    h("header", {}, h("img", { src: "/static/icon.svg", alt: "", width: 24, height: 24 }), h("h2", { id }, words(title)), deep,
      h("button", { class: "icon", type: "button", "aria-label": "Close", onclick: () => putAway(true) }, "✕")),
    said.notice ? h("div", { class: "alert error", role: "alert" }, said.notice) : null,
    h("div", { class: "body" }, draw(blocks, at)),
    h("footer", {}, away, send));
}

async function submitted(top) {
  if (busy || !top.body.submit) return;
  busy = true;
  drawModal();
  await uploaded();
  const answer = await act({ do: "submit", view_id: top.id, values: valuesAt(top.id) }, { quiet: true });
  busy = false;
  said = { errors: answer.errors, notice: answer.notice };
  drawModal();
  const wrong = dialog?.querySelector(".input.wrong");
  wrong?.scrollIntoView({ block: "nearest" });
  wrong?.querySelector(".field, input")?.focus();
}

async function putAway(clear = false) {
  const top = stack().at(-1);
  if (top) await act({ do: "close", view_id: top.id, clear });
}
