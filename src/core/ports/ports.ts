/** What the runner needs from the outside, one interface an adapter folder. */

import type { AfterUnknown } from "../definitions/server-config.js";
import type { RunEvent, StoredEvent } from "../run/event.js";
import type { Message, RawReply, ToolDeclaration } from "../run/message.js";
import type { ListedRun, Outcome, Run, RunIdentity, RunRequest, RunStatus, Usage } from "../run/run.js";
import type { CatalogTool } from "../tools/tool.js";

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

/** A server or one of its tools that could not be had, in a sentence for the user. */
export interface ServerProblem {
  readonly server: string;
  /** The qualified name of the one tool that it is about. */
  readonly tool?: string;
  readonly code: string;
  readonly message: string;
  /** What the user can do about it, where the message does not say so itself. */
  readonly remedy?: string;
}

export interface Catalog {
  readonly tools: readonly CatalogTool[];
  readonly problems: readonly ServerProblem[];
}

/**
 * idle: not running and not asked for. starting: one attempt is being made. ready: running.
 * degraded: it broke and will be started again after a pause. failed: it will not be started again.
 */
export type ServerState = "idle" | "starting" | "ready" | "degraded" | "failed";

export interface ServerStatus {
  readonly name: string;
  /** The file that defines it. */
  readonly from: string;
  readonly reach: "stdio" | "http" | "sse" | null;
  readonly state: ServerState;
  /** Why it is degraded or failed, or is being started again. */
  readonly problem: ServerProblem | null;
  /** What it offers, or offered when it was last up; null where that was never seen. */
  readonly listing: Catalog | null;
  /** Its tools that are not as the user accepted them. */
  readonly pinFindings: readonly PinFinding[];
}

/** A tool that was changed since it was accepted, or that came to a server whose other tools were accepted without it. */
export interface PinFinding {
  /** Null for a tool that is new. */
  readonly accepted: Pin | null;
  readonly now: Pin;
  /** True where it is not in the catalog until it is accepted. */
  readonly withheld: boolean;
}

/** A part of a result that is no text: kept aside, whole. */
export interface AnswerPart {
  /** Such as image, audio, resource, structured. */
  readonly kind: string;
  readonly mimeType: string | null;
  /** Text as it is, bytes as base64. */
  readonly text: string;
}

export interface ToolAnswer {
  readonly isError: boolean;
  /** For the model; part number n of `parts`, from 1, stands in it as "part n". */
  readonly text: string;
  readonly parts: readonly AnswerPart[];
}

export interface ToolProgress {
  readonly progress: number;
  readonly total: number | null;
  readonly message: string | null;
}

/** What a server asks a model through us. */
export interface SampleRequest {
  readonly server: string;
  readonly system: string | null;
  readonly messages: readonly { readonly role: "user" | "assistant"; readonly text: string }[];
}

export interface SampleReply {
  readonly model: string;
  readonly text: string;
}

/** What a server asks the person through us: a message, and the JSON Schema of a flat form. */
export interface ElicitRequest {
  readonly server: string;
  readonly message: string;
  readonly schema: object;
}

export interface ElicitReply {
  readonly action: "accept" | "decline" | "cancel";
  readonly content?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** One call: its limits, and who hears of it while it lasts. */
export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  onProgress(progress: ToolProgress): void;
  /** Asks the model of the run that makes the call; the same function for calls that one run makes at a time. Throws with a reason for the server. */
  sample(request: SampleRequest, signal: AbortSignal): Promise<SampleReply>;
}

/** Servers kept up for one run. */
export interface ServerHold {
  /** Resolves when one start of each held server whose tools are not known has ended. Never rejects. */
  readonly ready: Promise<void>;
  /** Resolves when no held server is starting any more. Never rejects. */
  readonly settled: Promise<void>;
  /** Idempotent. */
  release(): void;
}

/** The user's MCP servers. */
export interface Downstream {
  readonly servers: readonly string[];
  /** In the order of the configuration; starts nothing. */
  status(): readonly ServerStatus[];
  /** The tools of the named servers as they are known now; the same object while nothing changes. Starts nothing. */
  catalog(servers: readonly string[]): Catalog;
  /** Starts those of the servers that are not up and keeps them up until released. */
  hold(servers: readonly string[]): ServerHold;
  /** The tool as its server declares it now, or why it cannot be called. */
  current(tool: CatalogTool): CatalogTool | { readonly gone: string };
  /** Why these arguments are refused whatever the policy says, or null. */
  objection(tool: CatalogTool, args: Readonly<Record<string, unknown>>): Promise<string | null>;
  /** What is to be done where nobody knows whether a call of the tool, by its qualified name, had its effect. */
  afterUnknown(tool: string): AfterUnknown;
  /** Makes one call, once. Throws DownstreamError; an abort is passed on to the server and rejects at once. */
  call(tool: CatalogTool, args: Readonly<Record<string, unknown>>, options: CallOptions): Promise<ToolAnswer>;
  /** Ends every server's process group; idempotent. */
  close(): Promise<void>;
}

/** A server's own list of tools, as it sent it. */
export interface ToolList {
  readonly tools: readonly unknown[];
  /** False when a limit ended the listing. */
  readonly complete: boolean;
  /** Why tools cannot be used, by their place in the list; absent where nobody has looked yet. */
  readonly faults?: Readonly<Record<number, string>>;
}

/** What servers offered when they were last up, by the hash of their definition. */
export interface CatalogCache {
  /** `at` is when it was saved, in Unix milliseconds. Throws StoreError. */
  load(definitionHash: string): { readonly list: ToolList; readonly at: number } | null;
  /** Throws StoreError. */
  save(definitionHash: string, list: ToolList): void;
}

/** A tool's definition as the user accepted it. */
export interface Pin {
  readonly tool: string;
  readonly hash: string;
  /** What was hashed: readable JSON. */
  readonly definition: string;
}

/** Accepted definitions, by the file that defines a server and the server's name. */
export interface PinStore {
  /** Throws StoreError. */
  load(from: string, server: string): ReadonlyMap<string, Pin>;
  /** Accepts these in place of what was accepted before. Throws StoreError. */
  accept(from: string, server: string, pins: readonly Pin[]): void;
}

/**
 * Reads a text file inside the project, of at most `mostBytes`; `fault` says why it cannot be had. Never throws for what
 * the path names.
 */
export type ReadProjectFile = (
  path: string,
  mostBytes: number,
) => Promise<{ readonly text: string } | { readonly fault: string }>;

/** A limit on what a run and all that it has started may cost. */
export interface CostLimit {
  readonly runId: string;
  /** With what was granted on top of it. */
  readonly usd: number;
}

/** What several runs have cost. */
export interface SharedCost {
  readonly runs: number;
  /** Null where that of one of them is not known. */
  readonly costUsd: number | null;
}

/** Names the owner's hold on a run: a write with an older epoch changes nothing. */
export interface RunHold {
  readonly runId: string;
  readonly epoch: number;
}

export interface NewRun extends RunIdentity {
  readonly request: RunRequest;
  /** Written after run_created: what the agent is told where it goes on from another run. */
  readonly message: string | null;
  /** The step of the workflow that it goes on in; null where it begins. */
  readonly step: string | null;
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
  /** The last run of the page before. */
  readonly after: Pick<Run, "id" | "createdAt"> | null;
  readonly limit: number;
}

/** A call with an effect, as the journal holds it. */
export interface EffectfulCall {
  readonly tool: string;
  /** Null for a call of the workflow itself. */
  readonly turn: number | null;
  /** Null where the call has not ended. */
  readonly answer: { readonly isError: boolean; readonly code: string | null } | null;
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
  /** True where the database can only be read: then each verb that would write throws. */
  readonly isReadOnly: boolean;
  /** Makes one transaction of all verbs that `act` calls: when it throws, none of them has written anything. */
  together<R>(act: () => R): R;
  /**
   * Like `together`, but throws a busy StoreError soon where another process holds the database. Every process sees what it
   * has written when it returns; that no power failure takes it back is sure only when `synced` resolves.
   */
  togetherAtOnce<R>(act: () => R): R;
  /** Resolves when all that was written before is on the disk. Rejects with StoreError. */
  synced(): Promise<void>;
  /** Has all that was written before on the disk some milliseconds from now, for those who need not wait for it. */
  syncLater(): void;
  /** Writes the sessions, the run (pending, held by this process with epoch 1) and run_created. */
  createRun(run: NewRun): CreateRunResult;
  /** Appends events and projects them on their run's row; null, and nothing is written, where the hold is lost or the status may not follow. */
  append(hold: RunHold, events: readonly RunEvent[]): readonly StoredEvent[] | null;
  /** Ends a run with `outcome` and every descendant that still lives as cancelled, whoever owns them; nothing where the run cannot end so. */
  endTree(runId: string, outcome: Outcome): readonly EndedRun[];
  /** Marks the held runs interrupted and lets them go; runs that the holds have lost are left alone. */
  interrupt(holds: readonly RunHold[], reason: string): void;
  /**
   * Takes over a run that nobody holds: it is running, and held by this process with the next epoch. Events are saved with
   * that. Null, and nothing is written, where the run is not as `hold` knew it, or has ended and nobody asked for it.
   */
  takeOver(hold: RunHold, events: readonly RunEvent[]): Run | null;
  /**
   * Runs of a project that nobody holds and that go on by themselves, oldest first: those whose question was answered,
   * and interrupted ones that were worked on after `since` (Unix milliseconds).
   */
  listUnheld(project: string, since: number): readonly Run[];
  /** Waiting runs of all projects whose question was asked before, and is still open at, `now`. */
  listExpired(now: number): readonly Run[];
  /** Answers the open question of a waiting run: false, and nothing is written, where it is not as `hold` knew it. */
  answer(hold: RunHold, events: readonly RunEvent[]): boolean;
  /** Writes to a run that has not ended, whoever holds it; false where it has. */
  send(runId: string, event: Extract<RunEvent, { type: "message_sent" }>): boolean;
  /** Marks runs whose lease has expired, or whose owner is provably dead, as interrupted; returns their ids. */
  interruptAbandoned(): readonly string[];
  /** Extends the leases of all runs that this process holds. */
  renewLeases(): void;
  /** The holds among these that are still good. */
  stillHeld(holds: readonly RunHold[]): ReadonlySet<string>;
  getRun(id: string): Run | null;
  /** Only its status, which costs far less than the run. */
  statusOf(id: string): RunStatus | null;
  /** What a run and all below it have cost, but for one of them. */
  costOfTree(rootRunId: string, butRunId: string): SharedCost;
  /** The limits of a run and of those above it; the nearest first. */
  costLimits(runId: string): readonly CostLimit[];
  /** How many of the runs that a run has started have not ended. */
  countLivingChildren(parentRunId: string): number;
  /** The run that an idempotency key made in a project, with the hash of what was asked for. */
  findRun(project: string, idempotencyKey: string): { readonly run: Run; readonly requestHash: string | null } | null;
  /** In the order asked; unknown ids are left out. */
  getRuns(ids: readonly string[]): readonly Run[];
  /** Newest first. */
  listRuns(filter: RunFilter): readonly ListedRun[];
  /** Events after `afterSeq` in order, all or at most `limit`; of one `type` where that is named. */
  listEvents(
    runId: string,
    query: { afterSeq: number; limit?: number; type?: RunEvent["type"] },
  ): readonly StoredEvent[];
  /** The events of one type from the last on, newest first: those before `beforeSeq` where that is not null. */
  lastEvents(
    runId: string,
    query: { type: RunEvent["type"]; beforeSeq: number | null; limit: number },
  ): readonly StoredEvent[];
  /** The first `limit` calls of a run that were not read-only, oldest first. */
  listEffects(runId: string, limit: number): readonly EffectfulCall[];
  /** Keeps a text under its hash and returns the hash. */
  putBlob(text: string): string;
  getBlob(hash: string): string | null;
  /** A number that differs from the last one when another process has committed since. */
  changeCounter(): number;
  endSession(id: string): void;
  /** Gives back disk space that readers have made the write-ahead log take; costs next to nothing where they have not. */
  trimLog(): void;
  /** From now on waits only briefly where another process holds the database: the time for exiting is short. */
  hurry(): void;
  close(): void;
}

/** The database file as it lies there, and what of it is wrong. */
export interface DatabaseFacts {
  /** False where nothing has been stored yet. */
  readonly exists: boolean;
  readonly bytes: number;
  readonly logBytes: number;
  readonly runs: number;
  /** Why it cannot be used or trusted, in a sentence; null where nothing is wrong. */
  readonly fault: string | null;
  /** False where it or its folder can only be read. */
  readonly isWritable: boolean;
  /** Whether others than its user can read or write it. */
  readonly isOpenToOthers: boolean;
  readonly isOthers: boolean;
  /** Bytes free on its disk; null where that cannot be known. */
  readonly freeBytes: number | null;
}
