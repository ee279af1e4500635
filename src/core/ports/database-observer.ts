/** Observes a database from outside: which process holds which run, and the journals as they lie on disk. */

/** A run that has not ended, as its row is now. */
export interface HeldRun {
  readonly id: string;
  readonly title: string;
  /** The id of the process that holds it; null where none does. */
  readonly process: number | null;
  readonly lastSeq: number;
  /** How often a process has recovered it since it last finished something. */
  readonly attempts: number;
}

/** A run, ended or not. */
export interface SeenRun {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  /** JSON; null where it has not ended. */
  readonly outcome: string | null;
}

/** An event as it lies on disk. */
export interface RawEvent {
  readonly seq: number;
  readonly type: string;
  /** JSON. */
  readonly data: string;
}

/** Reads; writes nothing. */
export interface DatabaseObserver {
  /** A number that changes with each commit of any process. */
  changes(): number;
  /** Runs that have not ended, oldest first. */
  held(): readonly HeldRun[];
  /** All runs, oldest first. */
  runs(): readonly SeenRun[];
  events(runId: string, afterSeq: number): readonly RawEvent[];
  /** Keeps every process from committing while `act` runs. */
  whileNobodyCommits(act: () => void): void;
  close(): void;
}
