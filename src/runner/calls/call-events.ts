/** Events that come up while tool calls last, saved before the calls end. */

import type { RunEvent, StoredEvent } from "../../core/journal/event.js";
import type { Commit } from "../../core/ports/run-store.js";
import type { Reservation } from "../../core/run/budget.js";
import type { RunState } from "../state/run-state.js";

export interface CallEvents {
  /**
   * Resolves with the events of the commit when these are saved; never, where the run is stopped before. A reservation is
   * decided in that commit.
   */
  post(events: readonly RunEvent[], reservation?: Reservation): Promise<readonly StoredEvent[]>;
  /** Yields posted events as commits until the work has ended; returns its value. */
  until<T>(work: Promise<T>): AsyncGenerator<Commit, T>;
  /** The signal that aborts when the work has ended: events posted later are never saved. Made at the first call. */
  over(): AbortSignal;
}

interface Posted {
  readonly events: readonly RunEvent[];
  readonly reservation: Reservation | undefined;
  saved(stored: readonly StoredEvent[]): void;
}

export function createCallEvents(state: RunState): CallEvents {
  let posted: Posted[] = [];
  let wake = () => {};
  let over: AbortController | null = null; // few calls need it, and each costs
  let isDone = false;

  /** Records those of the next commit, which decides one reservation. */
  function recordNext(): readonly Posted[] {
    const last = posted.findIndex(({ reservation }) => reservation !== undefined);
    const next = posted.splice(0, last < 0 ? posted.length : last + 1);
    for (const { events } of next) for (const event of events) state.record(event);
    return next;
  }

  return {
    over() {
      over ??= new AbortController();
      if (isDone) over.abort();
      return over.signal;
    },
    post: (events, reservation) =>
      new Promise((saved) => {
        posted.push({ events, reservation, saved });
        wake();
      }),
    async *until(work) {
      const end = work.finally(() => {
        isDone = true;
        over?.abort();
        wake();
      });
      end.catch(() => {}); // it is awaited below, unless the run is stopped meanwhile
      while (!isDone) {
        if (posted.length === 0)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        if (isDone) break;
        const next = recordNext();
        const stored: readonly StoredEvent[] = yield state.flush(next.at(-1)?.reservation);
        for (const { saved } of next) saved(stored);
      }
      posted = posted.filter(({ reservation }) => reservation === undefined); // its request will not be made
      recordNext(); // events that come with the end are saved with the answers
      return await end;
    },
  };
}
