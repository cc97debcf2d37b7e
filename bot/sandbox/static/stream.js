// The messages of one conversation, App Home, and the threads beside them.
import { draw, keepingFocus } from "./blocks.js";
import { by, fill, h, patch } from "./dom.js";
import { attachments, filesOf } from "./files.js";
import { SMALL, clock, day, mrkdwn } from "./text.js";
import { marked } from "./marks.js";
import * as store from "./store.js";
import { bring, follow, settle, toEnd, toTop } from "./follow.js";
import { act, earlier } from "./wire.js";

const GROUP_SECONDS = 300;
const values = new Map();

export const valuesAt = (where) => values.get(where) || values.set(where, {}).get(where);

// `shown` are the blocks as they are drawn: what is pressed in them is what is sent, whatever they have become since.
export function placeOf(where, shown) {
  return {
    where,
    values: valuesAt(where),
    press: (block, element, value) =>
      act({ do: "click", where, action_id: element.action_id, block_id: block.block_id, value, values: valuesAt(where), shown }),
  };
}

export function avatar(user, small = false) {
  const person = store.person(user);
  const size = small ? "avatar tiny" : "avatar";
  if (store.isBot(user)) return h("span", { class: `${size} bot`, "aria-hidden": "true" }, h("img", { src: "/static/icon.svg", alt: "" }));
  if (!person) return h("span", { class: `${size} slack`, "aria-hidden": "true" }, "S");
  const initials = person.name.replace(/\(.*\)/, "").trim().split(/\s+/).map((part) => part[0]).slice(0, 2).join("");
  const tint = [...store.data.people.keys()].indexOf(user) % 8;
  return h("span", { class: `${size} tint-${tint}`, "aria-hidden": "true" }, initials);
}

function head(message) {
  const person = store.person(message.user);
  const tag = store.isBot(message.user) ? h("span", { class: "tag" }, "App") : null;
  const outside = person?.kind === "external" ? marked("outside", "Partner Ltd") : null;
  const guest = person?.kind.includes("guest") ? marked("outside", "Guest") : null;
  return h("div", { class: "head" },
    h("strong", {}, store.name(message.user)), tag, outside, guest,
    h("time", { datetime: new Date(message.ts * 1000).toISOString(), title: `${day(message.ts)}, ${clock(message.ts)}` }, clock(message.ts)));
}

function body(message) {
  const words = message.text ? h("div", { class: "text" }, mrkdwn(message.text)) : null;
  const inner = message.blocks.length ? draw(message.blocks, placeOf(message.ts, message.blocks)) : words;
  const edited = message.edited && !message.blocks.length ? h("span", { class: "faint" }, " (edited)") : null;
  return h("div", { class: "body" }, inner, edited, attachments(message));
}

function threadLink(message) {
  const below = store.replies(message.channel, store.view.me, message.ts);
  if (!below.length) return null;
  const who = [...new Set(below.map((one) => one.user))].slice(0, 3);
  const open = () => store.choose({ pane: "thread", thread: message.ts });
  return h("button", { class: "replies", type: "button", onclick: open },
    who.map((user) => avatar(user, true)), h("span", {}, below.length === 1 ? "1 reply" : `${below.length} replies`),
    h("span", { class: "faint" }, `last ${day(below.at(-1).ts, "date_short", SMALL)} at ${clock(below.at(-1).ts)}`));
}

export function messageNode(message, { compact = false, inThread = false } = {}) {
  const reply = () => store.choose({ pane: "thread", thread: message.thread_ts || message.ts });
  const tools = inThread || message.only ? null :
    h("div", { class: "tools" }, h("button", { type: "button", onclick: reply, title: "Reply in thread", "aria-label": "Reply in thread" }, "↩"));
  const only = message.only ? h("div", { class: "only" }, "Only visible to you") : null;
  return h("article", { class: `message${compact ? " compact" : ""}${message.only ? " private" : ""}`, "data-ts": message.ts, "aria-label": `${store.name(message.user)}, ${clock(message.ts)}` },
    compact ? h("time", { class: "aside" }, clock(message.ts)) : avatar(message.user),
    h("div", { class: "content" }, only, compact ? null : head(message), body(message), inThread ? null : threadLink(message)),
    tools);
}

// Messages that did not change keep their nodes, one set for the channel and one for the thread.
const drawn = { stream: new WeakMap(), thread: new WeakMap() };

function cached(message, options) {
  const kept = drawn[options.inThread ? "thread" : "stream"];
  const below = options.inThread ? [] : store.replies(message.channel, store.view.me, message.ts);
  const look = [store.edition, store.view.me, options.compact, below.length, below.at(-1)?.ts].join(" ");
  if (kept.get(message)?.look !== look) kept.set(message, { look, node: messageNode(message, options) });
  return kept.get(message).node;
}

function listed(messages, options = {}) {
  return messages.flatMap((message, at) => {
    const before = messages[at - 1];
    const newDay = !options.inThread && (!before || day(before.ts) !== day(message.ts));
    const follows = before && before.user === message.user && !before.only === !message.only;
    const compact = Boolean(follows && !newDay && !message.blocks.length && message.ts - before.ts < GROUP_SECONDS);
    return [newDay ? dayLine(day(message.ts)) : null, cached(message, { ...options, compact })];
  });
}

const dayLines = new Map();
function dayLine(words) {
  if (!dayLines.has(words)) dayLines.set(words, h("div", { class: "day", role: "separator" }, h("span", {}, words)));
  return dayLines.get(words);
}

function empty(channel) {
  const title = channel.direct_with ? `Messages with ${store.data.app}` : `#${channel.name}`;
  const words = channel.direct_with ? "What concerns you alone arrives here." : `${channel.purpose}. Nobody has written here yet.`;
  return h("div", { class: "empty" }, h("h3", {}, title), h("p", {}, words));
}

export function drawStream() {
  const id = store.channelId();
  const stream = by("messages");
  if (!id) return drawHome(stream);
  const channel = store.data.channels.get(id) || { id, direct_with: store.view.me };
  const roots = store.roots(id, store.view.me);
  const more = async () => {
    (await earlier(id, roots[0].ts)).forEach(store.keep);
    drawStream();
  };
  const button = roots.length >= 200 ? h("button", { class: "button quiet", onclick: more }, "Earlier messages") : null;
  const anew = place(stream, id);
  keepingFocus(stream, () => patch(stream.firstElementChild, [button, roots.length ? listed(roots) : empty(channel)]));
  anew ? toEnd(stream) : settle(stream);
  if (document.visibilityState === "visible") store.markRead(store.view.me, id);
}

function drawHome(stream) {
  const home = store.data.homes.get(store.view.me);
  const nothing = h("div", { class: "empty" }, h("h3", {}, `${store.data.app} at home`), h("p", {}, "The app has not shown anything here yet."));
  const inner = home ? draw(home.body.blocks, placeOf("home", home.body.blocks)) : nothing;
  const anew = place(stream, "home");
  keepingFocus(stream, () => fill(stream.firstElementChild, inner));
  if (anew) toTop(stream);
}

// Whether the stream shows another place than before. App Home is read from its top, messages from their end.
function place(stream, id) {
  follow(stream);
  const anew = stream.dataset.place !== id;
  Object.assign(stream.dataset, { place: id, follows: id === "home" ? "no" : "yes" });
  stream.firstElementChild.className = id === "home" ? "column home" : "column";
  return anew;
}

export function drawThread(box, anew) {
  const id = store.channelId();
  const ts = store.view.thread;
  const root = store.data.messages.get(id)?.get(ts);
  const below = root ? store.replies(id, store.view.me, ts) : [];
  const count = h("div", { class: "day", role: "separator" }, h("span", {}, below.length === 1 ? "1 reply" : `${below.length} replies`));
  const gone = h("p", { class: "faint" }, "This message is gone.");
  follow(box);
  keepingFocus(box, () => patch(box.firstElementChild, [root ? cached(root, { inThread: true, compact: false }) : gone, root ? count : null, listed(below, { inThread: true })]));
  anew ? toEnd(box) : settle(box);
}

// Where somebody writes is where its answer comes.
export const wrote = (thread) => toEnd(thread ? by("pane").querySelector(".scroll") : by("messages"));

// What only you see answers what you did: it is shown wherever you look in this channel.
export function answered(message) {
  const inThread = message.thread_ts && message.thread_ts !== message.ts;
  if (!inThread) store.uncover();
  const box = inThread ? by("pane").querySelector(".scroll") : by("messages");
  if (box && (!inThread || store.view.thread === message.thread_ts)) bring(box, message.ts);
}

// New messages in view are read out; edits are not, as they do not notify in Slack either.
export function announce(message) {
  if (message.user === store.view.me || (message.only && message.only !== store.view.me)) return;
  const here = message.channel === store.channelId();
  const to = here ? "" : ` in ${store.data.channels.get(message.channel)?.name || "direct messages"}`;
  if (here || message.channel === store.direct(store.view.me)) by("said").textContent = `${store.name(message.user)}${to}: ${message.text || filesOf(message).map((file) => file.name).join(", ")}`;
}
