/** A database seen from outside: the runs, their owners and the stored journals. */

/** A run that has not ended, as its row is now. */
export interface UnfinishedRun {
  readonly id: string;
  readonly title: string;
  /** The id of the process that owns it; null where none does. */
  readonly process: number | null;
  readonly lastSeq: number;
  /** Crashes since the run last finished a reply or a call. */
  readonly attempts: number;
}

/** A question that waits for a person. */
export interface SeenQuestion {
  readonly runId: string;
  readonly id: string;
  readonly kind: string;
}

/** A run, ended or not. */
export interface SeenRun {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  /** JSON; null where it has not ended. */
  readonly outcome: string | null;
  /** Tokens that a request of it in flight has reserved. */
  readonly reservedTokens: number;
}

/** An event as it is stored. */
export interface RawEvent {
  readonly seq: number;
  readonly type: string;
  /** JSON. */
  readonly data: string;
}

/** Reads the database and writes nothing. */
export interface DatabaseObserver {
  /** A number that changes with each commit of any process. */
  changes(): number;
  /** Runs that have not ended, oldest first. */
  unfinished(): readonly UnfinishedRun[];
  /** The open questions. */
  questions(): readonly SeenQuestion[];
  /** All runs, oldest first. */
  runs(): readonly SeenRun[];
  events(runId: string, afterSeq: number): readonly RawEvent[];
  /** Keeps every process from committing while `act` runs. */
  whileNobodyCommits(act: () => void): void;
  close(): void;
}
