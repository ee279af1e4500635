/** Pages: parts of an answer that fit into a host's limit, and the cursors at which the next parts begin. */
import { RequestError } from "../core/errors.js";
import { isRecord } from "../lib/is-record.js";
import { pairSafe } from "../lib/text.js";

/** The number of characters of a value in an answer. */
export function sizeOf(value: unknown): number {
  return JSON.stringify(value)?.length ?? 0;
}

/** The longest part of a text from `offset` whose JSON fits into `budget` characters; at least one character, never half a surrogate pair. */
export function fittingPart(text: string, offset: number, budget: number): string {
  let length = Math.min(text.length - offset, Math.max(1, budget - 2));
  while (length > 1 && sizeOf(text.slice(offset, offset + length)) > budget)
    length = Math.max(1, Math.floor(length * 0.8));
  const end = pairSafe(text, offset + length);
  return text.slice(offset, end > offset ? end : end + 2);
}

/** The place where a page begins: after the item with the key `after`, at `offset` of the next item. */
export interface ListCursor {
  readonly after: number;
  readonly offset: number;
}

/** An item of a list with its key; keys grow. */
export interface Keyed {
  readonly key: number;
  readonly value: object;
}

/**
 * As many items as fit into `budget` characters. An item larger than a page comes in parts, each with a part of its JSON.
 * `next` is null after the last item. Throws RequestError for an offset after the end of an item.
 */
export function fitItems(items: readonly Keyed[], from: ListCursor, budget: number) {
  const page: object[] = [];
  let used = 0;
  let cursor = from;
  for (const { key, value } of items) {
    const whole = sizeOf(value);
    if (cursor.offset === 0 && used + whole <= budget) {
      page.push(value);
      used += whole + 1;
      cursor = { after: key, offset: 0 };
      continue;
    }
    if (page.length > 0) return { page, next: cursor };
    const json = JSON.stringify(value);
    if (cursor.offset >= json.length) throw badCursor();
    const part = fittingPart(json, cursor.offset, budget - 200);
    const end = cursor.offset + part.length;
    page.push({ ...headOf(value), json_part: part, json_offset: cursor.offset, json_length: json.length });
    const rest = end < json.length || items.at(-1)?.key !== key;
    return { page, next: rest ? (end < json.length ? { ...cursor, offset: end } : { after: key, offset: 0 }) : null };
  }
  return { page, next: null };
}

/** The fields that identify the item of a part. */
function headOf(value: object): object {
  const { seq, type, role, index } = isRecord(value) ? value : {};
  return Object.fromEntries(Object.entries({ seq, type, role, index }).filter(([, field]) => field !== undefined));
}

/** An opaque cursor; only `decodeCursor` with the same kind reads it. */
export function encodeCursor(kind: string, value: object): string {
  return Buffer.from(JSON.stringify({ kind, ...value })).toString("base64url");
}

/** The fields of a cursor; null without a cursor. Throws RequestError for a cursor of another kind. */
export function decodeCursor(kind: string, cursor: string | undefined): Readonly<Record<string, unknown>> | null {
  if (cursor === undefined) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (isRecord(value) && value.kind === kind) return value;
  } catch {
    // falls through to the refusal
  }
  throw badCursor();
}

/** The place that a cursor holds; the beginning of the list without a cursor. Throws RequestError. */
export function listCursor(kind: string, cursor: string | undefined): ListCursor {
  const fields = decodeCursor(kind, cursor);
  return fields === null
    ? { after: 0, offset: 0 }
    : { after: cursorNumber(fields.after), offset: cursorNumber(fields.offset) };
}

/** A whole number in a cursor. Throws RequestError for any other value. */
export function cursorNumber(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw badCursor();
}

/** A text in a cursor. Throws RequestError for any other value. */
export function cursorText(value: unknown): string {
  if (typeof value === "string") return value;
  throw badCursor();
}

function badCursor(): RequestError {
  return new RequestError(
    "invalid_cursor",
    "cursor is not a next_cursor of this call: leave it out to start from the beginning",
  );
}
