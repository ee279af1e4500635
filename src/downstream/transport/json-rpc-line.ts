/** Reads a line of a server's stdout as a JSON-RPC message. */
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { SEEN_FILES } from "../../core/tools/seen-file.js";
import { isRecord } from "../../lib/is-record.js";

const INTERNAL_ERROR = -32603; // JSON-RPC's code, for a response without a usable result or error

/**
 * The message in a line, or null where there is none.
 * Reads and corrects only the frame: the client checks it strictly and would drop a whole answer for an
 * `"error": null` or `"_meta": null`. The caller reads the contents of a result.
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
    const { _meta: meta, ...rest } = result;
    // Of `_meta` only this is read here, and a malformed one would cost the answer.
    const seen = isRecord(meta) ? meta[SEEN_FILES] : undefined;
    return { jsonrpc: "2.0", id, result: seen === undefined ? rest : { ...rest, _meta: { [SEEN_FILES]: seen } } };
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
