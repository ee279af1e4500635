/** `legwork runs prune`: deletes runs that ended long ago. */
import { ConfigError } from "../../core/errors.js";
import { byteText } from "../render/byte-text.js";
import { type CommandEnd, OK_EXIT } from "../render/command-end.js";
import { counted } from "../render/counted.js";
import { parseDuration } from "../render/duration.js";
import { visible, visibleJson } from "../render/visible.js";

export interface PruneOptions {
  readonly json: boolean;
  /** A duration such as 30d. */
  readonly olderThan: string | null;
  /** Of all projects. */
  readonly all: boolean;
  readonly dryRun: boolean;
}

export interface PruneDeps {
  readonly project: string;
  prune(request: { readonly olderThan: number; readonly project: string | null; readonly dryRun: boolean }): Promise<{
    readonly runs: number;
    /** Runs that stay because a newer legwork wrote to them. */
    readonly newer: number;
    readonly bytes: number;
    readonly fileBytes: { readonly before: number; readonly after: number };
  }>;
}

/** Throws ConfigError, StoreError. */
export async function pruneCommand(options: PruneOptions, deps: PruneDeps): Promise<CommandEnd> {
  const { json, olderThan, all, dryRun } = options;
  if (olderThan === null) throw new ConfigError("say how old: legwork runs prune --older-than 30d");
  const project = all ? null : deps.project;
  const { runs, newer, bytes, fileBytes } = await deps.prune({
    olderThan: parseDuration("older-than", olderThan),
    project,
    dryRun,
  });
  const what = {
    runs,
    ...(newer === 0 ? {} : { left_to_newer: newer }),
    bytes,
    database_bytes: fileBytes,
    older_than: olderThan,
    project,
    dry_run: dryRun,
  };
  const where = project === null ? "all projects" : visible(project);
  const done = `${counted(runs, "run")} of ${where} ${dryRun ? "would be deleted" : "deleted"}, ${byteText(bytes)}`;
  const size = dryRun
    ? "nothing was changed"
    : `the database had ${byteText(fileBytes.before)} and has ${byteText(fileBytes.after)}`;
  const left =
    newer === 0 ? "" : `${counted(newer, "run")} left alone: written by a newer legwork, so update this one\n`;
  return { text: json ? visibleJson(what) : `${done}; ${size}\n${left}`, exitCode: OK_EXIT };
}
