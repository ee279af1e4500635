/** One downstream server over its lives: started when needed, started again when it died. */
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { DownstreamError } from "../core/errors.js";
import type { Log, ToolAnswer } from "../core/ports.js";
import type { ServerConfig } from "../core/server-config.js";
import type { CatalogTool } from "../core/tool.js";
import { untilAborted } from "../core/until-aborted.js";
import { notCalled } from "./call-error.js";
import type { Environment } from "./child-environment.js";
import { type Connection, openConnection } from "./connection.js";
import { type Listing, toListing } from "./listing.js";
import { type Limits, withinLimits } from "./within-limits.js";

const MIN_START_INTERVAL_MS = 1_000; // a server that dies at once must not be started in a loop
const RELIST_PAUSE_MS = 1_000; // some servers announce a change for every listing

export interface DownstreamOptions {
  readonly baseEnv: Environment;
  readonly clientVersion: string;
  readonly log: Log;
}

export interface ManagedServer {
  readonly config: ServerConfig;
  /** Its tools, or why there are none; starts it when it is not up. Never throws. */
  listing(): Promise<Listing>;
  /** Its tools when it is up, else null. */
  knownListing(): Listing | null;
  /** Throws DownstreamError. A server that went away is started again first, at most once a second. */
  call(tool: CatalogTool, args: Readonly<Record<string, unknown>>, limits: Limits): Promise<ToolAnswer>;
  /** Ends its process group, also one that is still starting; it cannot be started again. */
  close(): Promise<void>;
}

type Down = { readonly kind: "down"; readonly listing: Listing; readonly retryAt: number };
type Starting = { readonly kind: "starting"; readonly listing: Promise<Listing> };
type Up = { readonly kind: "up"; readonly listing: Listing; readonly connection: Connection };

/** Starts nothing yet. */
export function createManagedServer(config: ServerConfig, options: DownstreamOptions): ManagedServer {
  const { log } = options;
  const shutdown = new AbortController();
  let state: Down | Starting | Up = { kind: "down", listing: { tools: [], problems: [] }, retryAt: 0 };
  let lastEnd: Promise<void> = Promise.resolve();
  let toolsChanged = false;
  let relisting = false;

  return {
    config,
    listing() {
      if (state.kind === "down" && performance.now() >= state.retryAt) {
        state = { kind: "starting", listing: start() };
      }
      return Promise.resolve(state.listing);
    },
    knownListing: () => (state.kind === "up" ? state.listing : null),
    async call(tool, args, limits) {
      // One start attempt for a call that has not been sent, within the time that the call has.
      if (state.kind !== "up")
        await withinLimits(limits, (signal) => untilAborted(this.listing(), signal)).catch(() => {});
      if (state.kind === "up") return state.connection.call(tool, args, limits);
      throw notCalled(tool, `server "${config.name}" is not running`);
    },
    async close() {
      shutdown.abort();
      if (state.kind === "starting") await state.listing;
      if (state.kind === "up") await state.connection.close();
      await lastEnd;
      const error = new DownstreamError("connection_closed", config.name, `server "${config.name}" was closed`);
      state = down(error, Number.POSITIVE_INFINITY);
    },
  };

  async function start(): Promise<Listing> {
    const startedAt = performance.now();
    const retryAt = startedAt + MIN_START_INTERVAL_MS;
    let connection: Connection | undefined;
    try {
      await lastEnd; // two lives of a server never overlap
      connection = await openConnection(config, { ...options, signal: shutdown.signal, onToolsChanged });
      const listing = toListing(config, connection.list);
      state = { kind: "up", listing, connection };
      void watch(connection, retryAt);
      const ms = Math.round(performance.now() - startedAt);
      log.info({ server: config.name, pid: connection.pid, tools: listing.tools.length, ms }, "server is up");
      return listing;
    } catch (error) {
      const known = error instanceof DownstreamError;
      if (connection) lastEnd = connection.close();
      if (!known) log.error({ server: config.name, err: error }, "unexpected start failure");
      else if (!shutdown.signal.aborted) log.warn({ server: config.name, code: error.code }, error.message);
      const missing = known && error.code === "spawn_failed";
      state = down(error, missing ? Number.POSITIVE_INFINITY : retryAt);
      return state.listing;
    }
  }

  async function watch(connection: Connection, retryAt: number): Promise<void> {
    const ending = await connection.ended;
    lastEnd = connection.close();
    if (shutdown.signal.aborted) return;
    const message = `server "${config.name}" ended: ${ending}`;
    log.warn({ server: config.name, pid: connection.pid, lastWords: connection.lastWords() }, message);
    state = down(new DownstreamError("connection_closed", config.name, message), retryAt);
  }

  function down(error: unknown, retryAt: number): Down {
    const code = error instanceof DownstreamError ? error.code : "start_failed";
    const message = error instanceof Error ? error.message : String(error);
    const listing = { tools: [], problems: [{ server: config.name, code, message }] };
    return { kind: "down", listing, retryAt };
  }

  function onToolsChanged(): void {
    toolsChanged = true;
    if (!relisting) void relist();
  }

  /** Reads the tools again until no change is announced; the old ones stay where that fails. Never throws. */
  async function relist(): Promise<void> {
    relisting = true;
    if (state.kind === "starting") await state.listing;
    while (toolsChanged && state.kind === "up") {
      toolsChanged = false;
      const { connection } = state;
      try {
        replaceListing(connection, toListing(config, await connection.listTools()));
      } catch (error) {
        log.warn({ server: config.name, err: error }, "the changed list of tools could not be read");
      }
      await delay(RELIST_PAUSE_MS, undefined, { ref: false });
    }
    relisting = false;
  }

  /** Keeps the old object where nothing changed: others cache by its identity. */
  function replaceListing(connection: Connection, listing: Listing): void {
    if (state.kind !== "up" || state.connection !== connection) return;
    if (!isDeepStrictEqual(listing, state.listing)) state = { kind: "up", listing, connection };
  }
}
