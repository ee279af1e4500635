/** Pages: parts of an answer that fit into a host's limit, and the cursors at which the next parts begin. */
import { RequestError } from "../core/errors.js";
import { isRecord } from "../lib/is-record.js";
import { jsonIn } from "../lib/json/json-in.js";
import { pairSafe } from "../lib/text.js";

/** The bytes of a value in an answer: hosts limit answers by bytes, or by tokens that follow them. */
export function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? "");
}

/** The longest part of a text from `offset` whose JSON fits into `budget` bytes; at least one character, never half a surrogate pair. */
export function fittingPart(text: string, offset: number, budget: number): string {
  const partTo = (end: number) => text.slice(offset, pairSafe(text, end));
  let fits = offset;
  let over = Math.min(text.length, offset + Math.max(1, budget - 2)) + 1;
  while (over - fits > 1) {
    const middle = (fits + over) >> 1;
    if (sizeOf(partTo(middle)) <= budget) fits = middle;
    else over = middle;
  }
  return partTo(fits) || partTo(offset + 1) || partTo(offset + 2);
}

/** The text, cut to at most `budget` bytes of JSON with an ellipsis at the end where it is longer. */
export function cutToFit(text: string, budget: number): string {
  return sizeOf(text) <= budget ? text : `${fittingPart(text, 0, budget - ELLIPSIS_SIZE)}…`;
}

const ELLIPSIS_SIZE = 3; // bytes

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
 * As many items as fit into `budget` bytes. An item larger than a page comes in parts, each with a part of its JSON.
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
  const value = jsonIn(Buffer.from(cursor, "base64url").toString());
  if (!isRecord(value) || value.kind !== kind) throw badCursor();
  return value;
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
