/** A path as an agent writes it. */
import { homedir } from "node:os";
import path from "node:path";
import { pathOrUrl } from "../../files/file-url.js";
import { isWithin } from "../../files/is-within.js";
import { Refusal } from "../refusal.js";

/** A path below the root, before any link is followed. */
export interface AskedPath {
  /** As the agent wrote it. */
  readonly written: string;
  readonly absolute: string;
  /** The names below the root; none for the root itself. */
  readonly names: readonly string[];
}

/** Relative paths begin at the root, `~` is the home folder, and file: URLs are paths. Throws Refusal for a path outside the root. */
export function askedPath(root: string, written: string): AskedPath {
  if (process.platform !== "win32" && /^[A-Za-z]:(?:[\\/]|$)/.test(written))
    throw new Refusal(`Access denied - Windows-style path received on a POSIX host: ${written}`);
  const plain = pathOrUrl(written);
  if (plain === null)
    throw new Refusal(`"${written}" can be read as a URL and as a name: write a path from the project`);
  const expanded = plain === "~" || plain.startsWith("~/") ? path.join(homedir(), plain.slice(1)) : plain;
  const absolute = path.resolve(root, expanded);
  if (absolute.includes("\0") || !isWithin(root, absolute))
    throw new Refusal(`Access denied - path outside allowed directories: ${absolute} not in ${root}`);
  return { written, absolute, names: namesBelow(root, absolute) };
}

/** The names from a folder to a path in it. */
export function namesBelow(root: string, absolute: string): readonly string[] {
  return path.relative(root, absolute).split(path.sep).filter(Boolean);
}
