// Files: what hangs on a message, pictures that are files, and the field in which somebody picks one.
import { fill, h } from "./dom.js";
import { label, mark, put, valueOf } from "./fields.js";
import * as store from "./store.js";
import { upload } from "./wire.js";

const PICTURE = /\.(png|jpe?g|gif)$/i;
const addressOf = (id) => `/page/file/${id}?as=${store.view.me}`;

function sizeOf(bytes) {
  const [unit, size] = [["GB", 2 ** 30], ["MB", 2 ** 20], ["kB", 2 ** 10]].find(([, least]) => bytes >= least) || [bytes === 1 ? "byte" : "bytes", 1];
  const count = bytes / size;
  return `${size === 1 || count >= 100 ? Math.round(count) : count.toFixed(1)} ${unit}`;
}

// Where an image block or element is loaded from: an address, or a file in the workspace.
export function picture(block) {
  const { id, url } = block.slack_file || {};
  return block.slack_file ? addressOf(id || url.match(/F[A-Z0-9]{8,}/)?.[0]) : block.image_url;
}

function attachment(file) {
  const seen = PICTURE.test(file.name) ? h("img", { src: addressOf(file.id), alt: file.alt_txt || file.title || file.name }) : null;
  const title = file.title && file.title !== file.name ? h("strong", {}, file.title) : null;
  return h("figure", { class: "file", "data-file": file.id }, seen,
    h("figcaption", {}, title, h("span", {}, file.name), h("span", { class: "faint" }, sizeOf(file.size)),
      h("a", { href: addressOf(file.id), download: file.name, "aria-label": `Download ${file.name}` }, "Download")));
}

export const filesOf = (message) => message.files.map((id) => store.data.files.get(id)).filter(Boolean);

export function attachments(message) {
  const found = filesOf(message);
  return found.length ? h("div", { class: "files" }, found.map(attachment)) : null;
}

// Which of the files chosen here each one was: they arrive in any order, and are shown and sent as they were chosen.
const turns = new Map();
let turn = 0;
const underWay = new Set();
// A form waits for its files before it is sent, as in Slack.
export const uploaded = () => Promise.all(underWay);

export function fileInput(block, element, at) {
  const picked = () => valueOf(at, block, element, []);
  const keep = (ids) => (put(at, block, element, ids), draw());
  const add = (file, chosen) => {
    store.keepFile(file);
    turns.set(file.id, chosen);
    keep([...picked(), file.id].sort((one, other) => turns.get(one) - turns.get(other)));
  };
  const list = h("ul", { class: "picked", "data-picked": block.block_id, "aria-live": "polite" });
  const row = (id) => {
    const file = store.data.files.get(id);
    const away = h("button", { class: "icon", type: "button", "aria-label": `Remove ${file.name}`, onclick: () => keep(picked().filter((one) => one !== id)) }, "✕");
    return h("li", {}, h("span", { class: "grow" }, file.name), h("span", { class: "faint" }, sizeOf(file.size)), away);
  };
  // The form may have been drawn anew while a file was under way.
  const draw = () => fill(document.querySelector(`[data-picked="${CSS.escape(block.block_id)}"]`) || list, picked().map(row));
  const field = h("input", {
    class: "field", type: "file", multiple: (element.max_files ?? 10) > 1, accept: element.filetypes?.map((one) => `.${one}`).join(",") || null,
    ...mark(block, element), ...label(at, element),
  });
  field.addEventListener("change", () => {
    for (const file of [...field.files]) {
      const chosen = ++turn;
      const sent = upload(file).then((answer) => answer.file && add(answer.file, chosen));
      underWay.add(sent);
      sent.finally(() => underWay.delete(sent));
    }
    field.value = "";
  });
  fill(list, picked().map(row));
  return h("div", {}, field, list);
}
