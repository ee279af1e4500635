/** One live connection to a downstream server: opens it, lists its tools, calls them, closes it. */
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { ErrorCode, McpError, ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import type { ServerConfig } from "../../core/definitions/server-config.js";
import { DownstreamError } from "../../core/errors.js";
import type { ToolList } from "../../core/ports/catalog-store.js";
import type { CallOptions, ToolAnswer } from "../../core/ports/downstream.js";
import { readSeenFiles, SEEN_FILES } from "../../core/tools/seen-file.js";
import type { CatalogTool } from "../../core/tools/tool.js";
import { untilAborted } from "../../lib/until-aborted.js";
import { createTransport } from "../transport/open-transport.js";
import { CLOSED_BY_US, type ServerTransport } from "../transport/server-transport.js";
import { callResultSchema, toolsPageSchema } from "../transport/wire.js";
import { toToolAnswer } from "./answer.js";
import { notCalled, toCallError } from "./call-error.js";
import { createCallers } from "./callers.js";
import type { ConnectingOptions } from "./downstream-options.js";
import { createFollower } from "./follow-tools.js";
import { listTools, type ToolsPage } from "./list-tools.js";
import { hasLostSession } from "./lost-session.js";
import { answerRequests, clientCapabilities } from "./server-requests.js";
import { toStartError } from "./start-error.js";
import { TolerantClient } from "./tolerant-client.js";
import { withinLimits } from "./within-limits.js";

const CLIENT_NAME = "legwork";
const CLIENT_TIMER_MS = 2 ** 31 - 1; // the client's own timer must never fire before ours, which tells a timeout from a cancellation

export interface ConnectionOptions extends ConnectingOptions {
  /** Aborts the start and ends its process. */
  readonly signal: AbortSignal;
  /** Called with the new list when the server has changed its tools. */
  readonly onToolsChanged: (list: ToolList) => Promise<void>;
}

export interface Connection {
  readonly pid: number | null;
  /** The tools at the start. */
  readonly list: ToolList;
  /** Resolves with the ending when the connection is closed, by either side. */
  readonly ended: Promise<string>;
  /** The last output of the server, for people; empty where there is none. */
  lastOutput(): string;
  /** Makes one call, once. Throws DownstreamError. */
  call(tool: CatalogTool, args: Readonly<Record<string, unknown>>, options: CallOptions): Promise<ToolAnswer>;
  /** Closes the connection when the calls in flight have ended. */
  retire(): void;
  close(): Promise<void>;
}

/** Starts the server and reads its tools. Throws DownstreamError, after it has ended the process of the server. */
export async function openConnection(config: ServerConfig, options: ConnectionOptions): Promise<Connection> {
  const { log } = options;
  const transport = await createTransport(config, options);
  const client = new TolerantClient(
    { name: CLIENT_NAME, version: options.clientVersion },
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
  const limits = { timeoutMs: config.startTimeoutSeconds * 1000, signal: options.signal };
  const first = withinLimits(limits, async (signal) => {
    // The client does not heed the signal while the transport starts, which may last for ever.
    await untilAborted(client.connect(transport, { signal, timeout: CLIENT_TIMER_MS }), signal);
    if (client.getServerVersion()?.name === CLIENT_NAME) throw selfReference(config);
    return listAll(client, signal);
  });
  const follow = createFollower(
    async () => {
      await first;
      if (!transport.closed)
        await options.onToolsChanged(await withinLimits(limits, (signal) => listAll(client, signal)));
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
      lastOutput: () => transport.lastOutput(),
      async call(tool, args, callOptions) {
        callers.add(callOptions);
        try {
          return await call(client, transport, tool, args, callOptions, config.tracksFiles);
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
    // Where the server refuses the client, the client itself closes the connection: that explains nothing.
    const ending = transport.ending === CLOSED_BY_US ? null : transport.ending;
    await transport.close();
    throw toStartError(error, config, ending, transport, options.redact);
  }
}

/** Refuses legwork as its own server: an agent that called it would spawn agents outside every limit. */
function selfReference({ name }: ServerConfig): DownstreamError {
  const message = `server "${name}" is legwork itself: take it out of the configuration`;
  return new DownstreamError("bad_definition", name, message);
}

async function listAll(client: Client, signal: AbortSignal): Promise<ToolList> {
  const readPage = (cursor: unknown): Promise<ToolsPage> =>
    client.request(
      { method: "tools/list", params: cursor === null ? {} : { cursor: cursor as string } },
      toolsPageSchema,
      {
        signal,
        timeout: CLIENT_TIMER_MS,
      },
    );
  try {
    return await listTools(readPage);
  } catch (error) {
    // A server that has only prompts or resources does not know this method.
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
  tracksFiles: boolean,
): Promise<ToolAnswer> {
  if (options.signal.aborted) throw notCalled(tool, "it was cancelled before");
  if (transport.closed) throw notCalled(tool, `server "${tool.server}" ended: ${transport.ending}`);
  try {
    const tellsFiles = tracksFiles && tool.effect !== "read_only";
    const params = {
      name: tool.tool,
      arguments: args,
      ...(tellsFiles ? { _meta: { [SEEN_FILES]: options.files ?? [] } } : {}),
    };
    const { timeoutMs, mostExtension, onProgress } = options;
    const result = await withinLimits({ ...options, longestMs: timeoutMs * mostExtension }, (signal, extend) =>
      client.request({ method: "tools/call", params }, callResultSchema, {
        signal,
        timeout: CLIENT_TIMER_MS,
        onprogress: ({ progress, total, message }) => {
          extend();
          onProgress({ progress, total: total ?? null, message: message ?? null });
        },
      }),
    );
    const answer = toToolAnswer(result);
    return tracksFiles ? { ...answer, files: readSeenFiles(result._meta) } : answer;
  } catch (error) {
    const isLost = await hasLostSession(error, args, { client, transport, signal: options.signal });
    throw toCallError(error, tool, transport, isLost);
  }
}
