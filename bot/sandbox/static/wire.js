// The two lines to the stand-in: what happens comes in, what you do goes out.
import { by, toast } from "./dom.js";
import { begin, change, view } from "./store.js";

export function listen() {
  const socket = new WebSocket(`ws://${location.host}/page/live`);
  socket.addEventListener("message", (event) => {
    const frame = JSON.parse(event.data);
    frame.do === "begin" ? begin(frame) : change(frame);
    by("offline").hidden = true;
  });
  socket.addEventListener("close", () => {
    by("offline").hidden = false;
    setTimeout(listen, 1000);
  });
}

async function post(path, body) {
  try {
    const answer = await fetch(path, { method: "POST", body });
    if (answer.ok) return await answer.json();
    return { ok: false, notice: await answer.text(), errors: {} };
  } catch {
    return { ok: false, notice: "The demo does not answer. Is it still running?", errors: {} };
  }
}

// Do something as the person you are; a notice is shown unless `quiet`.
export async function act(what, { quiet = false } = {}) {
  const answer = await post("/page/act", JSON.stringify({ as: view.me, ...what }));
  if (answer.notice && !quiet) toast(answer.notice);
  return answer;
}

// Send a file that you picked to the stand-in, at once and before its form, as Slack does.
export async function upload(file) {
  const answer = await post(`/page/file?as=${view.me}&name=${encodeURIComponent(file.name)}`, file);
  if (answer.notice) toast(answer.notice);
  return answer;
}

export async function flip(number) {
  const answer = await post(`/page/switch/${number}`, "{}");
  if (answer.notice) toast(answer.notice);
}

export async function earlier(channel, before) {
  const answer = await fetch(`/page/earlier?channel=${channel}&before=${before}`);
  return answer.ok ? answer.json() : [];
}
