/** Notices that the files of an open database were deleted or replaced: later writes are lost with the process. */
import { type Stats, statSync } from "node:fs";
import { StoreError } from "../../../core/errors.js";

const LOOK_EVERY_MS = 500; // looking at a file takes as long as a read of the database

/**
 * For a file that has just been opened. The returned function throws StoreError, and always after the first time, where the
 * file or its log is another one by now, or gone.
 */
export function createFileFence(file: string): () => void {
  const log = `${file}-wal`;
  const opened = statOf(file);
  let openedLog = statOf(log);
  let lookedAt = performance.now();
  let isGone = false;

  function look(): void {
    openedLog ??= statOf(log); // it is there since the first commit
    isGone = !isSame(opened, statOf(file)) || (openedLog !== null && !isSame(openedLog, statOf(log)));
  }

  return () => {
    const now = performance.now();
    if (!isGone && now - lookedAt < LOOK_EVERY_MS) return;
    lookedAt = now;
    if (!isGone) look();
    if (!isGone) return;
    throw new StoreError(
      `${file} or its log was deleted, moved or replaced while legwork had it open: restart this host's legwork (its writes since then are lost)`,
      { isFinal: true },
    );
  };
}

function isSame(opened: Stats | null, now: Stats | null): boolean {
  return now !== null && now.ino === opened?.ino && now.dev === opened.dev;
}

function statOf(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}
