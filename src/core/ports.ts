/** What the runner needs from the outside, one interface an adapter folder. */
import type { RunEvent, StoredEvent } from "./event.js";
import type { Message, RawReply, ToolDeclaration } from "./message.js";
import type { Outcome, Run, RunIdentity, RunRequest, RunStatus, Usage } from "./run.js";
import type { CatalogTool } from "./tool.js";

/** Milliseconds since the Unix epoch. */
export interface Clock {
  now(): number;
}

/** What goes wrong, for people who read logs; never for hosts. */
export interface Log {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

export interface ModelRequest {
  readonly model: string;
  readonly system: string;
  /** The same growing array for all requests of a run; what stands in it when a request is made never changes. */
  readonly messages: readonly Message[];
  /** The same array for every turn in which the tools are the same, so that adapters may cache by identity. */
  readonly tools: readonly ToolDeclaration[];
}

/** A usable reply, or why it is none; both may have cost tokens. `usage` is null where the vendor did not say. */
export type ModelReply =
  | { readonly ok: true; readonly raw: RawReply; readonly usage: Usage | null }
  | {
      readonly ok: false;
      readonly code: "empty_reply" | "malformed_reply" | "refused_reply" | "truncated_reply";
      readonly reason: string;
      /** False where the same question can only be refused again. */
      readonly askAgain: boolean;
      readonly usage: Usage | null;
    };

/** An LLM vendor. */
export interface Provider {
  /** Asks the model once. Throws ProviderError; when the signal aborts, rejects at once whatever the vendor does. */
  reply(request: ModelRequest, signal: AbortSignal): Promise<ModelReply>;
}

/** A server whose tools could not be had, in a sentence for the user. */
export interface ServerProblem {
  readonly server: string;
  readonly code: string;
  readonly message: string;
}

export interface Catalog {
  readonly tools: readonly CatalogTool[];
  readonly problems: readonly ServerProblem[];
}

export interface ToolAnswer {
  readonly isError: boolean;
  readonly text: string;
}

/** The user's MCP servers. */
export interface Downstream {
  readonly servers: readonly string[];
  /** The tools of the named servers; starts those that are not up and waits for one start attempt of each. Never throws. */
  catalog(servers: readonly string[]): Promise<Catalog>;
  /** The tools of the named servers when all of them are up, else null; starts nothing. */
  knownCatalog(servers: readonly string[]): Catalog | null;
  /** The tool as its server declares it now: null where it was withdrawn, the same where its server is not up. */
  current(tool: CatalogTool): CatalogTool | null;
  /** Why these arguments are refused whatever the policy says, or null. */
  objection(tool: CatalogTool, args: Readonly<Record<string, unknown>>): Promise<string | null>;
  /** Makes one call, once. Throws DownstreamError; an abort is passed on to the server and rejects at once. */
  call(
    tool: CatalogTool,
    args: Readonly<Record<string, unknown>>,
    limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<ToolAnswer>;
  /** Ends every server's process group; idempotent. */
  close(): Promise<void>;
}

/** Names the owner's hold on a run: a write with an older epoch changes nothing. */
export interface RunHold {
  readonly runId: string;
  readonly epoch: number;
}

export interface NewRun extends RunIdentity {
  readonly request: RunRequest;
  /** The host's session, written with its first run; null where the parent is an agent. */
  readonly hostSession: HostSession | null;
  readonly idempotency: { readonly key: string; readonly requestHash: string } | null;
}

/** A host connection: who it says it is. */
export interface HostSession {
  readonly id: string;
  readonly clientName: string | null;
  readonly clientVersion: string | null;
}

export type CreateRunResult =
  | { readonly kind: "created"; readonly run: Run }
  /** The same key with the same request: this is the run it made. */
  | { readonly kind: "existing"; readonly run: Run }
  /** The same key with another request. */
  | { readonly kind: "conflict"; readonly run: Run };

export interface RunFilter {
  readonly status: readonly RunStatus[] | null;
  readonly agent: string | null;
  readonly project: string | null;
  readonly parentSessionId: string | null;
  readonly parentRunId: string | null;
  /** Unix milliseconds: runs created at or after. */
  readonly since: number | null;
  /** The id of the last run of the page before. */
  readonly after: string | null;
  readonly limit: number;
}

/** Events of one run that are saved together or not at all. */
export interface Commit {
  readonly hold: RunHold;
  readonly events: readonly RunEvent[];
}

/** One run of a tree as `endTree` met it, and whether it was ended by it. */
export interface EndedRun {
  readonly id: string;
  readonly was: RunStatus;
  readonly ended: boolean;
}

/**
 * Runs and their journal in one place. Every verb is one transaction, safe against other processes on the same file.
 * All verbs throw StoreError when the database cannot be used.
 */
export interface RunStore {
  /** Writes the sessions, the run (pending, held by this process with epoch 1) and run_created. */
  createRun(run: NewRun): CreateRunResult;
  /**
   * Appends the events of each commit and projects them on its run's row, all in one transaction.
   * Null for a commit whose hold is lost or whose status may not follow: the others are written all the same.
   */
  append(commits: readonly Commit[]): readonly (readonly StoredEvent[] | null)[];
  /** Ends a run with `outcome` and every descendant that still lives as cancelled, whoever owns them; nothing where the run cannot end so. */
  endTree(runId: string, outcome: Outcome): readonly EndedRun[];
  /** Marks the held runs interrupted and lets them go; runs that the holds have lost are left alone. */
  interrupt(holds: readonly RunHold[], reason: string): void;
  /** Marks runs whose lease has expired, or whose owner is provably dead, as interrupted; returns their ids. */
  interruptAbandoned(): readonly string[];
  /** Extends the leases of all runs that this process holds. */
  renewLeases(): void;
  /** The holds among these that are still good. */
  stillHeld(holds: readonly RunHold[]): ReadonlySet<string>;
  getRun(id: string): Run | null;
  /** In the order asked; unknown ids are left out. */
  getRuns(ids: readonly string[]): readonly Run[];
  listRuns(filter: RunFilter): readonly Run[];
  /** Events after `afterSeq` in order; `types` narrows them. */
  listEvents(
    runId: string,
    query: { afterSeq: number; limit: number; types?: readonly RunEvent["type"][] },
  ): readonly StoredEvent[];
  /** Keeps a text under its hash and returns the hash. */
  putBlob(text: string): string;
  getBlob(hash: string): string | null;
  /** A number that differs from the last one when another process has committed since. */
  changeCounter(): number;
  endSession(id: string): void;
  /** From now on waits only briefly where another process holds the database: the time for exiting is short. */
  hurry(): void;
  close(): void;
}
