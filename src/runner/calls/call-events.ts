/** What comes up while tool calls are being made, saved while they go on. */
import type { RunEvent } from "../../core/run/event.js";
import type { RunState } from "../state/run-state.js";

export interface CallEvents {
  /** Resolves when the event is saved; never, when the run is stopped before. */
  post(event: RunEvent): Promise<void>;
  /** Yields what is posted, as commits, until the work has ended; returns what the work gives. */
  until<T>(work: Promise<T>): AsyncGenerator<readonly RunEvent[], T>;
  /** Aborted when the work has ended: what is posted later is never saved. */
  readonly over: AbortSignal;
}

export function createCallEvents(state: RunState): CallEvents {
  let posted: { readonly event: RunEvent; readonly saved: () => void }[] = [];
  let wake = () => {};
  let over: AbortController | null = null; // made when it is asked for: few calls ask, and each costs
  let isDone = false;

  function noteAll(): readonly (() => void)[] {
    const taken = posted;
    posted = [];
    for (const { event } of taken) state.record(event);
    return taken.map(({ saved }) => saved);
  }

  return {
    get over() {
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
      end.catch(() => {}); // it is awaited below, unless the run is given up meanwhile
      while (!isDone) {
        if (posted.length === 0)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        if (isDone) break;
        const taken = noteAll();
        yield state.flush();
        for (const saved of taken) saved();
      }
      noteAll(); // what comes with the end is saved with the answers
      return await end;
    },
  };
}
