/** A database seen from outside: which process holds which run, and what lies in the journals. */

/** A run that has not ended, as its row is now. */
export interface HeldRun {
  readonly id: string;
  readonly title: string;
  /** The process that holds it; null where nobody does. */
  readonly process: number | null;
  readonly lastSeq: number;
  /** How often it was taken over since something in it was last finished. */
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

/** Looks on and writes nothing. */
export interface DatabaseObserver {
  /** A number that differs from the last one when anybody has committed since. */
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
