/** Tells listeners in this process what has just been saved. */

import type { Log } from "../../core/ports/clock-and-log.js";
import type { StoredEvent } from "../../core/run/event.js";

export type EventListener = (runId: string, events: readonly StoredEvent[]) => void;

export interface EventBus {
  publish(runId: string, events: readonly StoredEvent[]): void;
  /** Calls the listener for the named runs' events until the returned function is called. */
  subscribe(runIds: readonly string[], listener: EventListener): () => void;
}

/** A listener that fails is logged and costs nobody else anything. */
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
        const those = listeners.get(id) ?? new Set();
        listeners.set(id, those.add(listener));
      }
      return () => {
        for (const id of runIds) {
          const those = listeners.get(id);
          those?.delete(listener);
          if (those?.size === 0) listeners.delete(id);
        }
      };
    },
  };
}
