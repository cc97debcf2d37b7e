// The right side: a thread, things to try, or trouble to make.
import { composer, tryThis } from "./compose.js";
import { by, fill, h } from "./dom.js";
import { legend } from "./marks.js";
import * as store from "./store.js";
import { drawThread } from "./stream.js";
import { flip } from "./wire.js";

const close = () => store.choose({ pane: "", thread: "" });

const top = (title, under) =>
  h("header", {}, h("div", {}, h("h2", {}, title), under ? h("span", { class: "faint" }, under) : null),
    h("button", { class: "icon", type: "button", "aria-label": `Close ${title}`, onclick: close }, "✕"));

let shown = "";

export function drawPane(put) {
  const { pane, thread } = store.view;
  const box = by("pane");
  const key = pane === "thread" ? `${store.view.me} ${store.channelId()} ${thread}` : pane;
  box.hidden = !pane || (pane === "try" && !store.data.hints.length);
  if (pane === "thread") {
    if (key !== shown) threadPane(box, thread);
    drawThread(box.querySelector(".scroll"), key !== shown);
  } else if (pane === "try") {
    if (key !== shown) tryPane(box, put);
  } else if (pane === "trouble") troublePane(box);
  shown = key;
}

function threadPane(box, thread) {
  const channel = store.data.channels.get(store.channelId());
  const where = () => ({ channel: store.channelId(), thread_ts: thread });
  fill(box, top("Thread", channel?.name ? `#${channel.name}` : store.data.app),
    h("div", { class: "scroll", tabindex: "-1" }, h("div", { class: "column" })),
    h("div", { class: "compose" }, composer(`thread ${thread}`, "Reply…", where).node));
}

function tryPane(box, put) {
  const words = ["One", "Two", "Three", "Four", "Five"];
  const title = `${words[store.data.hints.length - 1] || "Some"} thing${store.data.hints.length === 1 ? "" : "s"} to try`;
  fill(box, top(title),
    h("div", { class: "scroll" },
      h("ol", { class: "hints" }, store.data.hints.map((hint) => h("li", {}, h("div", {}, tryThis(hint, put))))),
      h("p", { class: "faint" }, "Everything here runs on this machine only. Switch who you are at the top left: what each person may do differs."),
      h("h3", {}, "What the yellow marks mean"),
      h("ul", { class: "marks" }, legend().map(([mark, means]) => h("li", {}, mark, h("span", {}, means))))));
}

function troublePane(box) {
  const row = (one, number) => {
    const press = () => flip(number);
    const control = one.on === null
      ? h("button", { class: "button", type: "button", onclick: press, "data-switch": number }, "Do it")
      : h("button", { class: one.on ? "switch on" : "switch", type: "button", role: "switch", "aria-checked": String(one.on), "aria-label": one.label, onclick: press, "data-switch": number });
    return h("li", {}, h("div", { class: "grow" }, h("strong", {}, one.label), h("span", { class: "faint" }, one.hint)), control);
  };
  const focused = document.activeElement?.dataset?.switch;
  fill(box, top("Make trouble"), h("div", { class: "scroll" }, h("p", { class: "faint lead" }, "What goes wrong here goes wrong for the bot as it would for real."), h("ul", { class: "troubles" }, store.data.switches.map(row))));
  if (focused) box.querySelector(`[data-switch="${focused}"]`)?.focus();
}
