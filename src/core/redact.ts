/** Keeps secrets out of everything that is stored, logged or shown. */

/** A value that must not leave the process, and the name that replaces it. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

/** Replaces every secret by `[redacted NAME]`. */
export interface Redact {
  text(text: string): string;
  /** The value with every text in it redacted; the same object where there is nothing to redact. */
  value<T>(value: T): T;
}

/** Redacts nothing, until secrets are known. */
export const REDACT_NOTHING: Redact = { text: (text) => text, value: (value) => value };

/** Replaces each secret in plain text, in JSON and in URLs; where two overlap, the longer one. */
export function createRedact(secrets: readonly Secret[]): Redact {
  const names = new Map<string, string>();
  for (const { name, value } of secrets) for (const form of formsOf(value)) if (!names.has(form)) names.set(form, name);
  names.delete("");
  if (names.size === 0) return REDACT_NOTHING;
  const longestFirst = [...names.keys()].sort((left, right) => right.length - left.length);
  const pattern = new RegExp(longestFirst.map(escapeForPattern).join("|"), "g");

  const shortest = longestFirst.at(-1)?.length ?? 0;

  function text(original: string): string {
    if (original.length < shortest) return original; // most names and many values
    return original.replace(pattern, (form) => `[redacted ${names.get(form)}]`);
  }
  return { text, value: <T>(value: T) => withTexts(value, text) };
}

/** Includes the form in a JSON text, and in a JSON text inside a JSON text. */
function formsOf(value: string): readonly string[] {
  const escaped = escapeForJson(value);
  const encoded = encodeForUrl(value);
  return [
    value,
    escaped,
    escapeForJson(escaped),
    value.replaceAll("/", "\\/"), // some JSON writers escape slashes
    encoded,
    encoded.replace(/%[0-9A-F]{2}/g, (octet) => octet.toLowerCase()),
    encoded.replaceAll("%20", "+"),
  ];
}

function escapeForJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function encodeForUrl(text: string): string {
  return encodeURIComponent(text.replace(/[\uD800-\uDFFF]/gu, "\uFFFD")); // half a pair has no encoding
}

function escapeForPattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}

/** The value with every text in it changed, also names; copies only objects and lists in which a text changes. */
export function withTexts<T>(value: T, change: (text: string) => string): T;
export function withTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => withTexts(item, change));
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  if (!isPlainObject(value)) return value;
  let changed = false;
  const entries = Object.entries(value).map(([key, item]) => {
    const [newKey, newItem] = [change(key), withTexts(item, change)];
    changed ||= newKey !== key || newItem !== item;
    return [newKey, newItem] as const;
  });
  return changed ? Object.fromEntries(entries) : value;
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
