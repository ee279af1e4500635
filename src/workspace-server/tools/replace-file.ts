/** Puts a file in its place by one rename, so that nobody ever sees a part of it. */
import { randomBytes } from "node:crypto";
import { closeSync, constants, fchmodSync, lstatSync, openSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { codeOf } from "../../lib/code-of.js";
import { type CallFiles, fileAt, stampOf } from "../answer.js";
import type { Location } from "../beneath/locate.js";
import type { Opened } from "../beneath/opened.js";
import { named, Refusal, systemRefusal } from "../refusal.js";
import { isLarge, statsStamp, wholeFile } from "./file-content.js";

const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const NEW_MODE = 0o666; // the process's mask takes its part, as for every program
const PERMISSIONS = 0o777n;

/** A change of a file whose content counts as long as nobody else has changed it. */
export interface Replacement {
  readonly bytes: Buffer;
  /** Whether what is there has to be what was found, up to the rename. */
  readonly holds: boolean;
}

/** The folder and name of a file that may not exist yet. Throws Refusal where its folder does not exist. */
export function slotOf({ folders, names, real }: Location): { readonly folder: Opened; readonly name: string } {
  const folder = folders.at(-1);
  const name = names.at(-1);
  if (folder === undefined || name === undefined) throw systemRefusal("EISDIR", "open", real);
  if (folder.names.length !== names.length - 1) throw systemRefusal("ENOENT", "open", real);
  return { folder, name };
}

/**
 * Writes beside the file and renames: a link or a hard link of that name is replaced, and what it led to stays as it is.
 * Permissions stay. Throws Refusal.
 */
export function replaceFile(location: Location, { bytes, holds }: Replacement, { seen }: CallFiles): void {
  const { found, real, names } = location;
  const { folder, name } = slotOf(location);
  const draft = `.legwork-${randomBytes(8).toString("hex")}.tmp`;
  named("open", real, () => {
    const descriptor = openSync(folder.pathOf(draft), NEW, NEW_MODE);
    try {
      try {
        writeFileSync(descriptor, bytes);
        if (found !== null) fchmodSync(descriptor, Number(found.stats.mode & PERMISSIONS));
      } finally {
        closeSync(descriptor);
      }
      if (holds) requireSame(location, folder, name);
      renameSync(folder.pathOf(draft), folder.pathOf(name));
    } catch (error) {
      unlinkSync(folder.pathOf(draft));
      throw error;
    }
  });
  seen.push(fileAt(names, stampOf(bytes)));
}

/** Throws Refusal where the caller has seen the file otherwise than it is now. */
export function requireSeen(location: Location, { known }: CallFiles): void {
  const { found, names } = location;
  const stamp = known.get(names.join("/"));
  if (stamp === undefined) return;
  const now = found === null ? null : isLarge(found) ? statsStamp(found) : wholeFile(found, location).file.stamp;
  if (stamp !== now) throw changed(location);
}

/** Throws Refusal where something else is at the name than what was found there. */
function requireSame(location: Location, folder: Opened, name: string): void {
  let now: ReturnType<typeof lstatOf> | null = null;
  try {
    now = lstatOf(folder.pathOf(name));
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
  const then = location.found?.stats ?? null;
  const facts = ["dev", "ino", "size", "mtimeNs"] as const;
  if (facts.some((fact) => now?.[fact] !== then?.[fact])) throw changed(location);
}

function lstatOf(path: string) {
  return lstatSync(path, { bigint: true });
}

/** The refusal of a change by an agent whose knowledge of the file is out of date. */
export function changed({ asked }: Location): Refusal {
  return new Refusal(`"${asked.written}" was not changed: it has changed since you last saw it; read it again`);
}
