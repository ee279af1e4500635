/** Where a folder of former times is now. */
import { realpathSync } from "node:fs";
import { ConfigError } from "../core/errors.js";
import { isMissing } from "../lib/code-of.js";

/** The real path of what is at a path; null where there is nothing. Throws ConfigError where the system does not say. */
export function folderAt(path: string): string | null {
  try {
    return realpathSync(path);
  } catch (cause) {
    if (isMissing(cause)) return null;
    throw new ConfigError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
