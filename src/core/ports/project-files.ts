/** Files of the project that a run may read. */

/** Reads a text file inside the project of at most `mostBytes`. No path makes it reject. */
export type ReadProjectFile = (path: string, mostBytes: number) => Promise<ProjectFile>;

/** The text of a file, or why it cannot be read. */
export type ProjectFile =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "fault"; readonly fault: string };
