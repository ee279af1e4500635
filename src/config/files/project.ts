/** Finds the project folder. */
import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { ConfigError } from "../../core/errors.js";

/**
 * The project folder as a real path: `asked`, else the nearest ancestor of `cwd` with `.legwork` or `.git`, else `cwd`.
 * A `.legwork` that is legwork's own home marks no project. Throws ConfigError where `asked` is no folder.
 */
export function findProject(asked: string | null, cwd: string, home: string): string {
  if (asked !== null) {
    if (!statSync(asked, { throwIfNoEntry: false })?.isDirectory())
      throw new ConfigError(`--project: ${asked} is not a folder: give one that exists`);
    return realpathSync(asked);
  }
  const start = realpathSync(cwd);
  const ownHome = existsSync(home) ? realpathSync(home) : home;
  for (let folder = start; ; folder = dirname(folder)) {
    const marker = join(folder, ".legwork");
    if (existsSync(join(folder, ".git")) || (existsSync(marker) && realpathSync(marker) !== ownHome)) return folder;
    if (folder === dirname(folder)) return start;
  }
}
