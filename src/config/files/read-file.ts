/** Reads configuration files. */
import { ConfigError } from "../../core/errors.js";
import { withRegularFile } from "../../files/regular-file.js";
import { isMissing } from "../../lib/code-of.js";
import { parseJson } from "./parse-json.js";

export const LARGEST_CONFIG = 1024 * 1024; // bytes; parsing a larger file would block the process
const LARGEST_USER_FILE = 64 * 1024 * 1024; // bytes; hosts keep histories in these files

/** The bytes of a regular file, or null where there is none. Throws ConfigError. */
export function readRegularFile(file: string, mostBytes: number): Uint8Array | null {
  try {
    const rules = { label: file, mostBytes, followsLinks: true, mayGrow: true };
    return withRegularFile(file, rules, (opened) => opened.read());
  } catch (error) {
    if (error instanceof ConfigError && isMissing(error.cause)) return null;
    throw error;
  }
}

/** The value in a JSON file that another host keeps for the user, or null where there is no file. Throws ConfigError. */
export async function readUserJson(file: string): Promise<unknown> {
  const bytes = readRegularFile(file, LARGEST_USER_FILE);
  return bytes === null ? null : parseJson(bytes, file);
}
