// What a field holds until its form is sent, and how it is found and named.

export const valueOf = (at, block, element, initial) => at.values[block.block_id]?.[element.action_id] ?? initial;

export function put(at, block, element, value) {
  (at.values[block.block_id] ??= {})[element.action_id] = value;
}

export const mark = (block, element) => ({ "data-block": block.block_id, "data-action": element.action_id });
export const label = (at, element) =>
  at.label ? { id: at.label, "aria-describedby": at.described, "aria-invalid": at.invalid } : { "aria-label": element.placeholder?.text || "Choose" };
