// The few lines that make elements; text only ever becomes text nodes.

export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "selected" || name === "disabled") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const by = (id) => document.getElementById(id);

export function fill(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// The same, unless it looks like that already: a click on a button that was replaced meanwhile is none.
export function renew(node, ...children) {
  const next = [...h("div", {}, ...children).childNodes];
  const same = next.length === node.childNodes.length && next.every((one, at) => one.isEqualNode(node.childNodes[at]));
  return same ? node : fill(node, ...next);
}

// Bring the children of a node to these, touching only what differs: focus, selection and open menus stay.
export function patch(parent, nodes) {
  const wanted = nodes.flat(Infinity).filter(Boolean);
  const kept = new Set(wanted);
  [...parent.childNodes].filter((node) => !kept.has(node)).forEach((node) => node.remove());
  wanted.forEach((node, at) => {
    if (parent.childNodes[at] !== node) parent.insertBefore(node, parent.childNodes[at] || null);
  });
}

// Where the sides lie over the middle.
export const covered = matchMedia("(max-width: 1100px)");

let counter = 0;
export const fresh = (prefix) => `${prefix}-${++counter}`;

export function toast(words) {
  const note = h("div", { class: "toast" }, words);
  by("toasts").append(note);
  setTimeout(() => note.remove(), 7000);
}

// A question with two answers, in Slack's confirm dialog shape.
export function ask(question) {
  const dialog = h("dialog", { class: "modal small", "aria-labelledby": "ask-title" });
  const danger = question.style === "danger" ? "danger" : "primary";
  dialog.append(
    h("form", { method: "dialog" },
      h("header", {}, h("h2", { id: "ask-title" }, question.title)),
      h("div", { class: "body" }, question.text),
      h("footer", {},
        h("button", { class: "button", value: "no" }, question.deny),
        h("button", { class: `button ${danger}`, value: "yes" }, question.confirm))));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      done(dialog.returnValue === "yes");
    });
  });
}
