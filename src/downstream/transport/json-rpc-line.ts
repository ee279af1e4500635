/** One line of a server's stdout as the JSON-RPC message it carries. */
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { isRecord } from "./wire.js";

const INTERNAL_ERROR = -32603; // JSON-RPC's code for an answer that is none

/**
 * The message in a line, or null when there is none.
 * Only the frame is read and made regular, since the client checks it strictly and would drop an answer whole
 * for a stray `"error": null` or `"_meta": null`; what a result contains is left to those who asked for it.
 */
export function parseLine(line: string): JSONRPCMessage | null {
  const frame = parseJson(line);
  if (!isRecord(frame) || frame.jsonrpc !== "2.0") return null;
  const { id, method, params } = frame;
  if (typeof method === "string") {
    const body = isRecord(params) ? { method, params } : { method };
    return isId(id) ? { jsonrpc: "2.0", id, ...body } : { jsonrpc: "2.0", ...body };
  }
  return isId(id) ? toResponse(id, frame) : null;
}

function toResponse(id: RequestId, frame: Readonly<Record<string, unknown>>): JSONRPCMessage {
  const { result, error } = frame;
  if (isRecord(error)) {
    const code = Number.isInteger(error.code) ? Number(error.code) : INTERNAL_ERROR;
    const message = typeof error.message === "string" ? error.message : "the server gave no reason";
    return { jsonrpc: "2.0", id, error: { code, message, data: error.data } };
  }
  if (isRecord(result)) {
    if ("_meta" in result) delete result._meta; // nobody here reads it, and a malformed one would cost the answer
    return { jsonrpc: "2.0", id, result };
  }
  const message = typeof error === "string" ? error : "the server answered with neither a result nor an error";
  return { jsonrpc: "2.0", id, error: { code: INTERNAL_ERROR, message } };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function isId(id: unknown): id is RequestId {
  return typeof id === "string" || Number.isInteger(id);
}
