// What is known of the workspace, who you are, and where you look; everybody who draws asks here.
import { covered } from "./dom.js";

export const data = {
  now: 0, team: "", bot: "", app: "", writable: true, commands: [], hints: [], switches: [],
  people: new Map(), groups: new Map(), channels: new Map(), files: new Map(), messages: new Map(), homes: new Map(), modals: new Map(),
};
// Grows when names change, so that whatever shows one is drawn anew.
export let edition = 0;
export const view = { me: "", place: "", tab: "home", pane: "try", thread: "" };

const SLACKBOT = "USLACKBOT";

const listeners = [];
export const onChange = (listener) => listeners.push(listener);
const tell = (change) => listeners.forEach((listener) => listener(change));

let since = Number(localStorage.getItem("since")) || 0;
let arrived = 0;

export function begin(frame) {
  const first = !data.team;
  Object.assign(data, {
    now: frame.now, team: frame.team, bot: frame.bot, app: frame.app, writable: frame.writable,
    commands: frame.commands, hints: frame.hints, switches: frame.switches,
    people: index(frame.people), groups: index(frame.groups), channels: index(frame.channels), files: index(frame.files),
    homes: new Map(frame.homes.map((home) => [home.user, home])), modals: new Map(Object.entries(frame.modals)),
  });
  if (first) arrived = frame.now;
  if (!since) localStorage.setItem("since", (since = frame.now));
  data.messages = new Map();
  frame.messages.forEach(keep);
  edition += 1;
  if (first) settle(firstView());
  tell({ do: "begin" });
}

export function change(frame) {
  if (frame.do === "modals") data.modals.set(frame.user, frame.views);
  else if (frame.do === "switches") data.switches = frame.switches;
  else if (frame.kind === "message") frame.do === "put" ? keep(frame.value) : forget(frame.value);
  else if (frame.kind === "file") keepFile(frame.value);
  else if (frame.kind === "home") data.homes.set(frame.value.user, frame.value);
  else {
    edition += 1;
    const table = { person: data.people, group: data.groups, channel: data.channels }[frame.kind];
    frame.do === "put" ? table.set(frame.value.id, frame.value) : table.delete(frame.value.id);
  }
  tell(frame);
}

const index = (rows) => new Map(rows.map((row) => [row.id, row]));

export const keepFile = (file) => data.files.set(file.id, file);

export function keep(message) {
  // Ephemeral messages are gone after a reload, as in Slack.
  if (message.only && Number(message.ts) < arrived) return;
  const kept = data.messages.get(message.channel) || new Map();
  kept.set(message.ts, message);
  data.messages.set(message.channel, kept);
}

function forget(message) {
  data.messages.get(message.channel)?.delete(message.ts);
}

// --- who and where ---------------------------------------------------------------------------------------------------
export const person = (id) => data.people.get(id);
export const me = () => person(view.me);
export const isBot = (id) => id === data.bot;
export const name = (id) => (id === SLACKBOT ? "Slackbot" : person(id)?.name || id);
export const direct = (user) => `D${user.slice(1)}`;
export const outside = (user) => person(user)?.kind === "external";

export const actors = () => [...data.people.values()].filter((one) => !["bot", "deleted"].includes(one.kind));
export const channelsOf = (user) =>
  [...data.channels.values()].filter((one) => !one.direct_with && one.members.includes(user));

export function shown(channel, user) {
  const all = [...(data.messages.get(channel)?.values() || [])].filter((one) => !one.only || one.only === user);
  return all.sort((a, b) => (a.ts < b.ts ? -1 : 1));
}
const isRoot = (one) => !one.thread_ts || one.thread_ts === one.ts;
export const roots = (channel, user) => shown(channel, user).filter(isRoot);
// An ephemeral reply of an app shows only in a thread that already has other replies, as in Slack.
export function replies(channel, user, ts) {
  const found = shown(channel, user).filter((one) => one.thread_ts === ts && one.ts !== ts);
  return found.some((one) => !one.only || one.user === SLACKBOT) ? found : [];
}

function firstView() {
  const asked = new URLSearchParams(location.search);
  const stored = JSON.parse(sessionStorage.getItem("view") || "{}");
  const link = location.pathname.match(/^\/archives\/(\w+)\/p(\d+)$/);
  const thread = link ? asked.get("thread_ts") : "";
  history.replaceState(null, "", "/");
  return {
    me: asked.get("as") || stored.me || actors()[0].id,
    place: link?.[1] || asked.get("in") || stored.place || "",
    pane: thread ? "thread" : localStorage.getItem("pane") ?? "try",
    thread: thread || "",
  };
}

export function choose(next) {
  const before = { ...view };
  settle(next);
  tell({ do: "choose", before });
}

// Take a wish and make it possible: somebody who is there, in a place they see.
function settle(next) {
  const before = { ...view };
  Object.assign(view, next);
  if (!person(view.me) || !actors().includes(person(view.me))) view.me = actors()[0].id;
  const seen = [...channelsOf(view.me).map((one) => one.id), ...(outside(view.me) ? [] : ["app"])];
  if (!seen.includes(view.place)) view.place = seen[0];
  const moved = ["me", "place", "tab"].some((key) => view[key] !== before[key]);
  if (moved && next.thread === undefined) view.thread = "";
  if (!view.thread && view.pane === "thread") view.pane = localStorage.getItem("pane") ?? "";
  if (["try", "trouble", ""].includes(next.pane)) localStorage.setItem("pane", next.pane === "trouble" ? "" : next.pane);
  sessionStorage.setItem("view", JSON.stringify({ me: view.me, place: view.place }));
}

// What lies over the middle is put away, so that what comes there is seen.
export const uncover = () => covered.matches && view.pane && choose({ pane: "", thread: "" });

export const channelId = () => (view.place === "app" ? (view.tab === "messages" ? direct(view.me) : "") : view.place);

// --- what was read ---------------------------------------------------------------------------------------------------
const readKey = (user) => `read:${user}`;
const readMarks = (user) => JSON.parse(localStorage.getItem(readKey(user)) || "{}");

export function markRead(user, channel) {
  const last = roots(channel, user).at(-1);
  const marks = readMarks(user);
  if (!last || marks[channel] >= last.ts) return;
  localStorage.setItem(readKey(user), JSON.stringify({ ...marks, [channel]: last.ts }));
}

export function unread(user, channel) {
  const mark = readMarks(user)[channel] || String(since);
  const fresh = roots(channel, user).filter((one) => one.ts > mark && one.user !== user);
  const forMe = fresh.filter((one) => data.channels.get(channel)?.direct_with || mentions(one, user));
  return { count: fresh.length, personal: forMe.length };
}

export function unreadOf(user) {
  const places = channelsOf(user).map((one) => one.id);
  if (!outside(user)) places.push(direct(user));
  const found = places.map((place) => unread(user, place));
  return {
    count: found.reduce((sum, one) => sum + one.count, 0),
    personal: found.reduce((sum, one) => sum + one.personal, 0),
  };
}

function mentions(message, user) {
  const words = message.text + JSON.stringify(message.blocks);
  const mine = [...data.groups.values()].filter((one) => one.members.includes(user));
  return words.includes(`<@${user}`) || mine.some((one) => words.includes(`<!subteam^${one.id}`));
}
