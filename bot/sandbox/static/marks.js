// What is marked in yellow, and what that means: said beside each mark, and in one list.
import { SIGNS } from "./emoji.js";
import { h } from "./dom.js";

export const MARKS = {
  forYou: { look: "badge", means: "Messages for you that you have not read.", as: "2" },
  fresh: { look: "dot", means: "New messages here." },
  others: { look: "dot", means: "Somebody else in this demo has new messages: change who you are." },
  mine: { look: "mention mine", means: "This is you.", as: "@You" },
  loud: { look: "mention loud", means: "This calls everybody who is here.", as: "@here" },
  outside: { look: "tag outside", means: "Not a full member of this workspace.", as: "Guest" },
  shared: { look: "tag outside", means: "People of another company read this channel.", as: "⇌ shared" },
  trouble: { look: "badge", means: "So many things are made to go wrong now.", as: "1" },
};
const SAID = { "⚠": "Look at this before you go on.", "✋": "Waits for somebody to press.", "⏳": "Waits; it goes on by itself." };

export const marked = (name, words) =>
  h("span", { class: MARKS[name].look, title: MARKS[name].means, ...(words ? {} : { role: "img", "aria-label": MARKS[name].means }) }, words);

const sign = (char) => h("span", { class: `sign ${SIGNS.get(char).look}`, "aria-hidden": "true" }, SIGNS.get(char).glyph);

export const legend = () => [
  ...Object.entries(MARKS).map(([name, { as, means }]) => [marked(name, as), means]),
  ...Object.entries(SAID).map(([char, means]) => [sign(char), means]),
];
