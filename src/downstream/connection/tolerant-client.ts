/** The SDK's client, which also understands the greetings of careless servers: it would refuse them with a validator's dump. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import type { AnySchema, SchemaOutput } from "@modelcontextprotocol/sdk/server/zod-compat.js";
import type { RequestOptions } from "@modelcontextprotocol/sdk/shared/protocol.js";
import { LATEST_PROTOCOL_VERSION } from "@modelcontextprotocol/sdk/types.js";
import * as z from "zod";
import { isRecord } from "../../lib/is-record.js";

export class TolerantClient extends Client {
  override async request<T extends AnySchema>(
    request: Parameters<Client["request"]>[0],
    resultSchema: T,
    options?: RequestOptions,
  ): Promise<SchemaOutput<T>> {
    if (request.method !== "initialize") return super.request(request, resultSchema, options);
    const greeting = await super.request(request, z.looseObject({}), options);
    return toGreeting(greeting) as SchemaOutput<T>;
  }
}

/** The fields that the client reads, in place of anything that is missing or of another type. */
function toGreeting({ protocolVersion, capabilities, serverInfo, instructions }: Readonly<Record<string, unknown>>) {
  const info = isRecord(serverInfo) ? serverInfo : {};
  return {
    protocolVersion: typeof protocolVersion === "string" ? protocolVersion : LATEST_PROTOCOL_VERSION,
    capabilities: toCapabilities(capabilities),
    serverInfo: { name: textOf(info.name), version: textOf(info.version) },
    ...(typeof instructions === "string" ? { instructions } : {}),
  };
}

/** PHP, for one, writes an empty object as an empty list. */
function toCapabilities(value: unknown): Readonly<Record<string, object>> {
  const declared = isRecord(value) ? Object.entries(value).filter(([, one]) => one !== null && one !== false) : [];
  return Object.fromEntries(declared.map(([name, one]) => [name, isRecord(one) ? one : {}]));
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
