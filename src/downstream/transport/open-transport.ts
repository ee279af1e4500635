/** Creates the transport of a downstream server. */
import type { ServerConfig } from "../../core/definitions/server-config.js";
import type { ServerTransport, TransportOptions } from "./server-transport.js";
import { StdioTransport } from "./stdio-transport.js";

/** Starts nothing. Loads the modules for HTTP with the first server that needs them. */
export async function createTransport(config: ServerConfig, options: TransportOptions): Promise<ServerTransport> {
  const { name, transport } = config;
  if (transport.kind === "stdio") return new StdioTransport(name, transport, options);
  const { HttpTransport } = await import("./http-transport.js");
  return new HttpTransport(name, transport, options);
}
