/** `legwork backup FILE`: a copy of the database, and how to go back to it. */
import { resolve } from "node:path";
import { visible } from "../../core/visible.js";
import { defineCommand, jsonOption, one } from "../command.js";
import { byteText, counted } from "../render/amounts.js";
import { OK_EXIT } from "../render/command-end.js";
import { visibleJson } from "../render/visible.js";
import type { DatabaseCare, Installation } from "../services.js";

export const backup = defineCommand({
  name: "backup",
  summary: "Copy the database while others work on it",
  description: "Writes the copy, checks it, and prints how to restore it. An existing file is not overwritten.",
  examples: ["legwork backup ~/legwork-backup.db"],
  arguments: { name: one("FILE", "The file to write", "name one file to write") },
  options: { json: jsonOption },
  async run({ name, json }, services: DatabaseCare & Installation) {
    const file = resolve(name);
    const { runs, bytes } = await services.backupDatabase(file);
    const { databaseFile } = services;
    const restore = `to restore it, end all legwork processes, delete ${databaseFile}-wal and ${databaseFile}-shm, and copy it to ${databaseFile}`;
    const text = `${visible(file)} written and checked: ${counted(runs, "run")}, ${byteText(bytes)}\n${visible(restore)}\n`;
    return { text: json ? visibleJson({ file, runs, bytes, restore }) : text, exitCode: OK_EXIT };
  },
});
