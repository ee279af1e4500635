/** Moves files and folders, never onto something that is there. */
import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from "node:fs";
import { codeOf } from "../../lib/code-of.js";
import { type Answer, type CallFiles, fileAt, textAnswer } from "../answer.js";
import type { Location } from "../beneath/locate.js";
import type { Opened } from "../beneath/opened.js";
import { named, Refusal, systemRefusal } from "../refusal.js";
import type { Workspace } from "../workspace.js";
import { isLarge, statsStamp, wholeFile } from "./file-content.js";
import { slotOf } from "./replace-file.js";

const MOST_MOVED = 100_000; // entries of a folder, each of which is judged before it moves
const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export interface MoveArguments {
  readonly source: string;
  readonly destination: string;
}

export function moveFile(workspace: Workspace, { source, destination }: MoveArguments, files: CallFiles): Answer {
  return workspace.at(source, "refuse", (from) =>
    workspace.at(destination, "refuse", (to) => {
      if (to.found !== null) throw exists(to);
      const refusal = (code: string) => systemRefusal(code, "rename", from.real, to.real);
      if (from.found === null || to.folders.at(-1)?.names.length !== to.names.length - 1) throw refusal("ENOENT");
      if (from.names.every((name, index) => name === to.names[index])) throw refusal("EINVAL");
      requireMovable(workspace, from, to);
      if (from.found.kind === "folder") judgeContent(workspace, from, from.found, to);
      move(from, from.found, to);
      tellMove(from, from.found, to, files);
      return textAnswer(`Successfully moved ${source} to ${destination}`);
    }),
  );
}

function exists({ real }: Location): Refusal {
  return new Refusal(`Destination already exists: ${real}`);
}

function requireMovable({ access }: Workspace, from: Location, to: Location): void {
  access.requireMovable(from.asked.written, from.names, to.names);
  access.requireChangeable(from.asked.written, from.asked.names);
  access.requireChangeable(to.asked.written, to.asked.names);
}

/** A moved link may lead somewhere else, and the name of a folder above a file may be what makes it steer. */
function judgeContent({ access }: Workspace, { asked }: Location, moved: Opened, to: Location): void {
  let left = MOST_MOVED;
  const visit = (folder: Opened, target: readonly string[]) => {
    for (const entry of named("scandir", asked.absolute, () => readdirSync(folder.path(), { withFileTypes: true }))) {
      left -= 1;
      if (left < 0) throw new Refusal(`"${asked.written}" holds more than ${MOST_MOVED} entries: move its parts`);
      const [from, path] = [
        [...folder.names, entry.name],
        [...target, entry.name],
      ];
      if (entry.isSymbolicLink())
        throw new Refusal(`"${asked.written}" holds the link ${from.join("/")}, and folders with links are not moved`);
      access.requireMovable(from.join("/"), from, path);
      if (entry.isDirectory()) within(folder, entry.name, (child) => visit(child, path));
    }
  };
  visit(moved, to.names);
}

function within(folder: Opened, name: string, use: (child: Opened) => void): void {
  const child = named("scandir", name, () => folder.open(name));
  try {
    use(child);
  } finally {
    child.close();
  }
}

/** Takes the name first, so that the rename replaces nothing. */
function move(from: Location, moved: Opened, to: Location): void {
  const [source, target] = [slotOf(from), slotOf(to)];
  const [sourcePath, targetPath] = [() => source.folder.pathOf(source.name), () => target.folder.pathOf(target.name)];
  named("rename", from.real, () => reserve(moved, targetPath(), to), to.real);
  const reserved = target.folder.open(target.name);
  try {
    named("rename", from.real, () => renameSync(sourcePath(), targetPath()), to.real);
  } catch (error) {
    if (isThere(reserved, targetPath())) removeReserved(moved, targetPath());
    throw error;
  } finally {
    reserved.close();
  }
  if (isThere(moved, targetPath())) return;
  named("rename", to.real, () => renameSync(targetPath(), sourcePath()), from.real);
  throw new Refusal(`"${from.asked.written}" was replaced while it was being moved: call again`);
}

function reserve(moved: Opened, target: string, to: Location): void {
  try {
    if (moved.kind === "folder") mkdirSync(target);
    else closeSync(openSync(target, NEW));
  } catch (error) {
    throw codeOf(error) === "EEXIST" ? exists(to) : error;
  }
}

function removeReserved(moved: Opened, target: string): void {
  if (moved.kind === "folder") rmdirSync(target);
  else unlinkSync(target);
}

function isThere({ stats }: Opened, path: string): boolean {
  const there = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return there !== undefined && there.dev === stats.dev && there.ino === stats.ino;
}

/** The stamps that the caller knows move with the files. */
function tellMove(from: Location, moved: Opened, to: Location, { known, seen }: CallFiles): void {
  const [source, target] = [from.names.join("/"), to.names.join("/")];
  for (const [path, stamp] of known) {
    const rest = path === source ? "" : path.startsWith(`${source}/`) ? path.slice(source.length) : null;
    if (rest !== null) seen.push({ path, stamp: null }, { path: `${target}${rest}`, stamp });
  }
  if (known.has(source) || !known.has(target) || moved.kind !== "file") return;
  seen.push(isLarge(moved) ? fileAt(to.names, statsStamp(moved)) : { ...wholeFile(moved, to).file, path: target });
}
