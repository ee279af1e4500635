/** Keeps secrets out of everything that is stored, logged or shown. */

/** A value that must not leave the process, and what it is called in its place. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

/** Replaces every secret by `[redacted NAME]`. */
export interface Redact {
  text(text: string): string;
  /** The same value with every text in it redacted; the very same object where there was nothing to redact. */
  value<T>(value: T): T;
}

/** Redacts nothing: for as long as no secret is known. */
export const REDACT_NOTHING: Redact = { text: (text) => text, value: (value) => value };

/** Knows each secret as it is, as it stands in JSON and as it stands in a URL; of two that overlap the longer one goes. */
export function createRedact(secrets: readonly Secret[]): Redact {
  const names = new Map<string, string>();
  for (const { name, value } of secrets) for (const form of formsOf(value)) if (!names.has(form)) names.set(form, name);
  names.delete("");
  if (names.size === 0) return REDACT_NOTHING;
  const longestFirst = [...names.keys()].sort((left, right) => right.length - left.length);
  const pattern = new RegExp(longestFirst.map(escapeForPattern).join("|"), "g");

  const shortest = longestFirst.at(-1)?.length ?? 0;

  function text(given: string): string {
    if (given.length < shortest) return given; // most names and many values of what is redacted
    return given.replace(pattern, (form) => `[redacted ${names.get(form)}]`);
  }
  return { text, value: <T>(value: T) => withTexts(value, text) };
}

/** Once in a text that is JSON, once more in one whose texts hold JSON. */
function formsOf(value: string): readonly string[] {
  const escaped = escapeForJson(value);
  const encoded = encodeForUrl(value);
  return [
    value,
    escaped,
    escapeForJson(escaped),
    value.replaceAll("/", "\\/"), // as some writers of JSON do
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

/** The value with every text in it changed, names too; copies only what holds a text that changes. */
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
