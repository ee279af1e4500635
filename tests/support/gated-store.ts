/** A store whose answers a test can hold back, as a database beyond a network would. */
import type { RunStore } from "../../src/core/ports/run-store.js";

type Verb = {
  [K in keyof RunStore]: RunStore[K] extends (...args: never[]) => Promise<unknown> ? K : never;
}[keyof RunStore];

export interface Gate {
  /** Resolves when so many calls wait at the gate. */
  reached(count?: number): Promise<void>;
  /** Lets all pass that wait, and all that come later. */
  open(): void;
}

export interface GatedStore {
  readonly store: RunStore;
  /** Holds the calls of a verb: `before` the store sees them, or `after` it has answered. */
  hold(verb: Verb, where: "before" | "after"): Gate;
  /** Lets the next call of a verb fail. */
  failNext(verb: Verb, error: Error): void;
}

interface OpenGate extends Gate {
  readonly where: "before" | "after";
  pass(): Promise<void>;
}

/** A decorator: everything is done by the store behind it. */
export function gate(behind: RunStore): GatedStore {
  const gates = new Map<string, OpenGate>();
  const failures = new Map<string, Error>();

  function gated<A extends unknown[], R>(verb: Verb, act: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
    return async (...args) => {
      const failure = failures.get(verb);
      failures.delete(verb);
      if (failure) throw failure;
      const at = gates.get(verb);
      if (at === undefined) return await act(...args);
      if (at.where === "before") await at.pass();
      const answer = await act(...args);
      if (at.where === "after") await at.pass();
      return answer;
    };
  }

  const store: RunStore = {
    isReadOnly: behind.isReadOnly,
    createRun: gated("createRun", behind.createRun),
    append: gated("append", behind.append),
    endTree: gated("endTree", behind.endTree),
    interruptAll: gated("interruptAll", behind.interruptAll),
    claimAll: gated("claimAll", behind.claimAll),
    reopen: gated("reopen", behind.reopen),
    listUnowned: gated("listUnowned", behind.listUnowned),
    listExpired: gated("listExpired", behind.listExpired),
    answer: gated("answer", behind.answer),
    send: gated("send", behind.send),
    interruptAbandoned: gated("interruptAbandoned", behind.interruptAbandoned),
    listAbandoned: gated("listAbandoned", behind.listAbandoned),
    renewLeases: gated("renewLeases", behind.renewLeases),
    stillOwned: gated("stillOwned", behind.stillOwned),
    getRun: gated("getRun", behind.getRun),
    statusOf: gated("statusOf", behind.statusOf),
    spentIn: gated("spentIn", behind.spentIn),
    limitsAbove: gated("limitsAbove", behind.limitsAbove),
    findRun: gated("findRun", behind.findRun),
    idsWithPrefix: gated("idsWithPrefix", behind.idsWithPrefix),
    getRuns: gated("getRuns", behind.getRuns),
    listRuns: gated("listRuns", behind.listRuns),
    listEvents: gated("listEvents", behind.listEvents),
    lastEvents: gated("lastEvents", behind.lastEvents),
    listEffects: gated("listEffects", behind.listEffects),
    hasNewerEvents: gated("hasNewerEvents", behind.hasNewerEvents),
    hasNewerEnds: gated("hasNewerEnds", behind.hasNewerEnds),
    isOutdated: gated("isOutdated", behind.isOutdated),
    getBlob: gated("getBlob", behind.getBlob),
    subscribe: behind.subscribe,
    endSession: gated("endSession", behind.endSession),
    close: behind.close,
  };

  return {
    store,
    hold(verb, where) {
      const waiting: (() => void)[] = [];
      const watchers: { count: number; resolve(): void }[] = [];
      let isOpen = false;
      const opened: OpenGate = {
        where,
        pass: () =>
          isOpen
            ? Promise.resolve()
            : new Promise((resolve) => {
                waiting.push(resolve);
                for (const watcher of watchers) if (waiting.length >= watcher.count) watcher.resolve();
              }),
        reached: (count = 1) =>
          new Promise((resolve) => {
            if (waiting.length >= count) resolve();
            else watchers.push({ count, resolve });
          }),
        open() {
          isOpen = true;
          if (gates.get(verb) === opened) gates.delete(verb);
          for (const resolve of waiting.splice(0)) resolve();
        },
      };
      gates.set(verb, opened);
      return opened;
    },
    failNext: (verb, error) => failures.set(verb, error),
  };
}
