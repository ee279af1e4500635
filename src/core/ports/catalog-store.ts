/** Stored catalogs and accepted tool definitions. */

/** A server's own list of tools, as it sent it. */
export interface ToolList {
  readonly tools: readonly unknown[];
  /** False when a limit ended the listing. */
  readonly complete: boolean;
  /** Why tools cannot be used, by their index in the list; absent where the list has not been checked yet. */
  readonly faults?: Readonly<Record<number, string>>;
}

/** The tools that servers listed when they last ran, by the hash of their definition. */
export interface CatalogStore {
  /** `at` is when it was saved, in Unix milliseconds. Throws StoreError. */
  load(definitionHash: string): { readonly list: ToolList; readonly at: number } | null;
  /**
   * Writes a large list piece by piece; one that was not written to its end is not loaded. Two saves of one hash must not
   * overlap. Rejects with StoreError.
   */
  save(definitionHash: string, list: ToolList): Promise<void>;
}

/** A tool's definition as the user accepted it. */
export interface Pin {
  readonly tool: string;
  readonly hash: string;
  /** As JSON; the hash is that of the readable JSON of the same. */
  readonly definition: string;
}

/** Accepted definitions, by the file that defines a server and the server's name. */
export interface PinStore {
  /** Throws StoreError. */
  load(from: string, server: string): ReadonlyMap<string, Pin>;
  /** Accepts these in place of what was accepted before. Throws StoreError, with the code newer_version in an outdated store. */
  accept(from: string, server: string, pins: readonly Pin[]): void;
}
