/** `legwork runs prune`: deletes runs that ended long ago. */
import { ConfigError } from "../../../core/errors.js";
import { visible } from "../../../core/visible.js";
import { defineCommand, duration, jsonOption, toggle } from "../../command.js";
import { byteText, counted } from "../../render/amounts.js";
import { OK_EXIT } from "../../render/command-end.js";
import { visibleJson } from "../../render/visible.js";
import type { DatabaseCare, Installation } from "../../services.js";

export const pruneRuns = defineCommand({
  name: "prune",
  summary: "Delete runs that ended long ago",
  description: "Deletes ended runs of this project with everything stored about them, and shrinks the database.",
  examples: ["legwork runs prune --older-than 30d", "legwork runs prune --older-than 8w --all --dry-run"],
  arguments: {},
  options: {
    olderThan: duration("AGE", "Only runs that ended longer ago, such as 12h, 30d or 8w"),
    all: toggle("Delete runs of all projects"),
    dryRun: toggle("Only print how much would be deleted"),
    json: jsonOption,
  },
  async run({ olderThan, all, dryRun, json }, services: DatabaseCare & Installation) {
    if (olderThan === null) throw new ConfigError("say how old: legwork runs prune --older-than 30d");
    const project = all ? null : services.project;
    const { runs, newer, bytes, fileBytes } = await services.pruneRuns({
      olderThan: olderThan.milliseconds,
      project,
      dryRun,
    });
    const shown = {
      runs,
      ...(newer === 0 ? {} : { left_to_newer: newer }),
      bytes,
      database_bytes: fileBytes,
      older_than: olderThan.text,
      project,
      dry_run: dryRun,
    };
    const where = project === null ? "all projects" : visible(project);
    const done = `${counted(runs, "run")} of ${where} ${dryRun ? "would be deleted" : "deleted"}, ${byteText(bytes)}`;
    const size = dryRun
      ? "nothing was changed"
      : `the database had ${byteText(fileBytes.before)} and has ${byteText(fileBytes.after)}`;
    const skipped =
      newer === 0 ? "" : `${counted(newer, "run")} kept: written by a newer legwork, so update this one\n`;
    return { text: json ? visibleJson(shown) : `${done}; ${size}\n${skipped}`, exitCode: OK_EXIT };
  },
});
