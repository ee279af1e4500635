/** The runs of this process: slots, holds, and the ways to stop them. */
import type { Log, RunStore } from "../core/ports.js";
import type { Run } from "../core/run.js";
import { createCommitQueue } from "./commit-queue.js";
import { driveRun } from "./drive-run.js";
import type { EventFeed } from "./event-feed.js";
import type { AgentDeps } from "./run-agent.js";
import type { StopReason } from "./stop.js";
import type { StoreWatch } from "./watch-store.js";

const RENEW_EVERY_MS = 5_000; // a third of a lease

export interface LiveRuns {
  /** Drives a pending run of this process as soon as one of `slots` is free. */
  begin(run: Run, slots: number, agent: AgentDeps): void;
  /** Aborts what these runs do here; their end is recorded elsewhere. */
  stop(runIds: readonly string[], reason: StopReason): void;
  /** Records every run of this process as interrupted, at once, then aborts them. Nothing begins afterwards. */
  interruptAll(reason: string): void;
  readonly closed: boolean;
}

interface LiveRun {
  readonly run: Run;
  readonly agent: AgentDeps;
  readonly controller: AbortController;
}

export function createLiveRuns(deps: {
  readonly store: RunStore;
  readonly feed: EventFeed;
  readonly watch: StoreWatch;
  readonly log: Log;
}): LiveRuns {
  const { store, feed, watch, log } = deps;
  const waiting: LiveRun[] = [];
  const running = new Map<string, LiveRun>();
  const commits = createCommitQueue(store, () => running.size <= 1);
  let slots = 1;
  let closed = false;
  let unwatch: (() => void) | null = null;

  const all = () => [...running.values(), ...waiting];
  const holds = () => all().map(({ run }) => ({ runId: run.id, epoch: run.epoch }));

  const renewal = setInterval(() => {
    try {
      if (running.size + waiting.length > 0) store.renewLeases();
      for (const id of store.interruptAbandoned()) feed.publish(id, []);
    } catch (error) {
      log.error({ err: error }, "cannot renew leases");
    }
  }, RENEW_EVERY_MS);
  renewal.unref();

  function fillSlots(): void {
    while (!closed && running.size < slots) {
      const next = waiting.shift();
      if (next === undefined) return;
      running.set(next.run.id, next);
      void driveRun(next.run, next.controller, next.agent, { commits, feed, log }).finally(() => {
        running.delete(next.run.id);
        watchWhileBusy();
        fillSlots();
      });
    }
  }

  /** Another process may have ended or taken a run that is worked on here. */
  function watchWhileBusy(): void {
    const busy = running.size + waiting.length > 0;
    if (busy && unwatch === null) unwatch = watch.subscribe(dropLost);
    if (!busy && unwatch !== null) {
      unwatch();
      unwatch = null;
    }
  }

  function dropLost(): void {
    const held = store.stillHeld(holds());
    const lost = all().flatMap(({ run }) => (held.has(run.id) ? [] : [run.id]));
    stop(lost, "lost");
    for (const id of lost) feed.publish(id, []);
  }

  function stop(runIds: readonly string[], reason: StopReason): void {
    for (const id of runIds) {
      running.get(id)?.controller.abort(reason);
      const queued = waiting.findIndex(({ run }) => run.id === id);
      if (queued >= 0) waiting.splice(queued, 1);
    }
    watchWhileBusy();
  }

  return {
    begin(run, allowed, agent) {
      slots = allowed;
      waiting.push({ run, agent, controller: new AbortController() });
      watchWhileBusy();
      fillSlots();
    },
    stop,
    interruptAll(reason) {
      if (closed) return;
      closed = true;
      clearInterval(renewal);
      const ours = holds();
      try {
        commits.flush(); // what is finished counts
        if (ours.length > 0) store.interrupt(ours, reason);
      } finally {
        const ids = ours.map(({ runId }) => runId);
        stop(ids, "interrupted");
        for (const id of ids) feed.publish(id, []);
      }
    },
    get closed() {
      return closed;
    },
  };
}
