/** Notices that another process has written to the store. */
import type { Log } from "../../core/ports/clock-and-log.js";
import type { RunStore } from "../../core/ports/run-store.js";

const WATCH_EVERY_MS = 250; // a cancel from another process takes effect within this and one query

export interface StoreWatch {
  /** Calls back after each foreign commit that was noticed, until the returned function is called. */
  subscribe(callback: () => void): () => void;
}

/** Polls only while somebody listens. */
export function createStoreWatch(store: RunStore, log: Log): StoreWatch {
  const callbacks = new Set<() => void>();
  let timer: NodeJS.Timeout | null = null;
  let last = 0;

  function look(): void {
    if (!hasChanged()) return;
    for (const callback of [...callbacks]) {
      try {
        callback();
      } catch (error) {
        log.error({ err: error }, "cannot follow a change in the database");
      }
    }
  }

  function hasChanged(): boolean {
    try {
      const counter = store.changeCounter();
      const changed = counter !== last;
      last = counter;
      return changed;
    } catch (error) {
      log.error({ err: error }, "cannot watch the database");
      return false;
    }
  }

  return {
    subscribe(callback) {
      callbacks.add(callback);
      if (timer === null) {
        last = store.changeCounter();
        timer = setInterval(look, WATCH_EVERY_MS);
        timer.unref();
      }
      return () => {
        callbacks.delete(callback);
        if (callbacks.size > 0 || timer === null) return;
        clearInterval(timer);
        timer = null;
      };
    },
  };
}
