// Keeps in view what somebody looks for: the end as long as they are there, and an answer to them wherever they are.

const NEAR = 80;
const MARGIN = 8;
const boxes = new WeakMap();

const end = (box) => box.scrollHeight - box.clientHeight;
const topOf = (box, node) => node.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop - MARGIN;

// A box with one child that grows; whatever makes it grow (words, pictures, a narrower window) is followed.
export function follow(box) {
  if (boxes.has(box)) return;
  boxes.set(box, { atEnd: true });
  box.addEventListener("scroll", () => (boxes.get(box).atEnd = box.dataset.follows !== "no" && end(box) - box.scrollTop < NEAR));
  const sizes = new ResizeObserver(() => settle(box));
  sizes.observe(box);
  sizes.observe(box.firstElementChild);
}

// Something was drawn: whoever was at the end stays there, but what is new is read from its top where it is taller than the view.
export function settle(box) {
  if (!boxes.get(box).atEnd) return;
  const last = box.querySelector(".message:last-of-type");
  const top = last ? topOf(box, last) : end(box);
  box.scrollTop = box.scrollTop > top + 1 ? end(box) : Math.min(end(box), top);
}

export function toEnd(box) {
  boxes.get(box).atEnd = true;
  box.scrollTop = end(box);
}

export function toTop(box) {
  boxes.get(box).atEnd = false;
  box.scrollTop = 0;
}

// Bring one message into view from its top, unless all of it is there already.
export function bring(box, ts) {
  const node = box.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
  if (!node) return;
  const [top, high] = [topOf(box, node), node.offsetHeight + MARGIN];
  if (top >= box.scrollTop && top + high <= box.scrollTop + box.clientHeight) return;
  box.scrollTop = Math.min(end(box), top);
  boxes.get(box).atEnd = end(box) - box.scrollTop < NEAR;
}
