/** Finds the entry that a path leads to: opens the root's folders one by one, each through the one before it. */
import { readdirSync, readlinkSync, realpathSync } from "node:fs";
import path from "node:path";
import { isWithin } from "../../files/is-within.js";
import { codeOf } from "../../lib/code-of.js";
import { named, Refusal, systemRefusal } from "../refusal.js";
import { type AskedPath, namesBelow } from "./asked-path.js";
import type { Opened } from "./opened.js";

const MOST_LINKS = 40; // as the kernel
const MOST_NAMES = 256; // of one path; each is a descriptor while the call lasts
const FORM_OF_NAMES = "NFC"; // names that are equal in this form mean the same file

export interface Root {
  /** The real path. */
  readonly path: string;
  readonly folder: Opened;
}

/** The end of a path, held open for as long as it is used. */
export interface Location {
  readonly asked: AskedPath;
  /** Null where there is nothing. */
  readonly found: Opened | null;
  /** The folders that exist on the real path, the root first, without what was found. */
  readonly folders: readonly Opened[];
  /** The real names, also the missing ones. */
  readonly names: readonly string[];
  /** The real path. */
  readonly real: string;
}

/** follow: links count as long as they stay in the root. refuse: for changes. */
export type Links = "follow" | "refuse";

/** Hands the location to `use` and closes it. Throws Refusal. */
export function withLocation<T>(root: Root, asked: AskedPath, links: Links, use: (location: Location) => T): T {
  const opened: Opened[] = [];
  try {
    return use(locate(root, asked, links, opened));
  } finally {
    for (const entry of opened) entry.close();
  }
}

interface Step {
  readonly name: string;
  /** Whether a link says so, and not the agent. */
  readonly fromLink: boolean;
}

/** Adds each entry that it opens to `opened`. */
function locate(root: Root, asked: AskedPath, links: Links, opened: Opened[]): Location {
  if (asked.names.length > MOST_NAMES) throw systemRefusal("ENAMETOOLONG", "realpath", asked.absolute);
  const trail: Opened[] = [root.folder];
  let steps: readonly Step[] = asked.names.map((name) => ({ name, fromLink: false }));
  let linksLeft = MOST_LINKS;
  for (let [step, ...rest] = steps; step !== undefined; [step, ...rest] = steps) {
    steps = rest;
    if (step.name === "..") {
      if (trail.length === 1) throw outside(root, path.dirname(root.path), rest);
      trail.pop();
      continue;
    }
    const folder = trail.at(-1) as Opened;
    const entry = openIn(folder, step.name, asked);
    if (entry === null) {
      if (step.fromLink) throw new Refusal(`Parent directory does not exist: ${path.dirname(asked.absolute)}`);
      const names = [...folder.names, step.name, ...rest.map(({ name }) => name)];
      return { asked, found: null, folders: trail, names, real: path.join(root.path, ...names) };
    }
    opened.push(entry);
    if (entry.kind !== "link") {
      trail.push(entry);
      continue;
    }
    if (links === "refuse") throw throughLink(asked);
    linksLeft -= 1;
    if (linksLeft < 0) throw systemRefusal("ELOOP", "realpath", asked.absolute);
    const link = entry.names.at(-1) as string;
    const written = named("realpath", asked.absolute, () => readlinkSync(folder.pathOf(link)));
    const target = targetOf(root, folder, written, rest);
    if (target.fromRoot) trail.length = 1;
    steps = [...target.names.map((name) => ({ name, fromLink: true })), ...rest];
    if (steps.length > MOST_NAMES) throw systemRefusal("ELOOP", "realpath", asked.absolute);
  }
  const found = trail.at(-1) as Opened;
  const folders = trail.length > 1 ? trail.slice(0, -1) : [];
  return { asked, found, folders, names: found.names, real: path.join(root.path, ...found.names) };
}

/** The entry of this name, or of the one name that is equal in Unicode; null where there is none. */
function openIn(folder: Opened, name: string, asked: AskedPath): Opened | null {
  return named("realpath", asked.absolute, () => {
    if (folder.kind !== "folder") throw systemRefusal("ENOTDIR", "realpath", asked.absolute);
    try {
      return folder.open(name);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
    const form = name.normalize(FORM_OF_NAMES);
    const twins = readdirSync(folder.path()).filter((other) => other.normalize(FORM_OF_NAMES) === form);
    if (twins.length > 1) throw new Refusal(`Ambiguous Unicode path component: ${name}`);
    return twins[0] === undefined ? null : folder.open(twins[0]);
  });
}

/** The names of a link's target, from the root or from the folder of the link. Throws Refusal where it leads out of the root. */
function targetOf(root: Root, folder: Opened, target: string, rest: readonly Step[]) {
  const relative = target.split("/").filter((name) => name !== "" && name !== ".");
  if (!path.isAbsolute(target) && !climbsOut(folder.names.length, relative))
    return { fromRoot: false, names: relative };
  const written = path.resolve(root.path, ...folder.names, target);
  // The target may name the root by another path. Its real path is only a hint: it is opened name by name from the root.
  const inside = [written, realPathOf(written)].find((candidate) => isWithin(root.path, candidate));
  if (inside !== undefined) return { fromRoot: true, names: namesBelow(root.path, inside) };
  throw outside(root, written, rest);
}

/** Says where the link leads as it is written: whether something is there is nothing that an agent may find out. */
function outside(root: Root, target: string, rest: readonly Step[]): Refusal {
  const full = path.join(target, ...rest.map(({ name }) => name));
  return new Refusal(`Access denied - symlink target outside allowed directories: ${full} not in ${root.path}`);
}

function climbsOut(depth: number, names: readonly string[]): boolean {
  let left = depth;
  return names.some((name) => {
    left += name === ".." ? -1 : 1;
    return left < 0;
  });
}

function realPathOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

function throughLink({ written }: AskedPath): Refusal {
  return new Refusal(`"${written}" leads through a link, and changes follow none: name the file by its real path`);
}
