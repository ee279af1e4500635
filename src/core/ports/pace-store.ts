/** The paces of keys, shared by all processes on one database. */
import type { Pace } from "../pace/pace.js";

export interface PaceStore {
  /** `account` stands for a key at an address, and tells nothing of it. Throws StoreError. */
  load(account: string): Pace | null;
  /**
   * Replaces the pace of an account in one transaction, by a pure function of the stored pace; it writes nothing where the
   * function returns the same object. Resolves to the result of the function. Rejects with StoreError.
   */
  change<T extends { readonly pace: Pace | null }>(account: string, act: (stored: Pace | null) => T): Promise<T>;
}
