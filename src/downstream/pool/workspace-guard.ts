/** Keeps agents from rewriting, through a file server, the files that steer agents, hosts and version control. */
import { readdir, readlink, realpath } from "node:fs/promises";
import path from "node:path";
import type { WorkspaceGuard } from "../../core/definitions/server-config.js";
import { protectedName } from "../../core/tools/protected-names.js";
import { isRecord } from "../transport/wire.js";

const MAX_STEPS = 200; // of resolving one path; more is a maze of links
const FORM_OF_NAMES = "NFC"; // the file server takes names that are equal in this form as the same

/** Why a change with these arguments is refused, or null. A path that cannot be judged is refused. */
export async function protectedPathObjection(
  guard: WorkspaceGuard,
  args: Readonly<Record<string, unknown>>,
): Promise<string | null> {
  for (const given of pathsIn(args)) {
    try {
      const name = await protectedNameIn(guard, given);
      if (name !== null) return `"${given}" is protected: agents may not change ${name} or what is in it`;
    } catch (error) {
      return `"${given}" cannot be resolved, so it may not be changed (${codeOf(error)})`;
    }
  }
  return null;
}

function pathsIn(args: Readonly<Record<string, unknown>>): readonly string[] {
  const { path: single, source, destination, paths } = args;
  const candidates: unknown[] = [single, source, destination, ...(Array.isArray(paths) ? paths : [])];
  return candidates.filter((candidate) => typeof candidate === "string");
}

/** Judges both the path as it is written and the place to which its links lead. */
async function protectedNameIn({ root, home }: WorkspaceGuard, asked: string): Promise<string | null> {
  // The file server would read it as the home folder, we would not.
  if (asked === "~" || asked.startsWith("~/")) throw new Error("a path may not start with ~");
  const written = path.resolve(root, asked);
  const target = await resolveLinks(written, { left: MAX_STEPS });
  const realHome = await resolveLinks(home, { left: MAX_STEPS });
  // Also a folder that holds it, below the root: to move that is to change it.
  const touches = (ours: string, given: string) => isWithin(ours, given) || (given !== root && isWithin(given, ours));
  if (touches(home, written) || touches(realHome, target)) return "legwork's home";
  const namesOnTarget = path.relative(await realpath(root), target).split(path.sep);
  return protectedName(namesBelow(root, written)) ?? protectedName(namesOnTarget);
}

/** Nothing for a path outside: only what lies below the root is judged as written. */
function namesBelow(root: string, written: string): readonly string[] {
  const relative = path.relative(root, written);
  return relative.startsWith("..") || path.isAbsolute(relative) ? [] : relative.split(path.sep);
}

function isWithin(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative === "" || !(relative.startsWith("..") || path.isAbsolute(relative));
}

/** The real place of a path whose last parts may not exist yet. Throws where it cannot be told. */
async function resolveLinks(file: string, steps: { left: number }): Promise<string> {
  if (steps.left-- <= 0) throw new Error("too many links");
  const existing = await realPathOf(file);
  const folder = path.dirname(file);
  if (existing !== null || folder === file) return existing ?? file;

  const realFolder = await resolveLinks(folder, steps);
  const name = path.basename(file);
  if (realFolder !== folder) return resolveLinks(path.join(realFolder, name), steps);
  const link = await linkTarget(file);
  if (link !== null) return resolveLinks(path.resolve(folder, link), steps);
  const twin = await sameNameIn(folder, name);
  return twin === null ? file : resolveLinks(path.join(folder, twin), steps);
}

function realPathOf(file: string): Promise<string | null> {
  return realpath(file).catch(nullWhereMissing);
}

/** Where a link leads that leads nowhere yet. */
function linkTarget(file: string): Promise<string | null> {
  return readlink(file).catch(nullWhereMissing);
}

async function sameNameIn(folder: string, name: string): Promise<string | null> {
  const names = await readdir(folder).catch(nullWhereMissing);
  const form = name.normalize(FORM_OF_NAMES);
  return names?.find((candidate) => candidate !== name && candidate.normalize(FORM_OF_NAMES) === form) ?? null;
}

function nullWhereMissing(error: unknown): null {
  const code = codeOf(error);
  if (code === "ENOENT" || code === "ENOTDIR") return null;
  throw error;
}

function codeOf(error: unknown): string {
  if (isRecord(error) && typeof error.code === "string") return error.code;
  return error instanceof Error ? error.message : String(error);
}
