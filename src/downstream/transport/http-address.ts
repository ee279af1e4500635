/** The address and the headers of the requests to a server. */

import type { TransportConfig } from "../../core/definitions/server-config.js";
import { DownstreamError } from "../../core/errors.js";

export type HttpConfig = Extract<TransportConfig, { readonly kind: "http" | "sse" }>;

export interface HttpAddress {
  /** Without credentials: fetch() refuses them, and messages would show them. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** Moves credentials from the URL to the Authorization header. Throws DownstreamError, which holds no secret. */
export function toHttpAddress(server: string, transport: HttpConfig): HttpAddress {
  try {
    const url = new URL(transport.url);
    const headers = new Headers(transport.headers);
    if ((url.username !== "" || url.password !== "") && !headers.has("authorization")) {
      const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
      headers.set("authorization", `Basic ${Buffer.from(credentials).toString("base64")}`);
    }
    url.username = "";
    url.password = "";
    return { url, headers: Object.fromEntries(headers) };
  } catch {
    const message = `server "${server}" cannot be used: remove the characters that are not allowed from its url and headers`;
    throw new DownstreamError("bad_definition", server, message);
  }
}
