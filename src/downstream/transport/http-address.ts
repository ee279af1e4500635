/** Where a server's requests go, and with which headers. */

import type { TransportConfig } from "../../core/definitions/server-config.js";
import { DownstreamError } from "../../core/errors.js";

export type HttpReach = Extract<TransportConfig, { readonly kind: "http" | "sse" }>;

export interface HttpAddress {
  /** Without credentials, which fetch() refuses and messages would show. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** Credentials in the URL become the header that they stand for. Throws DownstreamError, which names no secret. */
export function toHttpAddress(server: string, transport: HttpReach): HttpAddress {
  try {
    const url = new URL(transport.url);
    const given = new Headers(transport.headers);
    if ((url.username !== "" || url.password !== "") && !given.has("authorization")) {
      const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
      given.set("authorization", `Basic ${Buffer.from(credentials).toString("base64")}`);
    }
    url.username = "";
    url.password = "";
    return { url, headers: Object.fromEntries(given) };
  } catch {
    const message = `server "${server}" cannot be asked: its url or its headers hold characters that are not allowed`;
    throw new DownstreamError("bad_definition", server, message);
  }
}
