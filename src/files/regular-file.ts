/** Reads files that anybody may have put in place: never a pipe, a device or a file without end. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { ConfigError } from "../core/errors.js";
import { fileStamp } from "../lib/hash.js";

// Without O_NONBLOCK, opening a pipe would wait until somebody writes to it.
const READ_ONLY = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
/** Opens a file to read it. Fails instead of following a link that replaced the file a moment ago. */
export const READ_ONLY_NO_LINK = READ_ONLY | (constants.O_NOFOLLOW ?? 0);

export interface RegularFile {
  /** Stays the same for as long as nobody changes the file. */
  readonly stamp: string;
  /** All bytes. Throws ConfigError where the file changes its size meanwhile and `mayGrow` is false. */
  read(): Uint8Array;
}

export interface ReadingRules {
  /** The path as messages name it. */
  readonly label: string;
  readonly mostBytes: number;
  readonly followsLinks: boolean;
  /** Whether a file that another program is writing is read as far as it goes. */
  readonly mayGrow: boolean;
}

/** Opens a regular file, hands it to `use` and closes it. Throws ConfigError; its cause is the system's error. */
export function withRegularFile<T>(path: string, rules: ReadingRules, use: (file: RegularFile) => T): T {
  const { label, mostBytes, followsLinks, mayGrow } = rules;
  const attempt = <R>(work: () => R): R => {
    try {
      return work();
    } catch (cause) {
      throw new ConfigError(`${label}: cannot be read: ${(cause as Error).message}`, { cause });
    }
  };
  const tooLarge = () => new ConfigError(`${label}: larger than ${mostBytes} bytes`);
  const descriptor = attempt(() => openSync(path, followsLinks ? READ_ONLY : READ_ONLY_NO_LINK));
  try {
    const stats = attempt(() => fstatSync(descriptor));
    if (!stats.isFile()) throw new ConfigError(`${label}: cannot be read: it is no regular file`);
    if (stats.size > mostBytes) throw tooLarge();
    return use({
      stamp: fileStamp(stats),
      read() {
        const bytes = attempt(() => readFileSync(descriptor));
        if (bytes.length > mostBytes) throw tooLarge();
        if (!mayGrow && attempt(() => fstatSync(descriptor)).size !== bytes.length)
          throw new ConfigError(`${label}: changed while it was read: try again`);
        return bytes;
      },
    });
  } finally {
    closeSync(descriptor);
  }
}
