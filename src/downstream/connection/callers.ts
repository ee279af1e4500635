/** The calls that a server is working on: what it asks meanwhile is asked for one of them. */
import type { CallOptions } from "../../core/ports/downstream.js";

export interface Callers {
  readonly all: ReadonlySet<CallOptions>;
  /** Aborted when the last of the calls that go on now is over. */
  over(): AbortSignal;
  add(call: CallOptions): void;
  remove(call: CallOptions): void;
}

export function createCallers(): Callers {
  const all = new Set<CallOptions>();
  let over: AbortController | null = null;
  return {
    all,
    over() {
      over ??= new AbortController();
      return over.signal;
    },
    add: (call) => void all.add(call),
    remove(call) {
      all.delete(call);
      if (all.size > 0) return;
      over?.abort();
      over = null;
    },
  };
}
