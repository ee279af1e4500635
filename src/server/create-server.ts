/** The MCP server: lists legwork's tools and answers their calls. Loads no code of runs before the first call. */
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
import { visibleText } from "../core/visible.js";
import { HOST_ADDED_ARGUMENTS } from "../hosts/known-hosts.js";
import { INSTRUCTIONS } from "./instructions.js";
import type { Progress } from "./progress.js";
import type { Legwork } from "./tool.js";

export interface ServerDeps {
  readonly version: string;
  /** Opens legwork, once. Rejects with ConfigError or StoreError, and tries again at the next call. */
  open(): Promise<Legwork>;
  /** The host has completed the initialization, so it is more than a health check. */
  onInitialized(): void;
  /** The transport closed by itself: no more messages come from the host. */
  onClose(): void;
  /** A call met an error that is a bug of legwork. */
  onBug(error: unknown, tool: string): void;
  /** The host could ask its user, but the request failed or the host did not answer in time. */
  onElicitFailure(error: unknown): void;
}

/** A transport that knows the version of the protocol that the host speaks; null before initialize. */
export interface HostConnection extends Transport {
  readonly protocolVersion: string | null;
}

export interface LegworkServer {
  connect(connection: HostConnection): Promise<void>;
  /** Resolves when no call is being answered, or after `milliseconds`. */
  settled(milliseconds: number): Promise<void>;
  /** Makes waiting calls answer now. */
  release(): void;
  /** Asks the user of the host. Replies "cancel" where the host cannot ask, fails, or does not answer within 5 minutes. */
  elicit(request: ElicitRequest, signal: AbortSignal): Promise<ElicitReply>;
  /** Records the end of this host connection. */
  endSession(): Promise<void>;
  close(): Promise<void>;
}

/** The first version with structured content; hosts of older ones show it to their model beside the same text. */
const STRUCTURE_SINCE = "2025-06-18";

/** For a host that did not ask for progress. */
const SILENT: Progress = { follow() {}, onEvents() {}, onActivity() {}, stop() {} };

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
  let connection: HostConnection | null = null;
  const knowsStructure = () => (connection?.protocolVersion ?? STRUCTURE_SINCE) >= STRUCTURE_SINCE;

  server.setRequestHandler(ListToolsRequestSchema, async () => {
    const { TOOLS, toListedTool } = await import("./tools.js");
    const withOutput = knowsStructure();
    return { tools: TOOLS.map((tool) => toListedTool(tool, { withOutput })) };
  });

  server.setRequestHandler(CallToolRequestSchema, async (request, { signal, sendNotification }) => {
    const answer = answerCall(request.params, signal, sendNotification);
    inFlight.add(answer);
    const { structuredContent, ...text } = await answer.finally(() => inFlight.delete(answer));
    return structuredContent && knowsStructure() ? { structuredContent, ...text } : text;
  });

  async function answerCall(
    { name, arguments: args = {}, _meta }: CallToolRequest["params"],
    signal: AbortSignal,
    notify: (notification: ServerNotification) => Promise<void>,
  ): Promise<CallToolResult> {
    const { errorResult, failure } = await import("./error-text.js");
    const { createProgress } = await import("./progress.js");
    const token = _meta?.progressToken;
    const progress =
      token === undefined
        ? SILENT
        : createProgress((count, message) => {
            const params = { progressToken: token, progress: count, message };
            notify({ method: "notifications/progress", params }).catch(() => {}); // the host has gone: its end closes the server
          });
    try {
      const { answerTool } = await import("./answer-tool.js");
      return await answerTool(name, withoutHostArguments(args), {
        open: deps.open,
        sessionOf: session.of,
        clientName: server.getClientVersion()?.name ?? null,
        signal: AbortSignal.any([signal, released.signal]),
        progress,
      });
    } catch (error) {
      const known = errorResult(error);
      if (known) return known;
      deps.onBug(error, name);
      return failure("internal", `internal error in ${name}: see the log of legwork`);
    } finally {
      progress.stop();
    }
  }

  return {
    async connect(opened) {
      connection = opened;
      await server.connect(opened);
    },
    async settled(milliseconds) {
      let timer: NodeJS.Timeout | undefined;
      const tooLong = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, milliseconds);
      });
      await Promise.race([Promise.allSettled(inFlight), tooLong]);
      clearTimeout(timer);
      await new Promise(setImmediate); // the transport sends an answer a few microtasks after it exists
    },
    release: () => released.abort(),
    async elicit({ server: asker, message, schema }, signal) {
      const by = server.getClientVersion()?.name ?? "a host";
      if (!server.getClientCapabilities()?.elicitation) return { action: "cancel", by };
      const params = { message: visibleText(`${asker} asks: ${message}`), requestedSchema: schema as FormSchema };
      try {
        const { action, content } = await server.elicitInput(params, { timeout: ELICIT_LIMIT_MS, signal });
        return { action, by, ...(content ? { content } : {}) };
      } catch (error) {
        if (!signal.aborted) deps.onElicitFailure(error);
        return { action: "cancel", by };
      }
    },
    endSession: session.end,
    close: () => server.close(),
  };
}

type FormSchema = ElicitRequestFormParams["requestedSchema"];

function withoutHostArguments(args: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(args).filter(([key]) => !HOST_ADDED_ARGUMENTS.has(key)));
}

/** The session of this connection, created at the first call and stored with its first run. */
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
