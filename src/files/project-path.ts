/** Where a path leads in the project: one value for every spelling of the same place. */

import { lstatSync, readdirSync, readlinkSync, realpathSync, type Stats } from "node:fs";
import path from "node:path";
import type { ProjectPath, ResolveProjectPath } from "../core/workflow/condition.js";
import { codeOf } from "../lib/code-of.js";
import { pathOrUrl } from "./file-url.js";
import { isWithin } from "./is-within.js";

const LONGEST_PATH = 4_096; // characters, which no system exceeds
const MOST_LINKS = 40; // as Linux allows; more are a circle
const FORM_OF_NAMES = "NFC"; // of the answer, also where the disk has another: conditions are read in it too
const OUTSIDE: ProjectPath = { kind: "outside" };

/**
 * Resolves paths as servers do that work in the project: relative ones from its root, through links, and beyond what exists.
 * `root` is a real path. A path that programs understand in two ways is unknown.
 */
export function createProjectPath(root: string): ResolveProjectPath {
  return (asked) => {
    try {
      return resolveIn(root, asked);
    } catch (error) {
      return unknown(codeOf(error) ?? (error as Error).message);
    }
  };
}

function resolveIn(root: string, asked: string): ProjectPath {
  if (asked.length > LONGEST_PATH) return unknown("it is too long");
  if (asked.includes("\0")) return unknown("it holds a NUL");
  if (asked.startsWith("~")) return unknown("some programs take ~ for a home folder, others for a name");
  const written = pathOrUrl(asked);
  if (written === null) return unknown("some programs take it for a URL, others for a name");
  const target = walk(path.isAbsolute(written) ? path.parse(written).root : root, written);
  // Some programs take ".." away before they follow links, others afterwards.
  if (written.includes("..") && target !== walk(path.parse(root).root, path.resolve(root, written)))
    return unknown('".." behind a link leads to different places');
  if (!isWithin(root, target)) return OUTSIDE;
  const inside = path.relative(root, target).split(path.sep).join("/");
  return { kind: "inside", path: inside === "" ? "." : inside.normalize(FORM_OF_NAMES) };
}

function unknown(fault: string): ProjectPath {
  return { kind: "unknown", fault };
}

/** Follows a path name by name from a real folder. Throws where it cannot be followed. */
function walk(from: string, written: string): string {
  let here = from;
  let links = 0;
  const names = namesOf(written);
  while (names.length > 0) {
    const name = names.shift() ?? "";
    if (name === "..") {
      here = path.dirname(here);
      continue;
    }
    const entry = path.join(here, nameIn(here, name));
    const target = linkAt(entry);
    if (target === null) {
      here = entry;
      continue;
    }
    links += 1;
    if (links > MOST_LINKS) throw new Error("its links lead in a circle");
    if (path.isAbsolute(target)) here = realRootOf(target);
    names.unshift(...namesOf(target));
  }
  return here;
}

function namesOf(written: string): string[] {
  const rest = path.isAbsolute(written) ? written.slice(path.parse(written).root.length) : written;
  return rest.split(path.sep === "\\" ? /[\\/]/ : "/").filter((name) => name !== "" && name !== ".");
}

function realRootOf(target: string): string {
  return realpathSync(path.parse(target).root);
}

/** The entry itself, where a link is one; undefined where there is none. */
function entryAt(entry: string): Stats | undefined {
  try {
    return lstatSync(entry, { throwIfNoEntry: false });
  } catch (error) {
    if (codeOf(error) === "ENOTDIR") return undefined; // a file stands where a folder would
    throw error;
  }
}

/** The target of a link; null for anything else, and for what does not exist. */
function linkAt(entry: string): string | null {
  return entryAt(entry)?.isSymbolicLink() ? readlinkSync(entry) : null;
}

/** The name of an entry as its folder spells it, where the file system takes other spellings for the same. */
function nameIn(folder: string, name: string): string {
  const entry = path.join(folder, name);
  const stats = entryAt(entry);
  if (stats !== undefined && !foldsCase(folder, name, stats)) return name;
  if (stats === undefined && !isFolder(folder)) return name;
  const names = readdirSync(folder);
  if (names.includes(name)) return name;
  const form = comparable(name, stats !== undefined);
  return names.find((other) => comparable(other, stats !== undefined) === form) ?? name;
}

/** Whether the same entry is there under the name in the other case too. */
function foldsCase(
  folder: string,
  name: string,
  { dev, ino }: { readonly dev: number; readonly ino: number },
): boolean {
  const swapped = [...name].map((sign) => (sign === sign.toLowerCase() ? sign.toUpperCase() : sign.toLowerCase()));
  const other = swapped.join("");
  if (other === name) return false;
  const twin = entryAt(path.join(folder, other));
  return twin?.dev === dev && twin.ino === ino;
}

/** Names are equal in NFC for file servers too that a file system tells apart. */
function comparable(name: string, folds: boolean): string {
  const composed = name.normalize(FORM_OF_NAMES);
  return folds ? composed.toLowerCase() : composed;
}

function isFolder(folder: string): boolean {
  return entryAt(folder)?.isDirectory() ?? false;
}
