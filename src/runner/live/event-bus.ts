/** Publishes saved events, and signs of life between them, to the listeners of this process. */

import type { StoredEvent } from "../../core/journal/event.js";
import type { Log } from "../../core/ports/clock-and-log.js";
import type { ModelActivity } from "../../core/ports/provider.js";

export interface RunListener {
  onEvents(runId: string, events: readonly StoredEvent[]): void;
  onActivity?(runId: string, activity: ModelActivity): void;
}

export interface EventBus {
  /** No events: the run was changed from elsewhere. */
  publish(runId: string, events: readonly StoredEvent[]): void;
  /** Tells of a part of a reply that is on its way. */
  tell(runId: string, activity: ModelActivity): void;
  /** Calls the listener with what happens in the named runs until the returned function is called. */
  subscribe(runIds: readonly string[], listener: RunListener): () => void;
}

/** A listener that throws is logged; the other listeners are called all the same. */
export function createEventBus(log: Log): EventBus {
  const listeners = new Map<string, Set<RunListener>>();

  function callAll(runId: string, call: (listener: RunListener) => void): void {
    for (const listener of listeners.get(runId) ?? []) {
      try {
        call(listener);
      } catch (error) {
        log.error({ err: error, run: runId }, "a listener failed");
      }
    }
  }

  return {
    publish: (runId, events) => callAll(runId, (listener) => listener.onEvents(runId, events)),
    tell: (runId, activity) => callAll(runId, (listener) => listener.onActivity?.(runId, activity)),
    subscribe(runIds, listener) {
      for (const id of runIds) {
        const ofRun = listeners.get(id) ?? new Set();
        listeners.set(id, ofRun.add(listener));
      }
      return () => {
        for (const id of runIds) {
          const ofRun = listeners.get(id);
          ofRun?.delete(listener);
          if (ofRun?.size === 0) listeners.delete(id);
        }
      };
    },
  };
}
