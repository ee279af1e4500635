/** `legwork trust`: from now on the project's configuration counts, as it is at this moment. */
import type { Paths } from "../../config/files/paths.js";
import { GUARDED_FILES, trustProject } from "../../config/trust/trust.js";

/** Records the trust and returns what to tell the user. */
export async function trust(paths: Paths, definitions: ReadonlyMap<string, Uint8Array>): Promise<string> {
  const { project } = paths;
  const { files, changed } = await trustProject(paths, definitions);
  const news = changed.map((file) => `${file} ${files.has(file) ? "was new or had changed" : "is gone"}.\n`).join("");
  if (files.size === 0)
    return `${news}${project} has none of ${GUARDED_FILES.join(", ")} and no agents or workflows: there is nothing to trust\n`;
  return `${news}${project} is now trusted, until one of these changes: ${[...files.keys()].join(", ")}\n${restartFor(files)}`;
}

/** Agents and workflows are read anew with each run; the configuration is kept. */
function restartFor(files: ReadonlyMap<string, unknown>): string {
  const isKept = GUARDED_FILES.some((file) => files.has(file));
  return isKept ? "Restart legwork in your host for it to take effect.\n" : "The next run has them.\n";
}
