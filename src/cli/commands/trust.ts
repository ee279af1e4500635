/** `legwork trust`: from now on legwork applies the project's configuration and definitions, as they are now. */
import { defineCommand, jsonOption } from "../command.js";
import { OK_EXIT } from "../render/command-end.js";
import { visibleJson } from "../render/visible.js";
import type { Installation, ProjectTrust, TrustedProject } from "../services.js";

export const trust = defineCommand({
  name: "trust",
  summary: "Trust the project's current configuration",
  description:
    "Records the project's configuration, agents and workflows as they are now, and lets your servers start in it. legwork leaves out a file that is new or has changed since.",
  examples: ["legwork trust", "legwork trust --project ~/work/shop"],
  arguments: {},
  options: { json: jsonOption },
  async run({ json }, services: ProjectTrust & Installation) {
    const trusted = await services.trustProject();
    const { project } = services;
    const { files, changed } = trusted;
    const shown = {
      project,
      files,
      changed: changed.map(({ file, isGone }) => ({ file, change: isGone ? "gone" : "new_or_changed" })),
    };
    return { text: json ? visibleJson(shown) : toText(project, trusted), exitCode: OK_EXIT };
  },
});

function toText(project: string, { files, changed, configurationFiles, isNew }: TrustedProject): string {
  const news = changed
    .map(({ file, isGone }) => `${file} ${isGone ? "is gone" : "was new or had changed"}.\n`)
    .join("");
  const needsRestart = isNew || configurationFiles.some((file) => files.includes(file));
  const next = needsRestart ? "Restart legwork in your host for it to take effect.\n" : "The next run has them.\n";
  const bounds =
    files.length === 0
      ? `: your servers start in it. It has none of ${configurationFiles.join(", ")} and no agents or workflows`
      : `, until one of these changes: ${files.join(", ")}`;
  return `${news}${project} is now trusted${bounds}\n${next}`;
}
