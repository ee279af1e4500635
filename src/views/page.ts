/** Answers that fit: what does not is cut at a cursor, from which the next page goes on. */
import { RequestError } from "../core/errors.js";
import { pairSafe } from "../lib/text.js";

/** Characters that a value takes in an answer. */
export function sizeOf(value: unknown): number {
  return JSON.stringify(value)?.length ?? 0;
}

/** The longest part of a text from `offset` whose JSON fits into `budget`; at least one character, never half a pair. */
export function fittingPart(text: string, offset: number, budget: number): string {
  let length = Math.min(text.length - offset, Math.max(1, budget - 2));
  while (length > 1 && sizeOf(text.slice(offset, offset + length)) > budget)
    length = Math.max(1, Math.floor(length * 0.8));
  const end = pairSafe(text, offset + length);
  return text.slice(offset, end > offset ? end : end + 2);
}

/** Where a list goes on: behind the item with this key, or inside the item that comes next at `offset`. */
export interface ListCursor {
  readonly after: number;
  readonly offset: number;
}

export interface Keyed {
  readonly key: number;
  readonly value: object;
}

/**
 * As many items as fit. One that is too large by itself comes in parts, each with the item's JSON from an offset on.
 * `next` is null behind the last item.
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

/** What still tells a part's item from others. */
function headOf(value: object): object {
  const { seq, type, role, index } = value as Record<string, unknown>;
  return Object.fromEntries(Object.entries({ seq, type, role, index }).filter(([, field]) => field !== undefined));
}

/** An opaque cursor that only `decodeCursor` of the same kind reads. */
export function encodeCursor(kind: string, value: object): string {
  return Buffer.from(JSON.stringify({ kind, ...value })).toString("base64url");
}

/** The fields of a cursor; null where none was given. Throws RequestError for one that this tool did not make. */
export function decodeCursor(kind: string, cursor: string | undefined): Readonly<Record<string, unknown>> | null {
  if (cursor === undefined) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (typeof value === "object" && value !== null && "kind" in value && value.kind === kind) return { ...value };
  } catch {
    // falls through to the refusal
  }
  throw badCursor();
}

/** Where a list goes on, from its cursor; its beginning where none was given. Throws RequestError. */
export function listCursor(kind: string, cursor: string | undefined): ListCursor {
  const fields = decodeCursor(kind, cursor);
  return fields === null
    ? { after: 0, offset: 0 }
    : { after: cursorNumber(fields.after), offset: cursorNumber(fields.offset) };
}

/** A whole number of a cursor. */
export function cursorNumber(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw badCursor();
}

/** A text of a cursor. */
export function cursorText(value: unknown): string {
  if (typeof value === "string") return value;
  throw badCursor();
}

function badCursor(): RequestError {
  return new RequestError(
    "invalid_cursor",
    "cursor is not one that this call gave as next_cursor: leave it out to start from the beginning",
  );
}
