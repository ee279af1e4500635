/** The answer to a request as it came, for an SDK that reads nothing but streams: some hosts answer in one piece of JSON. */
import { brotliDecompressSync, unzipSync } from "node:zlib";
import { jsonIn } from "../../lib/json/json-in.js";
import type { GuardedRequest } from "./guard-requests.js";

/** The JSON of an answer that was kept; undefined where it was not kept, or is none. */
export function wholeAnswer({ headers, body }: GuardedRequest): unknown {
  if (body === null) return undefined;
  try {
    return jsonIn(decoded(Buffer.concat(body), headers.get("content-encoding") ?? "").toString("utf8"));
  } catch {
    return undefined; // broken off within its compressed form
  }
}

function decoded(bytes: Buffer, encoding: string): Buffer {
  switch (encoding.trim().toLowerCase()) {
    case "gzip":
    case "x-gzip":
    case "deflate":
      return unzipSync(bytes);
    case "br":
      return brotliDecompressSync(bytes);
    default:
      return bytes;
  }
}
