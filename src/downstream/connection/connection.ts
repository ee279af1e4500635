/** One live connection to a downstream server: opened, listed, called, closed. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { ErrorCode, McpError, ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import type { ServerConfig } from "../../core/definitions/server-config.js";
import { DownstreamError } from "../../core/errors.js";
import type { ToolList } from "../../core/ports/catalog-store.js";
import type { CallOptions, ToolAnswer } from "../../core/ports/downstream.js";
import type { CatalogTool } from "../../core/tools/tool.js";
import { CLOSED_BY_US } from "../transport/closed-by-us.js";
import { createTransport } from "../transport/open-transport.js";
import type { ServerTransport } from "../transport/server-transport.js";
import { callResultSchema, toolsPageSchema } from "../transport/wire.js";
import { toToolAnswer } from "./answer.js";
import { notCalled, toCallError } from "./call-error.js";
import { createCallers } from "./callers.js";
import type { ConnectingOptions } from "./downstream-options.js";
import { createFollower } from "./follow-tools.js";
import { listTools, type ToolsPage } from "./list-tools.js";
import { answerRequests, clientCapabilities } from "./server-requests.js";
import { START_BUDGET_MS, toStartError } from "./start-error.js";
import { withinLimits } from "./within-limits.js";

const OUR_NAME = "legwork";
const CLIENT_TIMER_MS = 2 ** 31 - 1; // the client's own timer must never fire before ours, which knows who stopped what

export interface ConnectionOptions extends ConnectingOptions {
  /** Ends the start, with its process. */
  readonly signal: AbortSignal;
  /** The server has changed its tools. */
  readonly onToolsChanged: (list: ToolList) => void;
}

export interface Connection {
  readonly pid: number | null;
  /** The tools found at the start. */
  readonly list: ToolList;
  /** Resolves, with how it ended, when the connection is closed by whomever. */
  readonly ended: Promise<string>;
  /** What it wrote last, for people; empty when it wrote nothing. */
  lastWords(): string;
  /** Makes one call, once. Throws DownstreamError. */
  call(tool: CatalogTool, args: Readonly<Record<string, unknown>>, options: CallOptions): Promise<ToolAnswer>;
  /** Closes it when the calls that are going on have ended. */
  retire(): void;
  close(): Promise<void>;
}

/** Starts the server and reads its tools. Throws DownstreamError, when nothing of the server is left running. */
export async function openConnection(config: ServerConfig, options: ConnectionOptions): Promise<Connection> {
  const { log } = options;
  const transport = await createTransport(config, options);
  const client = new Client(
    { name: OUR_NAME, version: options.clientVersion },
    { capabilities: clientCapabilities(config) },
  );
  const callers = createCallers();
  let isRetired = false;
  const closeIfUnused = () => {
    if (isRetired && callers.all.size === 0) void transport.close();
  };
  answerRequests(client, config, options, callers);
  const ended = new Promise<string>((resolve) => {
    client.onclose = () => resolve(transport.ending ?? "it was closed");
  });
  const limits = { timeoutMs: START_BUDGET_MS, signal: options.signal };
  const first = withinLimits(limits, async (signal) => {
    await client.connect(transport, { signal, timeout: CLIENT_TIMER_MS });
    if (client.getServerVersion()?.name === OUR_NAME) throw ourselves(config);
    return listAll(client, signal);
  });
  const follow = createFollower(
    async () => {
      await first;
      if (!transport.closed) options.onToolsChanged(await withinLimits(limits, (signal) => listAll(client, signal)));
    },
    (error) => log.warn({ server: config.name, err: error }, "the changed list of tools could not be read"),
  );
  client.setNotificationHandler(ToolListChangedNotificationSchema, follow);
  try {
    const list = await first;
    return {
      pid: transport.pid,
      list,
      ended,
      lastWords: () => transport.lastWords(),
      async call(tool, args, callOptions) {
        callers.add(callOptions);
        try {
          return await call(client, transport, tool, args, callOptions);
        } finally {
          callers.remove(callOptions);
          closeIfUnused();
        }
      },
      retire() {
        isRetired = true;
        closeIfUnused();
      },
      close: () => transport.close(),
    };
  } catch (error) {
    // The client closes by itself where the server refuses it: that explains nothing.
    const ending = transport.ending === CLOSED_BY_US ? null : transport.ending;
    await transport.close();
    throw toStartError(error, config.name, ending, transport, options.redact);
  }
}

/** An agent that called us would spawn agents outside every limit. */
function ourselves({ name }: ServerConfig): DownstreamError {
  const message = `server "${name}" is legwork itself: take it out of the configuration`;
  return new DownstreamError("bad_definition", name, message);
}

async function listAll(client: Client, signal: AbortSignal): Promise<ToolList> {
  const readPage = (cursor: string | null): Promise<ToolsPage> =>
    client.request({ method: "tools/list", params: cursor === null ? {} : { cursor } }, toolsPageSchema, {
      signal,
      timeout: CLIENT_TIMER_MS,
    });
  try {
    return await listTools(readPage);
  } catch (error) {
    // A server that offers only prompts or resources does not know the question.
    if (error instanceof McpError && error.code === ErrorCode.MethodNotFound) return { tools: [], complete: true };
    throw error;
  }
}

async function call(
  client: Client,
  transport: ServerTransport,
  tool: CatalogTool,
  args: Readonly<Record<string, unknown>>,
  options: CallOptions,
): Promise<ToolAnswer> {
  if (options.signal.aborted) throw notCalled(tool, "it was cancelled before");
  if (transport.closed) throw notCalled(tool, `server "${tool.server}" ended: ${transport.ending}`);
  try {
    const params = { name: tool.tool, arguments: args };
    const result = await withinLimits(options, (signal) =>
      client.request({ method: "tools/call", params }, callResultSchema, {
        signal,
        timeout: CLIENT_TIMER_MS,
        onprogress: ({ progress, total, message }) =>
          options.onProgress({ progress, total: total ?? null, message: message ?? null }),
      }),
    );
    return toToolAnswer(result);
  } catch (error) {
    throw toCallError(error, tool, transport, options.timeoutMs);
  }
}
