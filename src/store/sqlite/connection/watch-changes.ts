/** Notices the commits of other processes. */
import type { Connection } from "./connection.js";

const LOOK_EVERY_MS = 250; // a cancel from another process takes effect within this and one query

/** Subscribes a listener to the commits of other processes; polls only while somebody listens. */
export function createChangeWatch({ sqlite }: Connection): (listener: () => void) => () => void {
  const listeners = new Set<() => void>();
  let timer: NodeJS.Timeout | null = null;
  let last: number | null = null;

  /** Differs from the last one when another process has committed since. */
  function dataVersion(): number {
    return sqlite.pragma("data_version", { simple: true }) as number;
  }

  function look(): void {
    if (!hasChanged()) return;
    for (const listener of [...listeners]) listener();
  }

  function hasChanged(): boolean {
    const version = versionOrNull();
    const changed = version === null || version !== last;
    last = version;
    return changed;
  }

  /** Null where it cannot be read: the reads of the listeners fail too, and report it. */
  function versionOrNull(): number | null {
    try {
      return dataVersion();
    } catch {
      return null;
    }
  }

  return (listener) => {
    listeners.add(listener);
    if (timer === null) {
      last = versionOrNull();
      timer = setInterval(look, LOOK_EVERY_MS);
      timer.unref();
    }
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0 || timer === null) return;
      clearInterval(timer);
      timer = null;
    };
  };
}
