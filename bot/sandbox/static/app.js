// Draws the page again where something changed.
import { composer } from "./compose.js";
import { by, fill, h } from "./dom.js";
import { marked } from "./marks.js";
import { drawModal } from "./modal.js";
import { drawPane } from "./panes.js";
import { drawFoot, drawMenu, drawPlaces, drawWho } from "./side.js";
import * as store from "./store.js";
import { announce, answered, drawStream } from "./stream.js";
import { act, listen } from "./wire.js";

let typing = null;

function drawBar() {
  const { place, tab } = store.view;
  const tabs = ["home", "messages"].map((one) =>
    h("button", { type: "button", role: "tab", "aria-selected": String(tab === one), onclick: () => store.choose({ tab: one }) }, one === "home" ? "Home" : "Messages"));
  if (place === "app") return fill(by("bar"), h("h1", {}, store.data.app), h("div", { class: "tabs", role: "tablist" }, tabs));
  const channel = store.data.channels.get(place);
  fill(by("bar"),
    h("h1", {}, `#${channel.name}`),
    h("span", { class: "purpose" }, channel.purpose),
    channel.ext_shared ? marked("shared", "⇌ shared") : null,
    channel.members.includes(store.data.bot) ? null : h("span", { class: "tag" }, `${store.data.app} is not in here`));
}

function drawComposer() {
  const id = store.channelId();
  const box = by("compose");
  const direct = store.data.channels.get(id)?.direct_with;
  if (!id || (direct && !store.data.writable)) return fill(box), (typing = null);
  const place = direct || store.view.place === "app" ? store.data.app : `#${store.data.channels.get(id).name}`;
  const command = store.outside(store.view.me) ? "" : `, or ${store.data.commands[0]?.name || "/"}`;
  typing = composer(`${store.view.me} ${id}`, `Message${command}`, () => ({ channel: id }), `Message ${place}${command}`);
  const had = box.contains(document.activeElement);
  fill(box, typing.node);
  if (had) box.querySelector("textarea").focus();
}

const startTyping = () => by("compose").querySelector("textarea")?.focus();

// Put words into the composer, from wherever they were pressed.
function put(text) {
  store.uncover();
  if (!typing) store.choose({ place: store.channelsOf(store.view.me)[0].id });
  typing.set(text);
}

function drawTitle() {
  const { personal, count } = store.unreadOf(store.view.me);
  document.title = `${personal ? `(${personal}) ` : count ? "• " : ""}Switchback`;
}

const sides = () => (drawPlaces(), drawWho(), drawMenu(), drawTitle());
const everything = () => (drawBar(), drawComposer(), drawStream(), drawPane(put), drawModal(), sides(), drawFoot());

// Slack tells the app whenever somebody opens it.
const greet = () => store.view.place === "app" && act({ do: "home", tab: store.view.tab }, { quiet: true });

const REDRAW = {
  begin: () => (everything(), greet(), startTyping()),
  choose: ({ before }) => {
    const moved = ["me", "place", "tab"].some((key) => before[key] !== store.view[key]);
    if (moved) everything(), greet();
    if (before.place !== store.view.place) startTyping();
    if (!moved) drawPane(put), drawFoot();
  },
  modals: drawModal,
  file: () => {},
  switches: () => (drawPane(put), drawFoot()),
  message: (frame) => {
    if (frame.do === "put" && !frame.value.edited) announce(frame.value);
    if (frame.value.channel === store.channelId()) {
      drawStream(), drawPane(put);
      if (frame.do === "put" && frame.value.only === store.view.me) answered(frame.value);
    }
    sides();
  },
  home: () => store.channelId() || drawStream(),
};

// A button under somebody's finger stays until it is let go: a click on one that was replaced meanwhile is none.
const TAP_MS = 60;
const waiting = [];
let held = false;
const redraw = (frame) => (REDRAW[frame.do] || REDRAW[frame.kind] || everything)(frame);
let letting = 0;
const hold = () => (clearTimeout(letting), (held = true));
const letGo = () => (letting = setTimeout(() => ((held = false), waiting.splice(0).forEach(redraw)), TAP_MS));
document.addEventListener("pointerdown", hold, true);
for (const over of ["pointerup", "pointercancel", "dragend"]) document.addEventListener(over, letGo, true);

store.onChange((frame) => (held && frame.do !== "choose" ? waiting.push(frame) : redraw(frame)));
document.addEventListener("visibilitychange", () => store.data.team && (drawStream(), sides()));
listen();
