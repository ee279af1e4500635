/** The database as an operator sees it. */

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
