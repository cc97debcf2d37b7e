// The left side: who you are, where you can go.
import { by, h, renew } from "./dom.js";
import { MARKS, marked } from "./marks.js";
import * as store from "./store.js";
import { avatar } from "./stream.js";

let open = false;
let shown = false;

const badge = ({ count, personal }) => (personal ? marked("forYou", personal) : count ? marked("fresh") : null);

const line = (person) => h("span", { class: "names" }, h("strong", {}, person.name), h("span", {}, person.about));

// An open menu stays as it is whatever arrives meanwhile.
export function drawWho() {
  if (!open) redraw();
}

function redraw() {
  const mine = store.me();
  const others = store.actors().filter((one) => one.id !== mine.id).some((one) => store.unreadOf(one.id).personal);
  const toggle = h("button", { class: "me", id: "me", type: "button", "aria-haspopup": "menu", "aria-expanded": String(open), onclick: () => flip(!open) },
    avatar(mine.id), line(mine), others && !open ? marked("others") : null, h("span", { class: "chevron", "aria-hidden": "true" }, "▾"));
  const menu = h("div", { class: "menu people", role: "menu", "aria-label": "Be somebody else", hidden: !open },
    store.actors().map((one) =>
      h("button", { type: "button", role: "menuitemradio", "aria-checked": String(one.id === mine.id), "data-person": one.id, onclick: () => become(one.id) },
        avatar(one.id, true), line(one), badge(store.unreadOf(one.id)))));
  menu.addEventListener("keydown", steer);
  renew(by("who"), h("div", { class: "caption" }, "You are"), toggle, menu);
}

// Where there is little room, the side is away until somebody asks for it.
function show(next) {
  shown = next;
  by("side").classList.toggle("open", shown);
  drawMenu();
  (shown ? by("me") : by("toside").firstChild).focus();
}

const away = () => shown && show(false);

export function drawMenu() {
  const elsewhere = store.unreadOf(store.view.me);
  renew(by("toside"), h("button", { type: "button", "aria-label": "People and channels", "aria-expanded": String(shown), "aria-controls": "side", onclick: () => show(!shown) },
    h("span", { "aria-hidden": "true" }, "☰"), avatar(store.view.me, true), badge(elsewhere)));
}

function flip(next) {
  open = next;
  redraw();
  (open ? by("who").querySelector("[aria-checked=true]") : by("me")).focus();
}

function become(user) {
  open = false;
  store.choose({ me: user });
  flip(false);
  away();
}

function steer(event) {
  const items = [...event.currentTarget.querySelectorAll("button")];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to !== undefined) event.preventDefault(), items.at(to % items.length).focus();
  if (event.key === "Escape") event.stopPropagation(), flip(false);
}

document.addEventListener("click", (event) => {
  if (open && !event.composedPath().includes(by("who"))) (open = false), drawWho();
  if (shown && !["side", "toside"].some((id) => event.composedPath().includes(by(id)))) away();
});

document.addEventListener("keydown", (event) => event.key === "Escape" && away());

function entry(place, sign, text, unread, extra = null) {
  const here = store.view.place === place;
  return h("li", {},
    h("button", { class: unread.count && !here ? "entry fresh" : "entry", type: "button", "aria-current": here ? "page" : null, "data-place": place, onclick: () => go(place) },
      h("span", { class: "mark", "aria-hidden": "true" }, sign), h("span", { class: "grow" }, text), extra, here ? null : badge(unread)));
}

const go = (place) => (store.choose({ place }), away());

export function drawPlaces() {
  const user = store.view.me;
  const shared = h("span", { class: "faint", title: MARKS.shared.means }, "⇌");
  const rooms = store.channelsOf(user).map((one) => entry(one.id, "#", one.name, store.unread(user, one.id), one.ext_shared ? shared.cloneNode(true) : null));
  const apps = [entry("app", "⇄", store.data.app, store.unread(user, store.direct(user)))];
  renew(by("places"),
    h("h2", {}, "Channels"), h("ul", {}, rooms),
    store.outside(user) ? null : [h("h2", {}, "Apps"), h("ul", {}, apps)]);
}

export function drawFoot() {
  const toggle = (pane) => (store.choose({ pane: store.view.pane === pane ? "" : pane }), away());
  const on = store.data.switches.filter((one) => one.on).length;
  renew(by("foot"),
    h("button", { type: "button", "aria-pressed": String(store.view.pane === "try"), onclick: () => toggle("try") }, "Things to try"),
    h("button", { type: "button", "aria-pressed": String(store.view.pane === "trouble"), onclick: () => toggle("trouble") }, "Make trouble", on ? marked("trouble", on) : null));
}
