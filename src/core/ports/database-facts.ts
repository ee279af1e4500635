/** The database as an operator sees it. */

/** The state of the database file, and its fault if it has one. */
export interface DatabaseFacts {
  /** False before anything is stored. */
  readonly exists: boolean;
  readonly bytes: number;
  readonly logBytes: number;
  readonly runs: number;
  /** Why the database cannot be used or trusted, in a sentence; null where it can. */
  readonly fault: string | null;
  /** False where the file or its folder is read-only. */
  readonly isWritable: boolean;
  /** Whether users other than its owner can read or write it. */
  readonly isOpenToOthers: boolean;
  /** Whether it belongs to another user. */
  readonly isOthers: boolean;
  /** Free bytes on its disk; null where the system does not report them. */
  readonly freeBytes: number | null;
}
