/** Files of the project that a run may read. */

/**
 * Reads a text file inside the project of at most `mostBytes`; `fault` says why it cannot be read. No path makes it
 * reject.
 */
export type ReadProjectFile = (
  path: string,
  mostBytes: number,
) => Promise<{ readonly text: string } | { readonly fault: string }>;
