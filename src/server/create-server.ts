/** The MCP server: lists our tools and answers their calls. Nothing of a run is loaded before the first call. */
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  type CallToolRequest,
  CallToolRequestSchema,
  type CallToolResult,
  type ElicitRequestFormParams,
  ListToolsRequestSchema,
  type ServerNotification,
} from "@modelcontextprotocol/sdk/types.js";
import type { ElicitReply, ElicitRequest } from "../core/ports/host.js";
import type { HostSession } from "../core/ports/run-store.js";
import { HOST_ADDED_ARGUMENTS } from "../hosts/known-hosts.js";
import { INSTRUCTIONS } from "./instructions.js";
import type { Legwork } from "./tool.js";

export interface ServerDeps {
  readonly version: string;
  /** Opens legwork, once. Throws ConfigError or StoreError, and tries again at the next call. */
  open(): Promise<Legwork>;
  /** The host has finished its greeting: it is no probe. */
  onInitialized(): void;
  /** The transport closed by itself: nothing more can be heard from the host. */
  onClose(): void;
  /** A mistake of ours, with all that is known of it. */
  onBug(error: unknown, tool: string): void;
}

export interface LegworkServer {
  connect(transport: Transport): Promise<void>;
  /** Resolves when no call is being answered, or after `milliseconds`. */
  settled(milliseconds: number): Promise<void>;
  /** Lets calls that wait answer now. */
  release(): void;
  /** Asks the person at the host; cancelled where the host cannot ask, fails, or nobody answers in time. */
  elicit(request: ElicitRequest, signal: AbortSignal): Promise<ElicitReply>;
  /** Records that this host connection is over. */
  endSession(): Promise<void>;
  close(): Promise<void>;
}

const ELICIT_LIMIT_MS = 5 * 60_000; // some hosts never answer

/** Creates the server of one host connection. */
export function createServer(deps: ServerDeps): LegworkServer {
  const server = new Server(
    { name: "legwork", title: "legwork", version: deps.version },
    { capabilities: { tools: {} }, instructions: INSTRUCTIONS },
  );
  server.onclose = deps.onClose;
  server.oninitialized = deps.onInitialized;
  const released = new AbortController();
  const inFlight = new Set<Promise<unknown>>();
  const session = createHostSession(() => server.getClientVersion() ?? null);

  server.setRequestHandler(ListToolsRequestSchema, async () => {
    const { TOOLS, toListedTool } = await import("./tools.js");
    return { tools: TOOLS.map(toListedTool) };
  });

  server.setRequestHandler(CallToolRequestSchema, async (request, { signal, sendNotification }) => {
    const answer = answerCall(request.params, signal, sendNotification);
    inFlight.add(answer);
    return await answer.finally(() => inFlight.delete(answer));
  });

  async function answerCall(
    { name, arguments: given = {}, _meta }: CallToolRequest["params"],
    signal: AbortSignal,
    notify: (notification: ServerNotification) => Promise<void>,
  ): Promise<CallToolResult> {
    const { errorResult, failure } = await import("./error-text.js");
    const { createProgress } = await import("./progress.js");
    const token = _meta?.progressToken;
    const progress =
      token === undefined
        ? null
        : createProgress((count, message) => {
            const params = { progressToken: token, progress: count, message };
            notify({ method: "notifications/progress", params }).catch(() => {}); // the host has gone; shutdown sees to that
          });
    try {
      const { answerTool } = await import("./answer-tool.js");
      return await answerTool(name, withoutHostArguments(given), {
        open: deps.open,
        sessionOf: session.of,
        clientName: server.getClientVersion()?.name ?? null,
        signal: AbortSignal.any([signal, released.signal]),
        onEvent: (runId, events) => progress?.onEvent(runId, events),
      });
    } catch (error) {
      const known = errorResult(error);
      if (known) return known;
      deps.onBug(error, name);
      return failure("internal", `internal error in ${name}: the log of legwork has the details`);
    } finally {
      progress?.stop();
    }
  }

  return {
    connect: (transport) => server.connect(transport),
    async settled(milliseconds) {
      let timer: NodeJS.Timeout | undefined;
      const tooLong = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, milliseconds);
      });
      await Promise.race([Promise.allSettled(inFlight), tooLong]);
      clearTimeout(timer);
      await new Promise(setImmediate); // an answer is sent a few microtasks after it is made
    },
    release: () => released.abort(),
    async elicit({ server: asking, message, schema }, signal) {
      if (!server.getClientCapabilities()?.elicitation) return { action: "cancel" };
      const params = { message: `${asking} asks: ${message}`, requestedSchema: schema as FormSchema };
      try {
        const { action, content } = await server.elicitInput(params, { timeout: ELICIT_LIMIT_MS, signal });
        return { action, ...(content ? { content } : {}) };
      } catch {
        return { action: "cancel" };
      }
    },
    endSession: session.end,
    close: () => server.close(),
  };
}

type FormSchema = ElicitRequestFormParams["requestedSchema"];

function withoutHostArguments(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(given).filter(([key]) => !HOST_ADDED_ARGUMENTS.has(key)));
}

/** The session of this connection: made at the first call, written with its first run. */
function createHostSession(client: () => { readonly name: string; readonly version: string } | null) {
  let session: HostSession | null = null;
  let end = async () => {};
  return {
    of({ store, newId }: Legwork): HostSession {
      const { name = null, version = null } = client() ?? {};
      session ??= { id: newId("ses"), clientName: name, clientVersion: version };
      const { id } = session;
      end = () => store.endSession(id);
      return session;
    },
    end: () => end(),
  };
}
