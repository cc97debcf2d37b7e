// mrkdwn, rich text, Markdown and dates, turned into elements.
import { h } from "./dom.js";
import { EMOJI, SIGN, SIGNS } from "./emoji.js";
import { marked } from "./marks.js";
import { choose, data, name, view } from "./store.js";

const INLINE =
  /`([^`\n]+)`|<([^<>\n]+)>|(?<![\w*])\*(?=\S)([^*\n]*?\S)\*(?![\w*])|(?<![\w_])_(?=\S)([^_\n]*?\S)_(?![\w_])|(?<![\w~])~(?=\S)([^~\n]*?\S)~(?![\w~])|:([a-z0-9_+-]+):/g;

const unescaped = (words) => words.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

export const emoji = (short) => {
  const char = EMOJI.get(short);
  if (!char) return [`:${short}:`];
  const drawn = signs(char);
  return drawn[0] instanceof Element ? drawn : [h("span", { class: "emoji", role: "img", "aria-label": short.replaceAll("_", " ") }, char)];
};

// Text with the signs in it drawn.
function signs(text) {
  const out = [];
  let at = 0;
  for (const found of text.matchAll(SIGN)) {
    const { look, glyph, label } = SIGNS.get(found[0].replace("\uFE0F", ""));
    out.push(text.slice(at, found.index), h("span", { class: `sign ${look}`, role: "img", "aria-label": label, title: label }, glyph));
    at = found.index + found[0].length;
  }
  return [...out, text.slice(at)].filter((part) => part !== "");
}

// One text object: plain text keeps its words and knows emoji, mrkdwn knows the rest.
export function words(object) {
  if (!object) return [];
  return object.type === "mrkdwn" ? mrkdwn(object.text) : plainText(object.text);
}

export const plainText = (text) =>
  lines(text, (line) => line.split(/(:[a-z0-9_+-]+:)/).flatMap((part) => (/^:.+:$/.test(part) ? emoji(part.slice(1, -1)) : signs(part))));

const lines = (text, inner) => text.split("\n").flatMap((line, at) => (at ? [h("br"), ...inner(line)] : inner(line)));

export function mrkdwn(text) {
  return text.split(/```/).flatMap((part, at) => {
    if (at % 2) return [h("pre", {}, unescaped(part.replace(/^\n|\n$/g, "")))];
    return quoted(at ? part.replace(/^\n/, "") : part);
  });
}

function quoted(text) {
  const out = [];
  let quote = [];
  const end = () => {
    if (quote.length) out.push(h("blockquote", {}, lines(quote.join("\n"), inline)));
    quote = [];
  };
  let first = true;
  for (const line of text.split("\n")) {
    const found = line.match(/^(?:&gt;|>)\s?(.*)$/);
    if (found) quote.push(found[1]);
    else {
      const gap = !first && !quote.length;
      end();
      if (gap) out.push(h("br"));
      out.push(...inline(line));
    }
    first = false;
  }
  end();
  return out;
}

function inline(text) {
  const out = [];
  let at = 0;
  for (const found of text.matchAll(INLINE)) {
    out.push(...signs(unescaped(text.slice(at, found.index))));
    at = found.index + found[0].length;
    const [, code, token, bold, italic, strike, short] = found;
    if (code !== undefined) out.push(h("code", {}, unescaped(code)));
    else if (token !== undefined) out.push(reference(token));
    else if (bold !== undefined) out.push(h("strong", {}, inline(bold)));
    else if (italic !== undefined) out.push(h("em", {}, inline(italic)));
    else if (strike !== undefined) out.push(h("s", {}, inline(strike)));
    else out.push(...emoji(short));
  }
  return [...out, ...signs(unescaped(text.slice(at)))];
}

function reference(token) {
  const [target, label] = token.split(/\|(.*)/s);
  if (target.startsWith("@")) return mention(target.slice(1), label);
  if (target.startsWith("#")) return channelLink(target.slice(1), label);
  if (target.startsWith("!subteam^")) return h("span", { class: "mention" }, unescaped(label || `@${data.groups.get(target.slice(9))?.handle || "group"}`));
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!")) return marked("loud", `@${target.slice(1)}`);
  return link(unescaped(target), label === undefined ? unescaped(target) : unescaped(label));
}

export function mention(id, label) {
  const words = `@${unescaped(data.people.has(id) ? name(id) : label || id)}`;
  return id === view.me ? marked("mine", words) : h("span", { class: "mention" }, words);
}

function channelLink(id, label) {
  const known = data.channels.get(id);
  return h("button", { class: "mention", type: "button", onclick: () => choose({ place: id }) }, `#${unescaped(known?.name || label || id)}`);
}

export function link(url, label) {
  if (!/^(https?:|mailto:)/.test(url)) return label;
  const here = url.startsWith(`${location.origin}/archives/`) ? new URL(url) : null;
  if (!here) return h("a", { href: url, target: "_blank", rel: "noreferrer noopener" }, label);
  const follow = (event) => {
    event.preventDefault();
    const thread = here.searchParams.get("thread_ts");
    choose({ place: here.pathname.split("/")[2], ...(thread ? { pane: "thread", thread } : {}) });
  };
  return h("a", { href: url, onclick: follow }, label);
}

// --- dates -----------------------------------------------------------------------------------------------------------
const FORMATS = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "numeric", minute: "2-digit" },
  time_secs: { hour: "numeric", minute: "2-digit", second: "2-digit" },
};

export const SMALL = ["today", "yesterday", "tomorrow"];
export const clock = (seconds) => new Intl.DateTimeFormat(undefined, FORMATS.time).format(seconds * 1000);

export function day(seconds, kind = "date_long", names = ["Today", "Yesterday", "Tomorrow"]) {
  const midnight = (moment) => new Date(moment).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(Date.now()) - midnight(seconds * 1000)) / 86_400_000);
  const pretty = { 0: names[0], 1: names[1], "-1": names[2] }[days];
  return pretty || new Intl.DateTimeFormat(undefined, FORMATS[kind]).format(seconds * 1000);
}

function stamp(seconds, format) {
  return format.replace(/\{(\w+)\}/g, (whole, kind) => {
    if (kind === "ago") return `${Math.max(0, Math.round((Date.now() / 1000 - seconds) / 60))} minutes ago`;
    if (kind.endsWith("_pretty")) return day(seconds, kind.replace("_pretty", ""), SMALL);
    return FORMATS[kind] ? new Intl.DateTimeFormat(undefined, FORMATS[kind]).format(seconds * 1000) : whole;
  });
}

function date(token, fallback) {
  const [, seconds, format, url] = token.split("^");
  if (!Number.isFinite(Number(seconds))) return unescaped(fallback || "");
  const shown = h("time", { datetime: new Date(seconds * 1000).toISOString(), title: unescaped(fallback || "") }, stamp(Number(seconds), unescaped(format || "{date}")));
  return url ? link(unescaped(url), shown.textContent) : shown;
}

// --- rich text and Markdown ------------------------------------------------------------------------------------------
const STYLES = [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"], ["underline", "u"]];
const LEAVES = {
  text: (leaf) => lines(leaf.text, signs),
  link: (leaf) => [link(leaf.url, leaf.text || leaf.url)],
  user: (leaf) => [mention(leaf.user_id)],
  usergroup: (leaf) => [h("span", { class: "mention" }, `@${data.groups.get(leaf.usergroup_id)?.handle || "group"}`)],
  channel: (leaf) => [channelLink(leaf.channel_id)],
  emoji: (leaf) => emoji(leaf.name),
  broadcast: (leaf) => [marked("loud", `@${leaf.range}`)],
  date: (leaf) => [date(`!date^${leaf.timestamp}^${leaf.format}${leaf.url ? `^${leaf.url}` : ""}`, leaf.fallback)],
  color: (leaf) => [h("code", {}, leaf.value)],
};

const leaf = (one) =>
  STYLES.filter(([flag]) => one.style?.[flag]).reduce((inner, [, tag]) => [h(tag, {}, inner)], LEAVES[one.type]?.(one) || []);
const leaves = (part) => part.elements.flatMap(leaf);
const RICH = {
  rich_text_section: (part) => h("div", {}, leaves(part)),
  rich_text_preformatted: (part) => h("pre", {}, leaves(part)),
  rich_text_quote: (part) => h("blockquote", {}, leaves(part)),
  rich_text_list: (part) =>
    h(part.style === "ordered" ? "ol" : "ul", { class: `indent-${part.indent || 0}`, start: part.offset ? part.offset + 1 : null },
      part.elements.map((item) => h("li", {}, leaves(item)))),
};
export const richText = (block) => block.elements.map((part) => RICH[part.type]?.(part));

export function markdown(text) {
  const slackly = (line) => mrkdwn(line.replace(/\*\*(.+?)\*\*/g, "*$1*").replace(/\[([^\]]+)\]\((\S+?)\)/g, "<$2|$1>"));
  return text.split(/\n{2,}/).map((part) => {
    const heading = part.match(/^(#{1,4})\s+(.*)$/);
    if (heading) return h(`h${heading[1].length + 2}`, {}, slackly(heading[2]));
    const rows = part.split("\n");
    if (rows.every((row) => /^\s*([-*]|\d+\.)\s/.test(row))) {
      return h(/^\s*\d/.test(rows[0]) ? "ol" : "ul", {}, rows.map((row) => h("li", {}, slackly(row.replace(/^\s*([-*]|\d+\.)\s/, "")))));
    }
    return h("p", {}, slackly(part));
  });
}
