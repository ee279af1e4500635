/** Visits the entries below a folder that Git does not ignore, in bounded time and size. */
import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { comparableName } from "../../files/guarded-names.js";
import { codeOf } from "../../lib/code-of.js";
import type { Location } from "../beneath/locate.js";
import type { Opened } from "../beneath/opened.js";
import { type IgnoreRules, isIgnored, parseGitIgnore } from "../patterns/git-ignore.js";
import { named, Refusal } from "../refusal.js";
import type { Workspace } from "../workspace.js";

export const MOST_ENTRIES = 5_000; // of an answer; a model cannot use more
const MOST_VISITED = 200_000; // entries of one call; some seconds
const MOST_MS = 10_000; // of one call, since every pattern is tried on every entry and other calls wait meanwhile
const MOST_LEVELS = 64; // below the folder that was asked for
const MOST_IGNORE_BYTES = 1024 * 1024; // of a .gitignore

export interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
  readonly isLink: boolean;
  /** From the folder that was asked for. */
  readonly path: readonly string[];
}

export interface Visit {
  /** Called for each entry before its content; false leaves out the entry with its content. */
  enter(entry: Entry): boolean;
  leave?(entry: Entry): void;
}

/** The entries that a visit has left out. */
export interface Omissions {
  ignored: number;
  /** Why the visit ended early, or null. */
  cut: string | null;
}

/** The folder at a location. Throws Refusal. */
export function folderAt({ found, real }: Location): Opened {
  return named("scandir", real, () => {
    if (found === null) throw Object.assign(new Error(), { code: "ENOENT" });
    if (found.kind !== "folder") throw Object.assign(new Error(), { code: "ENOTDIR" });
    return found;
  });
}

/** The entries of a folder, sorted by name. */
export function entriesOf(folder: Opened, real: string): readonly Dirent[] {
  return named("scandir", real, () => readdirSync(folder.path(), { withFileTypes: true }));
}

/** Visits depth first, in the order of names. `omissions` is filled meanwhile. */
export function visitBelow(workspace: Workspace, location: Location, visit: Visit, omissions: Omissions): void {
  const start = folderAt(location);
  const deadline = performance.now() + MOST_MS;
  let left = MOST_VISITED;

  function visitFolder(folder: Opened, above: readonly string[], rules: readonly IgnoreRules[]): void {
    const within = [...rules, ...rulesOf(folder)];
    for (const dirent of entriesOf(folder, location.real)) {
      if (omissions.cut !== null) return;
      left -= 1;
      if (left < 0) omissions.cut = `the rest is not shown: ${MOST_VISITED} entries were visited`;
      else if (performance.now() > deadline)
        omissions.cut = `the rest is not shown: the call took more than ${MOST_MS / 1000} s`;
      const names = [...folder.names, dirent.name];
      const isFolder = dirent.isDirectory();
      if (comparableName(dirent.name) === ".git" || workspace.access.isHome(names)) continue;
      if (isIgnored(within, names, isFolder)) {
        omissions.ignored += 1;
        continue;
      }
      const path = [...above, dirent.name];
      const entry = { name: dirent.name, isFolder, isLink: dirent.isSymbolicLink(), path };
      if (omissions.cut !== null || !visit.enter(entry)) continue;
      if (isFolder) descend(folder, entry, within);
      visit.leave?.(entry);
    }
  }

  function descend(folder: Opened, { name, path }: Entry, rules: readonly IgnoreRules[]): void {
    if (path.length >= MOST_LEVELS) {
      omissions.cut = `the rest is not shown: "${path.slice(0, 3).join("/")}…" is more than ${MOST_LEVELS} folders deep`;
      return;
    }
    const child = openOrNull(folder, name);
    if (child === null) return;
    try {
      if (child.kind === "folder") visitFolder(child, path, rules);
    } finally {
      child.close();
    }
  }

  visitFolder(start, [], rulesAbove(location));
}

/** Lines that say what a visit has left out. */
export function notesOn({ ignored, cut }: Omissions): readonly string[] {
  const notes = cut === null ? [] : [`[${cut}]`];
  if (ignored === 0) return notes;
  return [...notes, `[not shown: ${ignored} ${ignored === 1 ? "entry" : "entries"} that .gitignore names]`];
}

/** The rules of the folders above the one that was asked for; none where they ignore it: it was asked for by name. */
function rulesAbove({ folders, names }: Location): readonly IgnoreRules[] {
  const rules: IgnoreRules[] = [];
  for (const [index, folder] of folders.entries()) {
    rules.push(...rulesOf(folder));
    if (isIgnored(rules, names.slice(0, index + 1), true)) return [];
  }
  return rules;
}

function rulesOf(folder: Opened): readonly IgnoreRules[] {
  const file = openOrNull(folder, ".gitignore");
  if (file === null) return [];
  try {
    if (file.kind !== "file" || file.stats.size > MOST_IGNORE_BYTES) return [];
    return [parseGitIgnore(readFileSync(file.descriptor(), "utf8"), folder.names)];
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return [];
  } finally {
    file.close();
  }
}

/** Null where it is gone, or may not be opened: such an entry is left out. */
function openOrNull(folder: Opened, name: string): Opened | null {
  try {
    return folder.open(name);
  } catch (error) {
    if (codeOf(error) === null && !(error instanceof Refusal)) throw error;
    return null;
  }
}
