/** Reads a definition file, and nothing else: no link that leaves its folder, no pipe, no file without end. */
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";
import { ConfigError } from "../../core/errors.js";
import { fileStamp } from "../../lib/file-stamp.js";

const MAX_BYTES = 1_000_000; // no definition is longer

export interface ReadFile {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** Where a definition folder lies; a project's own must not lead out of its root either. */
export interface Bounds {
  readonly folder: string;
  readonly root: string | null;
}

/** Reads one file of a definition folder. The same object comes back for as long as the file stays as it is. Throws ConfigError. */
export type FileReader = (bounds: Bounds, name: string) => ReadFile;

export function createFileReader(): FileReader {
  const cache = new Map<string, { readonly stamp: string; readonly read: ReadFile }>();
  return (bounds, name) => {
    const file = join(bounds.folder, name);
    const descriptor = open(file, realFile(file, bounds));
    try {
      const stats = fstatSync(descriptor);
      if (!stats.isFile()) throw new ConfigError(`${file}: is no file`);
      if (stats.size > MAX_BYTES) throw new ConfigError(`${file}: larger than ${MAX_BYTES} bytes`);
      const stamp = fileStamp(stats);
      const known = cache.get(file);
      if (known?.stamp === stamp) return known.read;
      const read = { file, bytes: readAll(descriptor, file, stats.size) };
      cache.set(file, { stamp, read });
      return read;
    } finally {
      closeSync(descriptor);
    }
  };
}

function realFile(file: string, { folder, root }: Bounds): string {
  try {
    const realFolder = realpathSync(folder);
    if (root !== null && !isInside(realFolder, realpathSync(root)))
      throw new ConfigError(`${folder}: leads out of the project: put the folder itself there`);
    const real = realpathSync(file);
    if (!isInside(real, realFolder))
      throw new ConfigError(`${file}: is a link that leads out of its folder: put the file itself there`);
    return real;
  } catch (cause) {
    throw cause instanceof ConfigError ? cause : unreadable(file, cause);
  }
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** Without waiting, for a pipe would keep us for ever; without following a link that was put there a moment ago. */
function open(file: string, real: string): number {
  try {
    return openSync(real, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0));
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function readAll(descriptor: number, file: string, size: number): Uint8Array {
  const buffer = new Uint8Array(size + 1);
  let length = 0;
  try {
    for (let got = -1; got !== 0 && length < buffer.length; length += got)
      got = readSync(descriptor, buffer, length, buffer.length - length, null);
  } catch (cause) {
    throw unreadable(file, cause);
  }
  if (length > size) throw new ConfigError(`${file}: changed while it was read: try again`);
  return buffer.slice(0, length);
}

function unreadable(file: string, cause: unknown): ConfigError {
  return new ConfigError(`${file}: cannot be read: ${(cause as Error).message}`, { cause });
}
