/** JSON values, and where one stands in a recording. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Recorded files by their name below tests/fixtures/golden. */
export type Recording = ReadonlyMap<string, Json>;

export function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The key under which the normaliser keeps a text that was JSON: there the order of keys counts, because models read it as text. */
export const JSON_TEXT = "$json";

/** Whether a text is for readers. Identifiers, codes, statuses and numbers are not: they have no blank between words. */
export function isSentence(text: string): boolean {
  return /\S\s+\S/.test(text);
}

/** Whether a path such as `journal.json/run-1/3/type` matches a pattern, in which `*` is one segment and `**` any number. */
export function pathMatches(pattern: string, path: string): boolean {
  const source = pattern
    .split("/")
    .map((segment) => {
      if (segment === "**") return "(?:[^/]+/)*";
      return `${segment.split("*").map(escapeRegExp).join("[^/]*")}/`;
    })
    .join("");
  return new RegExp(`^${source}$`).test(`${path}/`);
}

export function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
