/** Reads a file of another host that belongs to the user. */

import { parseJson } from "../files/parse-json.js";
import { readRegularFile } from "../files/read-file.js";

const LARGEST_USER_FILE = 64 * 1024 * 1024; // bytes; hosts keep histories in these files

/** The value in a JSON file, or null where there is no file. Throws ConfigError. */
export async function readImportFile(file: string): Promise<unknown> {
  const bytes = readRegularFile(file, LARGEST_USER_FILE);
  return bytes === null ? null : parseJson(bytes, file);
}
