/** One live connection to a downstream server: started, listed, called, closed. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { ErrorCode, McpError, ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { DownstreamError } from "../core/errors.js";
import type { ToolAnswer } from "../core/ports.js";
import type { ServerConfig } from "../core/server-config.js";
import type { CatalogTool } from "../core/tool.js";
import { toToolAnswer } from "./answer.js";
import { notCalled, toCallError } from "./call-error.js";
import type { Environment } from "./child-environment.js";
import { listTools, type ToolList, type ToolsPage } from "./list-tools.js";
import { StdioTransport } from "./stdio-transport.js";
import { callResultSchema, toolsPageSchema } from "./wire.js";
import { Interruption, type Limits, withinLimits } from "./within-limits.js";

const START_BUDGET_MS = 10_000; // a run waits this long; servers met need 0.2 s, first runs of npx a few seconds
const CLIENT_TIMER_MS = 2 ** 31 - 1; // the client's own timer must never fire before ours, which knows who stopped what
const LONGEST_WORDS = 500; // characters of one of them
const LAST_WORDS = 3; // lines of stderr that go into an error text

export interface ConnectionOptions {
  readonly baseEnv: Environment;
  readonly clientVersion: string;
  /** Ends the start, with its process. */
  readonly signal: AbortSignal;
  /** The server says that its list of tools has changed. */
  readonly onToolsChanged: () => void;
}

export interface Connection {
  readonly pid: number | null;
  /** The tools found at the start. */
  readonly list: ToolList;
  /** Resolves, with how it ended, when the connection is closed by whomever. */
  readonly ended: Promise<string>;
  listTools(): Promise<ToolList>;
  /** What it wrote last, for people; empty when it wrote nothing. */
  lastWords(): string;
  /** Makes one call, once. Throws DownstreamError. */
  call(tool: CatalogTool, args: Readonly<Record<string, unknown>>, limits: Limits): Promise<ToolAnswer>;
  close(): Promise<void>;
}

/** Starts the server and reads its tools. Throws DownstreamError, when nothing of the server is left running. */
export async function openConnection(config: ServerConfig, options: ConnectionOptions): Promise<Connection> {
  const transport = new StdioTransport(config, { baseEnv: options.baseEnv });
  const client = new Client({ name: "legwork", version: options.clientVersion }, { capabilities: {} });
  client.setNotificationHandler(ToolListChangedNotificationSchema, options.onToolsChanged);
  const ended = new Promise<string>((resolve) => {
    client.onclose = () => resolve(transport.ending ?? "it was closed");
  });
  const limits = { timeoutMs: START_BUDGET_MS, signal: options.signal };
  try {
    const list = await withinLimits(limits, async (signal) => {
      await client.connect(transport, { signal, timeout: CLIENT_TIMER_MS });
      return listAll(client, signal);
    });
    return {
      pid: transport.pid,
      list,
      ended,
      listTools: () => withinLimits(limits, (signal) => listAll(client, signal)),
      lastWords: () => lastWords(transport),
      call: (tool, args, callLimits) => call(client, transport, tool, args, callLimits),
      close: () => transport.close(),
    };
  } catch (error) {
    const ending = transport.ending; // before our own close becomes the ending
    await transport.close();
    throw toStartError(error, config.name, ending, transport);
  }
}

async function listAll(client: Client, signal: AbortSignal): Promise<ToolList> {
  try {
    return await listTools((cursor): Promise<ToolsPage> => {
      const params = cursor === null ? {} : { cursor };
      return client.request({ method: "tools/list", params }, toolsPageSchema, { signal, timeout: CLIENT_TIMER_MS });
    });
  } catch (error) {
    // A server that offers only prompts or resources does not know the question.
    if (error instanceof McpError && error.code === ErrorCode.MethodNotFound) return { tools: [], complete: true };
    throw error;
  }
}

async function call(
  client: Client,
  transport: StdioTransport,
  tool: CatalogTool,
  args: Readonly<Record<string, unknown>>,
  limits: Limits,
): Promise<ToolAnswer> {
  if (limits.signal.aborted) throw notCalled(tool, "it was cancelled before");
  if (transport.closed) throw notCalled(tool, `server "${tool.server}" ended: ${transport.ending}`);
  try {
    const params = { name: tool.tool, arguments: args };
    const result = await withinLimits(limits, (signal) =>
      client.request({ method: "tools/call", params }, callResultSchema, { signal, timeout: CLIENT_TIMER_MS }),
    );
    return toToolAnswer(result);
  } catch (error) {
    throw toCallError(error, tool, transport, limits.timeoutMs);
  }
}

function toStartError(
  cause: unknown,
  server: string,
  ending: string | null,
  transport: StdioTransport,
): DownstreamError {
  if (cause instanceof DownstreamError) return cause;
  const said = lastWords(transport);
  const words = said === "" ? "" : `; ${said}`;
  if (cause instanceof Interruption && cause.by === "timeout") {
    const message = `server "${server}" did not answer within ${START_BUDGET_MS / 1000} s of its start${words}`;
    return new DownstreamError("start_timeout", server, message, { cause });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  const why = ending === null ? `could not be used: ${reason}` : `ended while it was starting: ${ending}`;
  return new DownstreamError("start_failed", server, `server "${server}" ${why}${words}`, { cause });
}

/** What the server said about itself; stdout counts too, since a server that logs there is broken by it. */
function lastWords(transport: StdioTransport): string {
  const lines = transport.stderr.lastLines(LAST_WORDS).map((line) => line.slice(0, LONGEST_WORDS));
  const { lines: stray, sample } = transport.stray;
  const words: string[] = [];
  if (lines.length > 0) words.push(`its last words on stderr: ${lines.join(" / ")}`);
  if (stray > 0) words.push(`${stray} lines on its stdout were no messages, the first: ${sample}`);
  return words.join("; ");
}
