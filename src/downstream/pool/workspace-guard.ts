/** Keeps agents from changing, through a file server, the files that steer agents, hosts and version control. */
import { readdir, readlink, realpath } from "node:fs/promises";
import path from "node:path";
import type { WorkspaceGuard } from "../../core/definitions/server-config.js";
import { protectedName } from "../../core/tools/protected-names.js";
import { isWithin } from "../../files/is-within.js";
import { isRecord } from "../../lib/is-record.js";

const MAX_STEPS = 200; // of resolving one path; more means a loop of links
const FORM_OF_NAMES = "NFC"; // the file server treats names that are equal in this form as the same name

/** The reason for which a change with these arguments is refused, or null. Refuses a path that cannot be resolved. */
export async function protectedPathObjection(
  guard: WorkspaceGuard,
  args: Readonly<Record<string, unknown>>,
): Promise<string | null> {
  for (const asked of pathsIn(args)) {
    try {
      const name = await protectedNameIn(guard, asked);
      if (name !== null) return `"${asked}" is protected: agents may not change ${name} or anything in it`;
    } catch (error) {
      return `"${asked}" cannot be resolved, so it may not be changed (${codeOf(error)})`;
    }
  }
  return null;
}

function pathsIn(args: Readonly<Record<string, unknown>>): readonly string[] {
  const { path: single, source, destination, paths } = args;
  const candidates: unknown[] = [single, source, destination, ...(Array.isArray(paths) ? paths : [])];
  return candidates.filter((candidate) => typeof candidate === "string");
}

/** Checks both the path as it is written and the target of its links. */
async function protectedNameIn({ root, home }: WorkspaceGuard, asked: string): Promise<string | null> {
  // The file server expands it to the home folder; path.resolve does not.
  if (asked === "~" || asked.startsWith("~/")) throw new Error("a path may not start with ~");
  const written = path.resolve(root, asked);
  const target = await resolveLinks(written, { left: MAX_STEPS });
  const realHome = await resolveLinks(home, { left: MAX_STEPS });
  // Also true for a folder below the root that holds ours: moving it changes ours.
  const touches = (ours: string, file: string) => isWithin(ours, file) || (file !== root && isWithin(file, ours));
  if (touches(home, written) || touches(realHome, target)) return "legwork's home";
  const namesOnTarget = path.relative(await realpath(root), target).split(path.sep);
  return protectedName(namesBelow(root, written)) ?? protectedName(namesOnTarget);
}

/** The names below the root on a path as written; none for a path outside. */
function namesBelow(root: string, written: string): readonly string[] {
  return isWithin(root, written) ? path.relative(root, written).split(path.sep) : [];
}

/** The real path of a file whose last folders may not exist yet. Throws where it cannot be resolved. */
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

/** The target of a broken link; null where there is no link. */
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
