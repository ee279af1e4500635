/** Answers the requests of downstream servers: for the project folder always, for a model or a person only where the user allows it. */
import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import {
  type ClientCapabilities,
  CreateMessageRequestSchema,
  type CreateMessageResult,
  ElicitRequestSchema,
  ErrorCode,
  ListRootsRequestSchema,
  McpError,
} from "@modelcontextprotocol/sdk/types.js";
import type { ServerConfig } from "../../core/definitions/server-config.js";
import type { CallOptions, SampleRequest } from "../../core/ports/downstream.js";
import { isRecord } from "../../lib/is-record.js";
import type { Callers } from "./callers.js";
import type { DownstreamOptions } from "./downstream-options.js";

const MOST_FORMS = 8; // of one server that are open at a time; no person reads more
const REFUSED = -1; // the code in the specification for a sampling request that the user rejects

/** The capabilities that legwork declares when it connects; a server does not use one that is not declared. */
export function clientCapabilities({ allow }: ServerConfig): ClientCapabilities {
  return {
    roots: {},
    ...(allow.sampling ? { sampling: {} } : {}),
    ...(allow.elicitation ? { elicitation: { form: {} } } : {}),
  };
}

/** Answers a server's requests; `callers` are the calls that it is working on. The client itself refuses requests that are not allowed. */
export function answerRequests(
  client: Client,
  config: ServerConfig,
  { project, elicit, redact }: Pick<DownstreamOptions, "project" | "elicit" | "redact">,
  callers: Callers,
): void {
  client.setRequestHandler(ListRootsRequestSchema, () => ({
    roots: [{ uri: pathToFileURL(project).href, name: basename(project) }],
  }));
  if (config.allow.sampling)
    client.setRequestHandler(CreateMessageRequestSchema, async ({ params }, { signal }) => {
      const request = toSampleRequest(config.name, params.systemPrompt, params.messages);
      const { text, model } = await askingRun(callers.all).sample(redact.value(request), signal).catch(refuse);
      return { role: "assistant", content: { type: "text", text }, model } satisfies CreateMessageResult;
    });
  let forms = 0;
  if (config.allow.elicitation)
    client.setRequestHandler(ElicitRequestSchema, async ({ params }, { signal }) => {
      if (params.mode === "url") throw new McpError(ErrorCode.InvalidParams, "legwork passes on forms, no addresses");
      const request = { server: config.name, message: params.message, schema: params.requestedSchema };
      if (callers.all.size === 0) throw new McpError(REFUSED, "legwork passes on questions only while it makes a call");
      if (forms === MOST_FORMS) throw new McpError(REFUSED, `legwork passes on ${MOST_FORMS} questions at a time`);
      // The answer to a form that stays open after its call would be of no use.
      const bounds = AbortSignal.any([signal, callers.over()]);
      forms += 1;
      const { action, content } = await elicit(redact.value(request), bounds).finally(() => {
        forms -= 1;
      });
      return { action, ...(content ? { content: { ...content } as Record<string, string> } : {}) };
    });
}

/** The run that a request serves. A request does not name its call, so all calls in flight have to belong to one run. */
function askingRun(callers: ReadonlySet<CallOptions>): CallOptions {
  const [first, ...others] = callers;
  if (!first) throw new McpError(REFUSED, "legwork passes on a sampling request only while it makes a call");
  if (others.some(({ sample }) => sample !== first.sample))
    throw new McpError(
      REFUSED,
      "several runs are calling this server, so it is unclear which of them this request serves",
    );
  return first;
}

function refuse(error: unknown): never {
  throw error instanceof McpError
    ? error
    : new McpError(REFUSED, error instanceof Error ? error.message : String(error));
}

function toSampleRequest(
  server: string,
  system: string | undefined,
  messages: readonly { readonly role: "user" | "assistant"; readonly content: unknown }[],
): SampleRequest {
  const texts = messages.map(({ role, content }) => ({ role, text: textOf(content) }));
  return { server, system: system ?? null, messages: texts };
}

function textOf(content: unknown): string {
  const items: readonly unknown[] = Array.isArray(content) ? content : [content];
  return items
    .map((item) => {
      if (isRecord(item) && item.type === "text" && typeof item.text === "string") return item.text;
      throw new McpError(ErrorCode.InvalidParams, "legwork passes on text only in sampling requests");
    })
    .join("\n");
}
