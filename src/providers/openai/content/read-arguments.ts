/** Reads the arguments of a call, in the forms in which hosts write them. */
import { isRecord } from "../../../lib/is-record.js";
import { jsonIn } from "../../../lib/json/json-in.js";

type Arguments = Readonly<Record<string, unknown>>;

/** The arguments; null where they cannot be read without a guess. None at all stands for an empty object. */
export function readArguments(written: unknown): Arguments | null {
  if (isRecord(written)) return written;
  if (written === undefined || written === null) return {};
  if (typeof written !== "string") return null;
  if (written.trim() === "") return {};
  const value = jsonIn(written);
  if (isRecord(value)) return value;
  if (value === null) return {};
  if (typeof value === "string") return asRecord(jsonIn(value)); // written as JSON twice
  return value === undefined ? unglued(written) : null;
}

/** Two objects, one behind the other, where only one of them can be meant: the other is empty, or the same. */
function unglued(text: string): Arguments | null {
  const objects = new Map<string, Arguments>();
  let rest = text.trim();
  while (rest !== "") {
    const head = firstObjectIn(rest);
    if (head === null) return null;
    const value = jsonIn(head);
    if (!isRecord(value)) return null;
    if (Object.keys(value).length > 0) objects.set(JSON.stringify(value), value);
    rest = rest.slice(head.length).trim();
  }
  const [only = {}, ...others] = objects.values();
  return others.length === 0 ? only : null;
}

/** The text up to the brace that closes the first one. */
function firstObjectIn(text: string): string | null {
  if (!text.startsWith("{")) return null;
  let depth = 0;
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (match[0] === "{") depth += 1;
    if (match[0] === "}") depth -= 1;
    if (depth === 0) return text.slice(0, match.index + 1);
  }
  return null;
}

function asRecord(value: unknown): Arguments | null {
  return isRecord(value) ? value : null;
}

/** The text of arguments to send back: as it came where it is the JSON of an object, else written anew. */
export function toArgumentsText(written: unknown): string {
  if (typeof written === "string" && isRecord(jsonIn(written))) return written;
  return JSON.stringify(readArguments(written) ?? {});
}
