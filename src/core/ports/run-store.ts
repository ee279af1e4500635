/** Runs and their journal. */
import type { RunEvent, StoredEvent } from "../journal/event.js";
import type { Reservation, Scope, Spent } from "../run/budget.js";
import type { ListedRun, Outcome, Run, RunIdentity, RunRequest, RunStatus } from "../run/run.js";

/** The most that a run and all of its descendants may use, with all grants on top of it; null is without limit. */
export interface TreeLimit {
  readonly runId: string;
  readonly usd: number | null;
  readonly tokens: number | null;
}

/** The right of a process to write to a run; a write with an older epoch changes nothing. */
export interface RunLease {
  readonly runId: string;
  readonly epoch: number;
}

export interface NewRun extends RunIdentity {
  readonly request: RunRequest;
  /** The message to the agent of a run that continues another, written after run_created; null for other runs. */
  readonly message: string | null;
  /** The step of the workflow in which it continues another run; null where it begins the workflow. */
  readonly step: string | null;
  /** The session of the host, stored with its first run; null where the parent is an agent. */
  readonly hostSession: HostSession | null;
  readonly idempotency: { readonly key: string; readonly requestHash: string } | null;
}

/** A host connection, with the name and version that the host reports. */
export interface HostSession {
  readonly id: string;
  readonly clientName: string | null;
  readonly clientVersion: string | null;
}

/** Limits that hold at the moment a run is written. */
export interface CreateRunOptions {
  /** Once it has aborted, the store writes nothing. */
  readonly signal: AbortSignal;
  /** The number of children of one parent that may be alive at a time. */
  readonly maxChildren: number;
}

export type CreateRunResult =
  | { readonly kind: "created"; readonly run: Run }
  /** The same key with the same request: the run that it created. */
  | { readonly kind: "existing"; readonly run: Run }
  /** The same key with another request. */
  | { readonly kind: "conflict"; readonly run: Run }
  /** Nothing was written: the caller has gone, the parent has ended or has too many children, or the continued run is gone. */
  | { readonly kind: "refused"; readonly reason: "aborted" | "parent_ended" | "too_many_children" | "source_gone" };

/** A large text with the hash of its content, under which it is stored. */
export interface Blob {
  readonly hash: string;
  readonly text: string;
}

/** Events to save in one transaction, with the blobs that they refer to. */
export interface Commit {
  readonly events: readonly RunEvent[];
  readonly blobs: readonly Blob[];
  /** Decides in the transaction what the commit's budget_reserved event grants; where that is nothing, it is left out. */
  readonly reservation?: Reservation;
}

/** A run without an owner, and the events with which this process claims it. */
export interface ClaimCandidate {
  readonly lease: RunLease;
  /** Events of a claim; or `run_finished`, which ends the run without claiming it. */
  readonly events: readonly RunEvent[];
}

/** A run that this process now owns, with its whole journal. */
export interface ClaimedRun {
  readonly run: Run;
  readonly events: readonly StoredEvent[];
}

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
  /** Null for a call of the workflow itself, as is `index`. */
  readonly turn: number | null;
  readonly index: number | null;
  /** The place of its start in the journal. */
  readonly startedSeq: number;
  /** Of a call of the workflow itself; those of an agent's call are in its reply. */
  readonly arguments: object | null;
  /** Null where the call has not ended. */
  readonly answer: { readonly isError: boolean; readonly code: string | null } | null;
}

/** One run of a tree: its status before `endTree`, and whether `endTree` ended it. */
export interface EndedRun {
  readonly id: string;
  readonly was: RunStatus;
  readonly ended: boolean;
}

/**
 * Runs and their journal. Each verb is one transaction, safe against other processes on the same store.
 * A verb that writes resolves when its transaction is durable, unless it says otherwise. A store inside this process has
 * done the work when the verb returns, so nothing runs between the call and its effect.
 * All verbs reject with StoreError when the store cannot be used, and with the code newer_version where they would read an
 * event of a newer legwork.
 */
export interface RunStore {
  /** True for a read-only store: each verb that would write rejects. */
  readonly isReadOnly: boolean;
  /**
   * Whether a newer legwork has changed the store since this process opened it. From then on createRun, endTree, claimAll,
   * reopen, answer and send reject with StoreError (newer_version), and interruptAbandoned does nothing. The other verbs
   * still serve the runs that this process owns.
   */
  isOutdated(): Promise<boolean>;
  /** Writes the sessions, the run (pending, owned by this process with epoch 1) and run_created. */
  createRun(run: NewRun, options: CreateRunOptions): Promise<CreateRunResult>;
  /**
   * Appends events, projects them on the row of their run and stores the blobs. Resolves to null, and writes nothing, where
   * the lease is lost or the new status may not follow the present one. With `durable`, the promise resolves after fsync, for
   * callers that cause an effect next; without it, as soon as the events survive the end of this process.
   */
  append(
    lease: RunLease,
    commit: Commit,
    options: { readonly durable: boolean },
  ): Promise<readonly StoredEvent[] | null>;
  /** Ends a run and cancels its living descendants, for any owner. Saves the events queued before first. */
  endTree(runId: string, outcome: Outcome): Promise<readonly EndedRun[]>;
  /**
   * Marks owned runs as interrupted and releases their leases; skips lost leases. Saves the events queued before first.
   * Waits at most `withinMs` for the lock of another process.
   */
  interruptAll(leases: readonly RunLease[], reason: string, options: { readonly withinMs: number }): Promise<void>;
  /**
   * Claims runs without an owner, all in one transaction: each becomes running, and this process owns it with the next
   * epoch. Skips a run whose epoch has changed, that has ended, or that ended with its parent in the same call.
   */
  claimAll(candidates: readonly ClaimCandidate[]): Promise<readonly ClaimedRun[]>;
  /** Claims one run at the request of a caller, also one that has ended. Null where its epoch has changed. */
  reopen(lease: RunLease, events: readonly RunEvent[]): Promise<ClaimedRun | null>;
  /**
   * Runs of a project that have no owner and that any process may claim, oldest first: runs whose question was answered, and
   * interrupted runs that a process worked on after `since` (Unix milliseconds).
   */
  listUnowned(project: string, since: number): Promise<readonly Run[]>;
  /** Waiting runs of all projects whose open question has expired at `now`. */
  listExpired(now: number): Promise<readonly Run[]>;
  /**
   * Answers the open question of a waiting run; false, and nothing is written, where the run is not as the lease knew it.
   * Rejects with StoreError (newer_version) where a newer legwork wrote to the run: it may have changed the question.
   */
  answer(lease: RunLease, events: readonly RunEvent[]): Promise<boolean>;
  /** Adds a message to a run, for any owner; false where the run has ended. */
  send(runId: string, event: Extract<RunEvent, { type: "message_sent" }>): Promise<boolean>;
  /** Marks runs as interrupted whose lease has expired or whose owner is provably dead; resolves to their ids. */
  interruptAbandoned(): Promise<readonly string[]>;
  /** The ids of the runs that interruptAbandoned would mark; writes nothing. */
  listAbandoned(): Promise<readonly string[]>;
  /** Extends the leases of all runs that this process owns. */
  renewLeases(): Promise<void>;
  /** The runs whose leases among these are still valid. */
  stillOwned(leases: readonly RunLease[]): Promise<ReadonlySet<string>>;
  getRun(id: string): Promise<Run | null>;
  /** The status only: far cheaper than the whole run. */
  statusOf(id: string): Promise<RunStatus | null>;
  /** The amounts that the runs of a scope have used and reserved, without the run `butRunId`. A day includes that run's own use. */
  spentIn(scope: Scope, butRunId: string): Promise<Spent>;
  /** The limits of a run and of its ancestors, the nearest first. */
  limitsAbove(runId: string): Promise<readonly TreeLimit[]>;
  /** The run that an idempotency key created in a project, with the hash of its request; durable when it resolves. */
  findRun(
    project: string,
    idempotencyKey: string,
  ): Promise<{ readonly run: Run; readonly requestHash: string | null } | null>;
  /** In the order of `ids`; leaves out unknown ones. */
  getRuns(ids: readonly string[]): Promise<readonly Run[]>;
  /** The first `limit` ids that begin so, oldest first. */
  idsWithPrefix(prefix: string, limit: number): Promise<readonly string[]>;
  /** Newest first. */
  listRuns(filter: RunFilter): Promise<readonly ListedRun[]>;
  /** Whether a newer legwork has written to the run's own journal: then only the fields of the run are reliable. */
  hasNewerEvents(runId: string): Promise<boolean>;
  /** The same for its first and last event only: cheap for a journal of any length. */
  hasNewerEnds(runId: string): Promise<boolean>;
  /**
   * Events after `afterSeq` in order, all or at most `limit`; of one `type` where that is named. An event of a newer legwork
   * counts as an event of every type.
   */
  listEvents(
    runId: string,
    query: { afterSeq: number; limit?: number; type?: RunEvent["type"] },
  ): Promise<readonly StoredEvent[]>;
  /** Events of one type, newest first, before `beforeSeq` where it is not null. */
  lastEvents(
    runId: string,
    query: { type: RunEvent["type"]; beforeSeq: number | null; limit: number },
  ): Promise<readonly StoredEvent[]>;
  /** The first `limit` calls of a run that were not read-only, oldest first. */
  listEffects(runId: string, limit: number): Promise<readonly EffectfulCall[]>;
  getBlob(hash: string): Promise<string | null>;
  /** Calls `listener` within 250 ms after another process has committed, until the returned function is called. */
  subscribe(listener: () => void): () => void;
  endSession(id: string): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}
