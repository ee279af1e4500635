/**
 * Systems without /proc, such as macOS: an entry is opened by its path, and compared with what was there before and with the
 * folder that was opened before it. A folder that is swapped and swapped back between two system calls stays unnoticed.
 */
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../../lib/code-of.js";
import { Refusal } from "../refusal.js";
import { kindOf, type Opened, type OpenRoot, singleName } from "./opened.js";

const NO_LINK = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export const openRootByComparison: OpenRoot = (path) => openedAt(realpathSync(path), [], () => {});

/** `checkFolder` throws where the folder of the entry is not the one that was opened any more. */
function openedAt(at: string, names: readonly string[], checkFolder: () => void): Opened {
  checkFolder();
  const stats = lstatSync(at, { bigint: true });
  const kind = kindOf(stats);
  const bytes = kind === "file" || kind === "folder" ? openSame(at, stats) : null;
  const close = () => {
    if (typeof bytes === "number") closeSync(bytes);
  };
  const check = () => {
    checkFolder();
    if (!isSame(stats, lstatSync(at, { bigint: true }))) throw swapped(at);
  };
  const path = () => {
    check();
    return at;
  };
  try {
    check();
  } catch (error) {
    close();
    throw error;
  }
  return {
    names,
    kind,
    stats,
    path,
    pathOf: (name) => join(path(), singleName(name)),
    open: (name) => openedAt(join(at, singleName(name)), [...names, name], check),
    descriptor() {
      if (typeof bytes === "number") return bytes;
      throw bytes ?? swapped(at);
    },
    close,
  };
}

/** A descriptor of this very entry; the error where it may not be read, which matters only to those who read it. */
function openSame(at: string, stats: BigIntStats): number | Error {
  let descriptor: number;
  try {
    descriptor = openSync(at, NO_LINK);
  } catch (error) {
    if (error instanceof Error && codeOf(error) === "EACCES") return error;
    throw error;
  }
  if (isSame(stats, fstatSync(descriptor, { bigint: true }))) return descriptor;
  closeSync(descriptor);
  throw swapped(at);
}

function isSame(left: BigIntStats, right: BigIntStats): boolean {
  return left.dev === right.dev && left.ino === right.ino;
}

function swapped(at: string): Refusal {
  return new Refusal(`"${at}" was moved while it was being opened: call again`);
}
