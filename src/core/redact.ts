/** Keeps secrets out of everything that is stored, logged or shown. */

import { createReplacer } from "./create-replacer.js";
import { secretForms } from "./secret-forms.js";

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

/** Replaces each secret in every form that `secretForms` knows; where two begin at one place, the longer one. */
export function createRedact(secrets: readonly Secret[]): Redact {
  const names = new Map<string, string>();
  for (const { name, value } of secrets)
    for (const form of secretForms(value)) if (!names.has(form)) names.set(form, name);
  names.delete("");
  if (names.size === 0) return REDACT_NOTHING;
  const text = createReplacer(names.keys(), (form) => `[redacted ${names.get(form)}]`);
  return { text, value: <T>(value: T) => withTexts(value, text) };
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
