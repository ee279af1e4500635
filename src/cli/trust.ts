/** `legwork trust`: from now on the project's configuration counts, as it is at this moment. */
import type { Place } from "../config/places.js";
import { trustProject } from "../config/trust.js";

/** Records the trust and returns what to tell the user. */
export function trust({ home, project }: Place): string {
  const { files, changed } = trustProject(home, project);
  if (files.size === 0) return `${project} has no .legwork/config.yaml: there is nothing to trust\n`;
  const news = changed.map((file) => `${file} was new or had changed.\n`).join("");
  return `${news}${project} is now trusted, until one of these changes: ${[...files.keys()].join(", ")}\nRestart legwork in your host for it to take effect.\n`;
}
