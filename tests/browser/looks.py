"""What a test asks of all that a page shows: that it fits, can be read, and says what it means."""

from __future__ import annotations

from playwright.async_api import Page

SHOWN = """
const shown = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
const all = [...document.querySelectorAll("body *")].filter(shown);
const name = (node) => `${node.tagName.toLowerCase()}.${node.className} “${node.textContent.trim().slice(0, 40)}”`;
"""
WIDER = """
const outside = ({ left, right, width }) => width > 1 && (right > innerWidth + 0.5 || left < -0.5);
const spills = (node) =>
  node.clientWidth > 1 && node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).overflowX !== "hidden";
return all
  .filter((node) => !node.closest(".tablebox, .skip"))
  .filter((node) => outside(node.getBoundingClientRect()) || spills(node))
  .concat([...document.querySelectorAll(".tablebox")].filter((node) => outside(node.getBoundingClientRect())))
  .map(name)
"""
COLORS = """
const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const rgba = (color) => {
  paint.clearRect(0, 0, 1, 1);
  paint.fillStyle = color;
  paint.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
};
const over = (top, below) => top.slice(0, 3).map((part, at) => part * top[3] + below[at] * (1 - top[3]));
const behind = (node) => {
  const layer = rgba(getComputedStyle(node).backgroundColor);
  if (layer[3] === 1 || !node.parentElement) return layer.slice(0, 3);
  return over(layer, behind(node.parentElement));
};
"""
FAINT = """
const light = (rgb) => {
  const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const [r, g, b] = rgb.map((part) => linear(part / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ratio = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
const words = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
const faint = (node, pseudo) => {
  const back = behind(node);
  const seen = ratio(light(over(rgba(getComputedStyle(node, pseudo).color), back)), light(back));
  return seen < 4.5 ? [`${seen.toFixed(1)} ${name(node)}`] : [];
};
return all.flatMap((node) => [
  ...(words(node) && getComputedStyle(node).color !== "rgba(0, 0, 0, 0)" ? faint(node) : []),
  ...(node.placeholder ? faint(node, "::placeholder") : []),
])
"""
YELLOW = """
const yellow = ([r, g, b]) => r > g && g > b && r - b > 12 && (g - b) / (r - b) > 0.35 && (r - b) / r > 0.12;
const own = (node) => rgba(getComputedStyle(node).backgroundColor);
const silent = (node) => !node.closest("[title], .marks, .avatar, pre, code");
return all.filter((node) => own(node)[3] === 1 && yellow(own(node)) && silent(node)).map(name)
"""


async def sticking_out(page: Page) -> list[str]:
    """Whatever reaches over an edge; a table may scroll inside its own."""
    return await _asked(page, WIDER)


async def faint(page: Page) -> list[str]:
    """Words that differ from what lies behind them by less than 4.5 to 1 (WCAG 2.2, 1.4.3)."""
    return await _asked(page, COLORS + FAINT)


async def unexplained_yellow(page: Page) -> list[str]:
    """What is yellow and says nothing to somebody who points at it."""
    return await _asked(page, COLORS + YELLOW)


async def _asked(page: Page, question: str) -> list[str]:
    return await page.evaluate(f"() => {{ {SHOWN} {question} }}")
