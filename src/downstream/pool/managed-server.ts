/** Manages one downstream server: starts it when needed, stops it when idle, restarts it when it broke. */
import { isDeepStrictEqual } from "node:util";
import type { ServerConfig } from "../../core/definitions/server-config.js";
import { DownstreamError, type DownstreamErrorCode } from "../../core/errors.js";
import type {
  CallOptions,
  Catalog,
  PinFinding,
  ServerProblem,
  ServerState,
  ToolAnswer,
} from "../../core/ports/downstream.js";
import type { CatalogTool } from "../../core/tools/tool.js";
import { untilAborted } from "../../lib/until-aborted.js";
import type { ToolMemory } from "../catalog/tool-memory.js";
import { notCalled } from "../connection/call-error.js";
import { type Connection, openConnection } from "../connection/connection.js";
import type { ConnectingOptions } from "../connection/downstream-options.js";
import { withinLimits } from "../connection/within-limits.js";
import { createBackoff, STABLE_MS } from "./backoff.js";
import { isRemote, remedyFor } from "./remedy.js";

/** The codes after which a retry cannot help until the user changes something. */
const HOPELESS = new Set(["spawn_failed", "unauthorized", "bad_definition"]);

export interface ManagedServer {
  readonly config: ServerConfig;
  readonly state: ServerState;
  /** The reason why it is degraded or failed, or is being restarted. */
  readonly problem: ServerProblem | null;
  /** Its catalog, now or when it was last up; null where it is not known. */
  readonly known: Catalog | null;
  /** Its tools that differ from their pins. */
  findings(): readonly PinFinding[];
  /** The catalog that agents see now: no tools while the server is broken. */
  readonly shown: Catalog;
  /** Starts it unless it is up or has to wait, and keeps it up until `release` is called. */
  acquire(): { release(): void };
  /** Resolves when a start in progress has ended. Never rejects. */
  settled(): Promise<void>;
  /** Makes one call; starts the server first unless it is up or has to wait. Throws DownstreamError. */
  call(tool: CatalogTool, args: Readonly<Record<string, unknown>>, options: CallOptions): Promise<ToolAnswer>;
  /** Ends its process group, even one that is still starting. It cannot be started again. */
  close(): Promise<void>;
}

type State =
  | { readonly kind: "idle" }
  | { readonly kind: "starting"; readonly attempt: Promise<void>; readonly after: Broken | null }
  | { readonly kind: "ready"; readonly connection: Connection }
  | Broken;

interface Broken {
  readonly kind: "degraded" | "failed";
  readonly problem: ServerProblem;
  /** Its catalog while it is broken: the problem and no tools. */
  readonly shown: Catalog;
  /** The time, by performance.now(), from which it may be started again; infinite for never. */
  readonly retryAt: number;
}

function isBroken(state: State): state is Broken {
  return state.kind === "degraded" || state.kind === "failed";
}

/** Why a server may miss what it needs to start; empty for one that starts where its user expects. */
function placeNote({ transport }: ServerConfig): string {
  if (transport.kind !== "stdio" || !transport.isAway) return "";
  return ` (it was started in ${transport.cwd}, because nobody has trusted this project: "legwork trust" lets servers start in it)`;
}

/** The catalog of a server whose first start lasts longer than a run waits. */
function stillStarting(name: string): Catalog {
  const message = `server "${name}" is still starting: its tools come in when it is up`;
  return { tools: [], problems: [{ server: name, code: "starting", message }] };
}

const NOTHING: Catalog = { tools: [], problems: [] };

/** Starts nothing until `acquire` or `call`. */
export function createManagedServer(
  config: ServerConfig,
  memory: ToolMemory,
  options: ConnectingOptions,
): ManagedServer {
  const { log, redact } = options;
  const { name } = config;
  const shutdown = new AbortController();
  const backoff = createBackoff();
  const unborn = stillStarting(name);
  let state: State = { kind: "idle" };
  let leases = 0;
  let callsInFlight = 0;
  let lastEnd: Promise<void> = Promise.resolve();
  const retired = new Set<Connection>();
  let timer: NodeJS.Timeout | undefined;

  const closed = () => shutdown.signal.aborted;

  function schedule(milliseconds: number, act: () => void): void {
    clearTimeout(timer);
    timer = setTimeout(act, milliseconds).unref();
  }

  /** Starts it unless it is up or has to wait. */
  function wake(): void {
    const hasToWait = isBroken(state) && performance.now() < state.retryAt;
    if (!hasToWait) begin();
  }

  function begin(): void {
    if (closed() || state.kind === "starting" || state.kind === "ready") return;
    const after = state.kind === "idle" ? null : state;
    state = { kind: "starting", attempt: start(), after };
  }

  /** Never rejects. */
  async function start(): Promise<void> {
    const startedAt = performance.now();
    let connection: Connection | undefined;
    try {
      clearTimeout(timer);
      await lastEnd; // two processes of a server never overlap
      connection = await openConnection(config, {
        ...options,
        signal: shutdown.signal,
        onToolsChanged: (list) => memory.update(list),
      });
      await memory.update(connection.list);
      state = { kind: "ready", connection };
      void watch(connection);
      stopWhenIdle();
      const milliseconds = Math.round(performance.now() - startedAt);
      log.info({ server: name, pid: connection.pid, tools: memory.known?.tools.length, milliseconds }, "server is up");
    } catch (error) {
      if (connection) lastEnd = connection.close();
      if (!(error instanceof DownstreamError)) log.error({ server: name, err: error }, "unexpected start failure");
      else if (!closed()) log.warn({ server: name, code: error.code }, error.message);
      breakDown(error, placeNote(config));
    }
  }

  async function watch(connection: Connection): Promise<void> {
    const ending = await connection.ended;
    if (retired.delete(connection)) return;
    lastEnd = connection.close();
    if (closed() || state.kind !== "ready" || state.connection !== connection) return;
    const message = `server "${name}" ended: ${ending}`;
    log.warn({ server: name, pid: connection.pid, lastOutput: connection.lastOutput() }, message);
    if (!isRemote(config.transport) || !backoff.isSteady(performance.now()))
      return breakDown(new DownstreamError("connection_closed", name, message));
    // A machine that slept, or a proxy, cuts the connection of a server that is well: only the next start can tell.
    backoff.next(performance.now());
    state = { kind: "idle" };
    if (leases > 0) begin();
  }

  function breakDown(error: unknown, note = ""): void {
    const code: DownstreamErrorCode = error instanceof DownstreamError ? error.code : "start_failed";
    const reason = redact.text(error instanceof Error ? error.message : String(error)) + note;
    const pause = HOPELESS.has(code) ? null : backoff.next(performance.now());
    if (pause === null) {
      state = broken("failed", code, reason, HOPELESS.has(code) ? Number.POSITIVE_INFINITY : STABLE_MS);
      return;
    }
    state = broken("degraded", code, reason, pause);
    schedule(pause, () => {
      if (leases > 0) begin(); // not wake(): a timer may fire some microseconds early
    });
  }

  function broken(kind: Broken["kind"], code: DownstreamErrorCode, message: string, pause: number): Broken {
    const problem = { server: name, code, message, remedy: remedyFor(code, config) };
    return { kind, problem, shown: { tools: [], problems: [problem] }, retryAt: performance.now() + pause };
  }

  function stopWhenIdle(): void {
    if (state.kind !== "ready" || leases > 0 || callsInFlight > 0) return;
    schedule(config.idleSeconds * 1000, () => {
      if (state.kind !== "ready" || leases > 0 || callsInFlight > 0) return;
      log.info({ server: name, pid: state.connection.pid }, "server is idle and was stopped");
      stop(state.connection);
    });
  }

  function stop(connection: Connection): void {
    state = { kind: "idle" };
    lastEnd = connection.close();
  }

  /** The failure; it lasts until the next start has ended. */
  function trouble(): Broken | null {
    if (state.kind === "starting") return state.after;
    return isBroken(state) ? state : null;
  }

  /** Ignores an old catalog, unless the server is up: it would have announced changes. */
  function knownNow(): Catalog | null {
    return state.kind === "ready" || memory.isFresh ? memory.known : null;
  }

  /** The connection for a call, opened within the time limit of the call. Throws where the tool has changed since it was allowed. */
  async function connectionFor(tool: CatalogTool, options: CallOptions): Promise<Connection> {
    wake();
    if (state.kind === "starting") {
      const { attempt } = state;
      await withinLimits(options, (signal) => untilAborted(attempt, signal)).catch(() => {});
    }
    const now = state as State;
    if (now.kind !== "ready") throw notCalled(tool, reasonOf(now));
    const current = memory.known?.tools.find((candidate) => candidate.name === tool.name);
    if (current === tool || isDeepStrictEqual(current, tool)) return now.connection;
    throw notCalled(tool, `server "${name}" now ${current ? "declares it differently" : "does not offer it"}`);
  }

  /** Logs the remedy for the user; the agent receives only the message. */
  function logFailure(tool: CatalogTool, { code, message }: DownstreamError): void {
    log.warn({ server: name, tool: tool.name, code, remedy: remedyFor(code, config) }, redact.text(message));
  }

  function reasonOf(now: State): string {
    if (now.kind === "failed") return now.problem.message;
    if (now.kind !== "degraded") return `server "${name}" is not running`;
    const seconds = Math.max(1, Math.ceil((now.retryAt - performance.now()) / 1000));
    return `${now.problem.message}; it will be started again in ${seconds} s`;
  }

  /** Retires a connection whose session the server has lost: the next call opens a new one, and the calls in flight end by themselves. */
  function renew(connection: Connection): void {
    if (state.kind !== "ready" || state.connection !== connection) return;
    state = { kind: "idle" };
    retired.add(connection);
    connection.retire();
  }

  return {
    config,
    get state() {
      return state.kind;
    },
    get problem() {
      return trouble()?.problem ?? null;
    },
    get known() {
      return knownNow();
    },
    findings: memory.findings,
    get shown() {
      return trouble()?.shown ?? knownNow() ?? (state.kind === "starting" ? unborn : NOTHING);
    },
    acquire() {
      leases += 1;
      memory.refresh();
      wake();
      let isHeld = true;
      return {
        release() {
          if (!isHeld) return;
          isHeld = false;
          leases -= 1;
          stopWhenIdle();
        },
      };
    },
    settled: async () => (state.kind === "starting" ? await state.attempt : undefined),
    async call(tool, args, options) {
      callsInFlight += 1;
      try {
        const connection = await connectionFor(tool, options);
        try {
          return await connection.call(tool, args, options);
        } catch (error) {
          if (!(error instanceof DownstreamError) || error.code !== "session_lost") throw error;
          renew(connection);
        }
        // The server refused the call because it had lost the session, so this is no repetition.
        return await (await connectionFor(tool, options)).call(tool, args, options);
      } catch (error) {
        if (error instanceof DownstreamError && error.code !== "call_aborted") logFailure(tool, error);
        throw error;
      } finally {
        callsInFlight -= 1;
        stopWhenIdle();
      }
    },
    async close() {
      shutdown.abort();
      clearTimeout(timer);
      if (state.kind === "starting") await state.attempt;
      const last = state.kind === "ready" ? [state.connection] : [];
      await Promise.all([...retired, ...last].map((connection) => connection.close()));
      await lastEnd;
      clearTimeout(timer);
      state = broken("failed", "connection_closed", `server "${name}" was closed`, Number.POSITIVE_INFINITY);
    },
  };
}
