/** Files of the project as a run last saw them: a change by anybody since then must not be lost when the run writes. */
import { isRecord } from "../../lib/is-record.js";

export interface SeenFile {
  /** The real path from the project, with `/` between names. */
  readonly path: string;
  /** Stays the same while the content does; null where there was no file. */
  readonly stamp: string | null;
}

/** The key of `_meta` under which the workspace server tells the files of a call, and gets those that the run has seen. */
export const SEEN_FILES = "legwork/seen-files";

/** At most so many files of a run are remembered, the last ones. */
const MOST_SEEN = 2_000;

/** The files in the `_meta` of a message; none where it has none, or none that can be read. */
export function readSeenFiles(meta: unknown): readonly SeenFile[] {
  const files = isRecord(meta) ? meta[SEEN_FILES] : undefined;
  if (!Array.isArray(files)) return [];
  return files.flatMap((file) => {
    if (!isRecord(file) || typeof file.path !== "string") return [];
    const { path, stamp } = file;
    return typeof stamp === "string" || stamp === null ? [{ path, stamp }] : [];
  });
}

/** Adds what a call has seen; `seen` holds stamps by path, the oldest first. */
export function rememberFiles(seen: Map<string, string | null>, files: readonly SeenFile[]): void {
  for (const { path, stamp } of files) {
    seen.delete(path);
    seen.set(path, stamp);
  }
  for (const path of seen.keys()) {
    if (seen.size <= MOST_SEEN) return;
    seen.delete(path);
  }
}
