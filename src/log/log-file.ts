/** The file of the log, which all processes of one home append to, and its rotation. */
import { closeSync, fstatSync, openSync, renameSync, statSync, writeSync } from "node:fs";

const MOST_BYTES = 5_000_000; // a larger file becomes legwork.log.1, in place of the one before
const CHECK_EVERY_BYTES = 65_536; // of this process; the others write to the file as well

export interface LineStream {
  write(line: string): unknown;
}

/**
 * Opens the file, and rotates it now and whenever it has grown too large. Follows a rotation by another process. A line that
 * cannot be written is dropped, so that a full disk ends the log and not the runs. Throws where the file cannot be opened.
 */
export function openLogFile(file: string): LineStream {
  let descriptor = openToAppend(file);
  let sinceCheck = 0;

  function rotateWhereLarge(): void {
    sinceCheck = 0;
    if (isAt(file, descriptor)) {
      if (fstatSync(descriptor).size <= MOST_BYTES) return;
      renameSync(file, `${file}.1`);
    }
    const next = openToAppend(file);
    closeSync(descriptor);
    descriptor = next;
  }

  function tryTo(act: () => void): void {
    try {
      act();
    } catch {
      // the next line tries again
    }
  }

  tryTo(rotateWhereLarge);
  return {
    write(line) {
      sinceCheck += Buffer.byteLength(line);
      if (sinceCheck > CHECK_EVERY_BYTES) tryTo(rotateWhereLarge);
      tryTo(() => writeSync(descriptor, line));
    },
  };
}

function openToAppend(file: string): number {
  return openSync(file, "a", 0o600);
}

/** False where another process has rotated the file, or a person has removed it. */
function isAt(file: string, descriptor: number): boolean {
  const there = statSync(file, { throwIfNoEntry: false });
  const opened = fstatSync(descriptor);
  return there?.ino === opened.ino && there.dev === opened.dev;
}
