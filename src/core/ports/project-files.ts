/** Files of the project, as a run may read them. */

/**
 * Reads a text file inside the project, of at most `mostBytes`; `fault` says why it cannot be had. Never throws for what
 * the path names.
 */
export type ReadProjectFile = (
  path: string,
  mostBytes: number,
) => Promise<{ readonly text: string } | { readonly fault: string }>;
