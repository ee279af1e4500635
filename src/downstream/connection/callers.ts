/** The calls that a server is working on; a request of the server in this time serves one of them. */
import type { CallOptions } from "../../core/ports/downstream.js";

export interface Callers {
  readonly all: ReadonlySet<CallOptions>;
  /** A signal that aborts when no call is in flight any more. */
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
