/** Publishes saved events to the listeners of this process. */

import type { StoredEvent } from "../../core/journal/event.js";
import type { Log } from "../../core/ports/clock-and-log.js";

export type EventListener = (runId: string, events: readonly StoredEvent[]) => void;

export interface EventBus {
  /** No events: the run was changed from elsewhere. */
  publish(runId: string, events: readonly StoredEvent[]): void;
  /** Calls the listener with the events of the named runs until the returned function is called. */
  subscribe(runIds: readonly string[], listener: EventListener): () => void;
}

/** A listener that throws is logged; the other listeners are called all the same. */
export function createEventBus(log: Log): EventBus {
  const listeners = new Map<string, Set<EventListener>>();
  return {
    publish(runId, events) {
      for (const listener of listeners.get(runId) ?? []) {
        try {
          listener(runId, events);
        } catch (error) {
          log.error({ err: error, run: runId }, "a listener failed");
        }
      }
    },
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
