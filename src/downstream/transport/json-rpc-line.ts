/** Reads the JSON-RPC messages in a line of a server's stdout, in an event, or in the body of a response. */
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { SEEN_FILES } from "../../core/tools/seen-file.js";
import { isRecord } from "../../lib/is-record.js";
import { jsonIn } from "../../lib/json/json-in.js";

/** The notifications that mean anything here; the client would check each of the others at some length. */
const HEARD: ReadonlySet<string> = new Set([
  "notifications/cancelled",
  "notifications/progress",
  "notifications/tools/list_changed",
]);

const INTERNAL_ERROR = -32603; // JSON-RPC's code, for a response without a usable result or error

/** Hands on the messages that mean anything here, and returns how many of them are requests. */
export function handOn(messages: readonly JSONRPCMessage[], to: (message: JSONRPCMessage) => void): number {
  const heard = messages.filter((message) => !("method" in message) || "id" in message || HEARD.has(message.method));
  for (const message of heard) to(message);
  return heard.filter((message) => "method" in message && "id" in message).length;
}

/** The messages in a text: one, or several in a list or one behind the other. An error without an id answers the request `asked`. */
export function parseLine(line: string, asked: RequestId | null = null): readonly JSONRPCMessage[] {
  const text = line.replace(/^\uFEFF/, ""); // some programs begin their output with a byte order mark
  const frames = jsonValues(text).flatMap((value) => (Array.isArray(value) ? value : [value]));
  return frames.flatMap((frame) => toMessage(frame, asked) ?? []);
}

/**
 * The message in a frame, or null where there is none.
 * Reads and corrects only the frame: the client checks it strictly and would drop a whole answer for an
 * `"error": null` or `"_meta": null`. The caller reads the contents of a result.
 */
function toMessage(frame: unknown, asked: RequestId | null): JSONRPCMessage | null {
  if (!isRecord(frame) || frame.jsonrpc !== "2.0") return null;
  const { id, method, params } = frame;
  if (typeof method === "string") {
    const body = isRecord(params) ? { method, params } : { method };
    return isId(id) ? { jsonrpc: "2.0", id, ...body } : { jsonrpc: "2.0", ...body };
  }
  if (isId(id)) return toResponse(id, frame);
  return asked !== null && isRecord(frame.error) ? toResponse(asked, frame) : null; // a server that could not read the id
}

function toResponse(id: RequestId, frame: Readonly<Record<string, unknown>>): JSONRPCMessage {
  const { result, error } = frame;
  if (isRecord(error)) {
    const code = Number.isInteger(error.code) ? Number(error.code) : INTERNAL_ERROR;
    const message = typeof error.message === "string" ? error.message : "the server gave no reason";
    return { jsonrpc: "2.0", id, error: { code, message, data: error.data } };
  }
  if (isRecord(result)) {
    const { _meta: meta, ...rest } = result;
    // Of `_meta` only this is read here, and a malformed one would cost the answer.
    const seen = isRecord(meta) ? meta[SEEN_FILES] : undefined;
    return { jsonrpc: "2.0", id, result: seen === undefined ? rest : { ...rest, _meta: { [SEEN_FILES]: seen } } };
  }
  const message = typeof error === "string" ? error : "the server answered with neither a result nor an error";
  return { jsonrpc: "2.0", id, error: { code: INTERNAL_ERROR, message } };
}

function jsonValues(text: string): readonly unknown[] {
  const whole = jsonIn(text);
  if (whole !== undefined) return [whole];
  const values = objectsIn(text).map(jsonIn);
  return values.includes(undefined) ? [] : values;
}

/** The texts of the objects that stand one behind the other; none where anything else is among them. */
function objectsIn(text: string): readonly string[] {
  const found: string[] = [];
  let [depth, start, isInText] = [0, 0, false];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (isInText) {
      if (character === "\\") at += 1;
      else if (character === '"') isInText = false;
    } else if (character === '"' && depth > 0) isInText = true;
    else if (character === "{") {
      if (depth === 0) start = at;
      depth += 1;
    } else if (character === "}" && depth > 0) {
      depth -= 1;
      if (depth === 0) found.push(text.slice(start, at + 1));
    } else if (depth === 0 && !/\s/.test(character ?? "")) return [];
  }
  return found;
}

function isId(id: unknown): id is RequestId {
  return typeof id === "string" || Number.isInteger(id);
}
