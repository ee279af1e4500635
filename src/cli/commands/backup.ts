/** `legwork backup FILE`: a copy of the database, and how to go back to it. */
import { resolve } from "node:path";
import { ConfigError } from "../../core/errors.js";
import { byteText } from "../render/byte-text.js";
import { type CommandEnd, OK_EXIT } from "../render/command-end.js";
import { counted } from "../render/counted.js";
import { visible, visibleJson } from "../render/visible.js";

export interface BackupOptions {
  /** What stands behind `backup`. */
  readonly words: readonly string[];
  readonly json: boolean;
}

export interface BackupDeps {
  readonly databaseFile: string;
  backup(target: string): Promise<{ readonly runs: number; readonly bytes: number }>;
}

/** Throws ConfigError, StoreError. */
export async function backup({ words, json }: BackupOptions, deps: BackupDeps): Promise<CommandEnd> {
  const [name, more] = words;
  if (!name || more !== undefined) throw new ConfigError("name one file to write: legwork backup FILE");
  const file = resolve(name);
  const { runs, bytes } = await deps.backup(file);
  const { databaseFile } = deps;
  const restore = `to restore it, end all legwork processes, delete ${databaseFile}-wal and ${databaseFile}-shm, and copy it to ${databaseFile}`;
  const text = `${visible(file)} written and checked: ${counted(runs, "run")}, ${byteText(bytes)}\n${visible(restore)}\n`;
  return { text: json ? visibleJson({ file, runs, bytes, restore }) : text, exitCode: OK_EXIT };
}
