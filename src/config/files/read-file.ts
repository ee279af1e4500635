/** Reads a configuration file without trusting that it is one. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { ConfigError } from "../../core/errors.js";

export const LARGEST_CONFIG = 1024 * 1024; // bytes; parsing a larger file would hold up the process

/** The bytes of a regular file, or null where there is none. Throws ConfigError; a pipe or a device is never read. */
export function readRegularFile(file: string, mostBytes: number): Uint8Array | null {
  let descriptor: number | null = null;
  try {
    // Opening a pipe that nobody writes to would otherwise wait for ever.
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const state = fstatSync(descriptor);
    if (!state.isFile()) throw new ConfigError(`${file}: cannot be read: it is no regular file`);
    if (state.size > mostBytes) throw new ConfigError(`${file}: larger than ${mostBytes} bytes`);
    return readFileSync(descriptor);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new ConfigError(`${file}: cannot be read: ${message}`, { cause });
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}
