/** Tells which files have changed since a process read them. */
import { statSync } from "node:fs";
import { fileStamp } from "../../lib/hash.js";

/** Remembers the files as they are now. The returned function names those that have changed, appeared or gone since. */
export function watchFiles(files: readonly string[]): () => readonly string[] {
  const before = new Map(files.map((file) => [file, stampOf(file)]));
  return () => files.filter((file) => stampOf(file) !== before.get(file));
}

/** Null where there is no file, or none that can be reached. */
function stampOf(file: string): string | null {
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    return stats === undefined ? null : fileStamp(stats);
  } catch {
    return null;
  }
}
