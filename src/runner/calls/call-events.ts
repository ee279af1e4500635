/** Events that come up while tool calls last, saved before the calls end. */

import type { RunEvent } from "../../core/journal/event.js";
import type { Commit } from "../../core/ports/run-store.js";
import type { RunState } from "../state/run-state.js";

export interface CallEvents {
  /** Resolves when the event is saved; never, where the run is stopped before. */
  post(event: RunEvent): Promise<void>;
  /** Yields posted events as commits until the work has ended; returns its value. */
  until<T>(work: Promise<T>): AsyncGenerator<Commit, T>;
  /** The signal that aborts when the work has ended: events posted later are never saved. Made at the first call. */
  over(): AbortSignal;
}

export function createCallEvents(state: RunState): CallEvents {
  let posted: { readonly event: RunEvent; readonly saved: () => void }[] = [];
  let wake = () => {};
  let over: AbortController | null = null; // few calls need it, and each costs
  let isDone = false;

  function recordPosted(): readonly (() => void)[] {
    const taken = posted;
    posted = [];
    for (const { event } of taken) state.record(event);
    return taken.map(({ saved }) => saved);
  }

  return {
    over() {
      over ??= new AbortController();
      if (isDone) over.abort();
      return over.signal;
    },
    post: (event) =>
      new Promise((saved) => {
        posted.push({ event, saved });
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
        const taken = recordPosted();
        yield state.flush();
        for (const saved of taken) saved();
      }
      recordPosted(); // events that come with the end are saved with the answers
      return await end;
    },
  };
}
