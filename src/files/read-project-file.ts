/** Reads the project files that a caller names. */

import { type FileHandle, lstat, open, readlink, realpath } from "node:fs/promises";
import path from "node:path";
import type { ProjectFile, ReadProjectFile } from "../core/ports/project-files.js";
import { codeOf, isMissing } from "../lib/code-of.js";
import { secretPlaces } from "./guarded-names.js";
import { isWithin } from "./is-within.js";
import { READ_ONLY_NO_LINK } from "./regular-file.js";

export interface ProjectFolders {
  /** The project, as a real path. */
  readonly root: string;
  /** legwork's own folder, as a real path. */
  readonly home: string;
  /** The folder in which the kernel lists the real paths of open files by number, if it does. */
  readonly openFiles?: string;
}

const OPEN_FILES = "/proc/self/fd";

/** Reads regular UTF-8 files whose real path lies in the project. Refuses files that may hold secrets. */
export function createReadProjectFile({ root, home, openFiles = OPEN_FILES }: ProjectFolders): ReadProjectFile {
  return async (asked, mostBytes) => {
    try {
      const written = path.resolve(root, asked);
      const real = await realpath(written);
      if (!isWithin(root, real)) return unreadable("it lies outside the project");
      const secret = isWithin(home, real) ? "legwork's home" : (secretName(root, written) ?? secretName(root, real));
      if (secret !== null) return unreadable(`${secret} may hold secrets: pass what the agent has to know as text:`);
      return await readWhole(real, mostBytes, openFiles);
    } catch (error) {
      return unreadable(faultOf(error));
    }
  };
}

function unreadable(fault: string): ProjectFile {
  return { kind: "fault", fault };
}

/** The name on the path from the project to a file that forbids reading it, or null. */
function secretName(root: string, file: string): string | null {
  if (!isWithin(root, file)) return null;
  const names = path.relative(root, file).split(path.sep);
  return names[secretPlaces(names)[0] ?? -1] ?? null;
}

async function readWhole(real: string, mostBytes: number, openFiles: string): Promise<ProjectFile> {
  const handle = await open(real, READ_ONLY_NO_LINK);
  try {
    const state = await handle.stat();
    if (state.isDirectory()) return unreadable("it is a folder: name a file");
    if (!state.isFile()) return unreadable("it is no regular file");
    if (!(await isStillAt(real, handle, openFiles))) return unreadable("it was moved while it was being read");
    const bytes = await readAtMost(handle, mostBytes + 1);
    if (bytes.length > mostBytes) {
      const size = Math.max(state.size, bytes.length);
      return unreadable(
        `it has ${size} bytes, and at most ${mostBytes} are taken: pass the part that matters as text:`,
      );
    }
    return textOf(bytes);
  } finally {
    await handle.close();
  }
}

/** Whether the opened file is still the one at its path: a folder on the way may have become a link since the path was resolved. */
async function isStillAt(real: string, handle: FileHandle, openFiles: string): Promise<boolean> {
  const actual = await readlink(path.join(openFiles, String(handle.fd))).catch(() => null);
  if (actual !== null) return actual === real;
  const [opened, there] = await Promise.all([handle.stat({ bigint: true }), lstat(real, { bigint: true })]);
  return opened.dev === there.dev && opened.ino === there.ino && (await realpath(real)) === real;
}

/** Ignores the file's stated size: a file may grow meanwhile, and some special files state zero. */
async function readAtMost(handle: FileHandle, most: number): Promise<Buffer> {
  const buffer = Buffer.alloc(most);
  let length = 0;
  while (length < most) {
    const { bytesRead } = await handle.read(buffer, length, most - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

function textOf(bytes: Buffer): ProjectFile {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? unreadable("it is binary: name a text file") : { kind: "text", text };
  } catch {
    return unreadable("it is not UTF-8: name a text file");
  }
}

function faultOf(error: unknown): string {
  const code = codeOf(error);
  if (isMissing(error)) return "there is no such file in the project";
  if (code === "EACCES" || code === "EPERM") return "legwork may not read it";
  if (code === "ELOOP") return "its links lead nowhere";
  return `it cannot be opened (${code ?? String(error)})`;
}
