/** Lists the files of a definition folder. */

import { type Dirent, readdirSync, realpathSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { ConfigError } from "../../core/errors.js";
import { isWithin } from "../../files/is-within.js";
import { isMissing } from "../../lib/code-of.js";
import type { DefinitionFolder } from "./definition-folders.js";

const MOST_FILES = 5_000; // a folder of more holds something else
const MOST_LEVELS = 8;

/** The names of the files that may hold a definition, as paths in the folder; none for a missing folder. Throws ConfigError. */
export function filesIn(folder: DefinitionFolder): readonly string[] {
  if (statSync(folder.folder, { throwIfNoEntry: false }) === undefined) return []; // most are missing, and an exception is slow
  const files: string[] = [];
  collect(folder, "", new Set(), files);
  return files.sort();
}

/** `seen` holds the real folders that were listed: links may lead in a circle. */
function collect(folder: DefinitionFolder, below: string, seen: Set<string>, files: string[]): void {
  const here = join(folder.folder, below);
  const entries = entriesOf(here);
  seen.add(realpathSync(here));
  for (const entry of entries) {
    const name = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.name.startsWith(".")) continue;
    if (isDefinition(entry.name, folder)) files.push(name);
    else if (folder.hasSubfolders && isFolder(folder, entry, name, seen) && name.split("/").length <= MOST_LEVELS)
      collect(folder, name, seen, files);
    if (files.length > MOST_FILES)
      throw new ConfigError(`${folder.folder}: holds more than ${MOST_FILES} files: it is no folder of definitions`);
  }
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw new ConfigError(`${folder}: cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function isDefinition(name: string, { endings, ignoredPrefix, isHosts }: DefinitionFolder): boolean {
  if (!endings.includes(extname(name))) return false;
  if (ignoredPrefix !== null && name.startsWith(ignoredPrefix)) return false;
  return isHosts || name.toLowerCase() !== "readme.md"; // hosts read any file that has fields
}

/** A link counts as the folder that it leads to; in a project it must not lead out of the definition folder. */
function isFolder(folder: DefinitionFolder, entry: Dirent, name: string, seen: ReadonlySet<string>): boolean {
  if (!entry.isDirectory() && !entry.isSymbolicLink()) return false;
  const file = join(folder.folder, name);
  if (!statSync(file, { throwIfNoEntry: false })?.isDirectory()) return false;
  const real = realpathSync(file);
  return !seen.has(real) && (folder.isUsers || isWithin(realpathSync(folder.folder), real));
}
