/** Runs and their journal. */
import type { RunEvent, StoredEvent } from "../run/event.js";
import type { ListedRun, Outcome, Run, RunIdentity, RunRequest, RunStatus } from "../run/run.js";

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
export interface RunLease {
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
  append(lease: RunLease, events: readonly RunEvent[]): readonly StoredEvent[] | null;
  /** Ends a run with `outcome` and every descendant that still lives as cancelled, whoever owns them; nothing where the run cannot end so. */
  endTree(runId: string, outcome: Outcome): readonly EndedRun[];
  /** Marks the held runs interrupted and lets them go; runs that the holds have lost are left alone. */
  interrupt(holds: readonly RunLease[], reason: string): void;
  /**
   * Takes over a run that nobody holds: it is running, and held by this process with the next epoch. Events are saved with
   * that. Null, and nothing is written, where the run is not as `hold` knew it, or has ended and nobody asked for it.
   */
  claim(lease: RunLease, events: readonly RunEvent[]): Run | null;
  /**
   * Runs of a project that nobody holds and that go on by themselves, oldest first: those whose question was answered,
   * and interrupted ones that were worked on after `since` (Unix milliseconds).
   */
  listUnowned(project: string, since: number): readonly Run[];
  /** Waiting runs of all projects whose question was asked before, and is still open at, `now`. */
  listExpired(now: number): readonly Run[];
  /** Answers the open question of a waiting run: false, and nothing is written, where it is not as `hold` knew it. */
  answer(lease: RunLease, events: readonly RunEvent[]): boolean;
  /** Writes to a run that has not ended, whoever holds it; false where it has. */
  send(runId: string, event: Extract<RunEvent, { type: "message_sent" }>): boolean;
  /** Marks runs whose lease has expired, or whose owner is provably dead, as interrupted; returns their ids. */
  interruptAbandoned(): readonly string[];
  /** Extends the holds of all runs that this process holds. */
  renewLeases(): void;
  /** The holds among these that are still good. */
  stillHeld(holds: readonly RunLease[]): ReadonlySet<string>;
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
