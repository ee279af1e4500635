/** Chooses the transport of a downstream server. */
import type { ServerConfig } from "../../core/definitions/server-config.js";
import type { ServerTransport, TransportOptions } from "./server-transport.js";
import { StdioTransport } from "./stdio-transport.js";

/** Starts nothing yet. What HTTP needs is loaded with the first server that is reached by it. */
export async function createTransport(config: ServerConfig, options: TransportOptions): Promise<ServerTransport> {
  const { name, transport } = config;
  if (transport.kind === "stdio") return new StdioTransport(name, transport, options);
  const { HttpTransport } = await import("./http-transport.js");
  return new HttpTransport(name, transport, options);
}
