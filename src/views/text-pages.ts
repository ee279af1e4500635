/** Fields that are too large for one answer, as texts one after the other, part by part. */
import { hasContent, type View } from "./fit-run-view.js";
import { fittingPart } from "./page.js";

/** A large field as text: lists and objects as JSON, under their name with the suffix _json. */
export interface TextField {
  readonly field: string;
  readonly text: string;
}

/** The texts of those fields that have content, in the order of `names`. */
export function toTextFields(view: View, names: readonly string[]): readonly TextField[] {
  return names.flatMap((field) => {
    const value = view[field];
    if (!hasContent(value)) return [];
    return typeof value === "string"
      ? [{ field, text: value }]
      : [{ field: `${field}_json`, text: JSON.stringify(value) }];
  });
}

/**
 * The part at `offset` of all texts together, of at most `budget` bytes, as fields of an answer; null after the end. `next` is
 * where the next part begins, null after the last.
 */
export function textPage(texts: readonly TextField[], offset: number, budget: number) {
  const total = texts.reduce((sum, { text }) => sum + text.length, 0);
  let before = 0;
  for (const { field, text } of texts) {
    const start = offset - before;
    before += text.length;
    if (start >= text.length) continue;
    const part = fittingPart(text, start, budget);
    const end = offset + part.length;
    return { fields: { offset: start, length: text.length, [field]: part }, next: end < total ? end : null };
  }
  return { fields: null, next: null };
}
