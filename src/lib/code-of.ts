/** The codes of errors that come from the system, from Node or from SQLite. */

/** The code of an error, such as `ENOENT`; null where it has none. The error may be of another realm than ours. */
export function codeOf(error: unknown): string | null {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
  return typeof code === "string" ? code : null;
}

/** Whether the error says that there is nothing at a path. */
export function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOENT" || code === "ENOTDIR";
}
