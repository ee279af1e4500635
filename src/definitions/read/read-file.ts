/** Reads definition files. A link must not lead out of the folder, unless it is the user's own. */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../../core/errors.js";
import { isWithin } from "../../files/is-within.js";
import { withRegularFile } from "../../files/regular-file.js";

const MAX_BYTES = 1_000_000; // no definition is longer

export interface ReadFile {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** The limits within which the files of a definition folder lie. */
export interface Bounds {
  readonly folder: string;
  /** The project, out of which its own folder must not lead; null for other folders. */
  readonly root: string | null;
  /** Whether links may lead out of the folder: they may where it is the user's own. */
  readonly isUsers: boolean;
}

/** Reads one file of a definition folder. Returns the same object until the file changes. Throws ConfigError. */
export type FileReader = (bounds: Bounds, name: string) => ReadFile;

export function createFileReader(): FileReader {
  const cache = new Map<string, { readonly stamp: string; readonly read: ReadFile }>();
  return (bounds, name) => {
    const file = join(bounds.folder, name);
    const rules = { label: file, mostBytes: MAX_BYTES, followsLinks: false, mayGrow: false };
    return withRegularFile(realFile(file, bounds), rules, ({ stamp, read }) => {
      const known = cache.get(file);
      if (known?.stamp === stamp) return known.read;
      const fresh = { file, bytes: read() };
      cache.set(file, { stamp, read: fresh });
      return fresh;
    });
  };
}

function realFile(file: string, { folder, root, isUsers }: Bounds): string {
  try {
    const realFolder = realpathSync(folder);
    if (root !== null && !isWithin(realpathSync(root), realFolder))
      throw new ConfigError(`${folder}: leads out of the project: put the folder itself there`);
    const real = realpathSync(file);
    if (!isUsers && !isWithin(realFolder, real))
      throw new ConfigError(`${file}: is a link that leads out of its folder: put the file itself there`);
    return real;
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(`${file}: cannot be read: ${(cause as Error).message}`, { cause });
  }
}
