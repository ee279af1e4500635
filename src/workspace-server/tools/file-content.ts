/** Reads the bytes of files that agents may see. */
import { readFileSync, readSync } from "node:fs";
import type { SeenFile } from "../../core/tools/seen-file.js";
import { fileStamp } from "../../lib/hash.js";
import { type CallFiles, fileAt, stampOf } from "../answer.js";
import type { Location } from "../beneath/locate.js";
import type { Opened } from "../beneath/opened.js";
import { named, Refusal, systemRefusal } from "../refusal.js";
import type { Workspace } from "../workspace.js";

/** The bytes of a file that are read at once; an answer holds its text twice, and a message has at most 64 MiB. */
export const MOST_BYTES = 8 * 1024 * 1024;

export interface FileContent {
  readonly bytes: Buffer;
  readonly file: SeenFile;
}

/** The regular file at a location that the agent may read. Throws Refusal. */
export function readableFile(
  { access }: Workspace,
  location: Location,
  { seen }: CallFiles,
  operation = "open",
): Opened {
  const { asked, found, names, real } = location;
  access.requireReadable(asked.written, asked.names);
  access.requireReadable(asked.written, names);
  if (found === null) {
    seen.push(fileAt(names, null));
    throw systemRefusal("ENOENT", operation, real);
  }
  return regularFile(found, asked.written);
}

export function regularFile(found: Opened, written: string): Opened {
  if (found.kind === "folder") throw systemRefusal("EISDIR", "read");
  if (found.kind !== "file") throw new Refusal(`"${written}" is no regular file, so it is not opened`);
  return found;
}

/** The whole of a file. Throws Refusal where it is too large. */
export function wholeFile(file: Opened, { asked, real }: Location): FileContent {
  const tooLarge = (size: bigint | number) =>
    new Refusal(`"${asked.written}" has ${size} bytes, and at most ${MOST_BYTES} are read at once`);
  if (isLarge(file)) throw tooLarge(file.stats.size);
  const bytes = named("open", real, () => readFileSync(file.descriptor()));
  if (bytes.length > MOST_BYTES) throw tooLarge(bytes.length);
  return { bytes, file: fileAt(file.names, stampOf(bytes)) };
}

/** The first or the last bytes of a file that is too large to be read whole. */
export function partOfFile(file: Opened, from: "start" | "end", { real }: Location): FileContent {
  const start = from === "start" ? 0 : Number(file.stats.size) - MOST_BYTES;
  const buffer = Buffer.alloc(MOST_BYTES);
  let length = 0;
  while (length < MOST_BYTES) {
    const read = named("open", real, () =>
      readSync(file.descriptor(), buffer, length, MOST_BYTES - length, start + length),
    );
    if (read === 0) break;
    length += read;
  }
  return { bytes: buffer.subarray(0, length), file: fileAt(file.names, statsStamp(file)) };
}

export function isLarge({ stats }: Opened): boolean {
  return stats.size > MOST_BYTES;
}

/** The stamp of a file that is too large to be read for one. */
export function statsStamp({ stats }: Opened): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  return fileStamp({
    dev: Number(dev),
    ino: Number(ino),
    size: Number(size),
    mtimeMs: Number(mtimeNs),
    ctimeMs: Number(ctimeNs),
  });
}
