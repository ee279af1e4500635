/** The runs of this process: slots, holds, and the ways to stop them. */

import type { Log } from "../../core/ports/clock-and-log.js";
import type { CreateRunResult, NewRun, RunLease, RunStore } from "../../core/ports/run-store.js";
import type { Run } from "../../core/run/run.js";
import { createCommitQueue } from "../../store/sqlite/connection/commit-queue.js";
import type { AgentDeps } from "../loop/run-agent.js";
import type { Replay } from "../state/replay.js";
import type { StopReason } from "../state/stop.js";
import { driveRun } from "./drive-run.js";
import type { EventBus } from "./event-bus.js";
import { startHeartbeat } from "./heartbeat.js";
import type { StoreWatch } from "./watch-store.js";

export interface LiveRuns {
  /** How many runs may work at the same time; more wait. */
  allow(slots: number): void;
  /** Writes a run. What `check` throws right before refuses it: then nothing is written. */
  create(run: NewRun, check: () => void): Promise<CreateRunResult>;
  /** Drives a run that this process holds from where its replay has left it, as soon as a slot is free; a child at once. */
  begin(run: Run, replay: Replay, agent: AgentDeps): void;
  /** How many more runs would be at work at once. */
  readonly freeSlots: number;
  /** Called whenever a slot has become free and, every few seconds, when runs of other processes may have become free. */
  onRoom(look: () => void): void;
  /** Called with a run of this process that has just asked a person. */
  onAsked(asked: (runId: string) => void): void;
  /** Aborts what these runs do here; their end is recorded elsewhere. */
  stop(runIds: readonly string[], reason: StopReason): void;
  /** Why a run broke off here whose end cannot be written yet; null for all others. */
  troubleOf(runId: string): string | null;
  /** Saves what runs have finished and not yet saved. */
  flush(): void;
  /** Records every run of this process as interrupted, at once, then aborts them. Nothing begins afterwards. */
  interruptAll(reason: string): void;
  readonly closed: boolean;
}

interface LiveRun {
  readonly run: Run;
  readonly replay: Replay;
  readonly agent: AgentDeps;
  readonly controller: AbortController;
}

export function createLiveRuns(deps: {
  readonly store: RunStore;
  readonly bus: EventBus;
  readonly watch: StoreWatch;
  readonly log: Log;
}): LiveRuns {
  const { store, bus, watch, log } = deps;
  const waiting: LiveRun[] = [];
  const running = new Map<string, LiveRun>();
  const commits = createCommitQueue(store, () => running.size <= 1);
  /** Runs that broke off and whose end could not be written: nobody works on them, but the database does not know. */
  const broken = new Map<string, { readonly lease: RunLease; readonly reason: string }>();
  const brokenLeases = () => [...broken.values()].map(({ lease }) => lease);
  let slots = 1;
  let slotsInUse = 0;
  let closed = false;
  let endReason = "";
  let unwatch: (() => void) | null = null;
  let look = () => {};
  let asked = (_runId: string) => {};

  const all = () => [...running.values(), ...waiting];
  const leases = () => all().map(({ run }) => ({ runId: run.id, epoch: run.epoch }));
  const renewal = startHeartbeat((wokeLate) => {
    if (running.size + waiting.length > 0)
      void commits // which does not stand still while another process writes
        .write(() => store.renewLeases())
        .catch((error: unknown) => log.error({ err: error }, "cannot renew leases"));
    if (broken.size > 0) interrupt(brokenLeases(), "the database could not be written");
    store.trimLog();
    // After a sleep of this machine the other owners are late as well, and not gone.
    if (wokeLate) return;
    for (const id of store.interruptAbandoned()) bus.publish(id, []);
    look();
  }, log);

  function fillSlots(): void {
    while (!closed && slotsInUse < slots) {
      const next = waiting.shift();
      if (next === undefined) return;
      start(next);
    }
  }

  function start(live: LiveRun): void {
    if (!isChild(live)) slotsInUse += 1;
    running.set(live.run.id, live);
    void drive(live);
  }

  async function drive(live: LiveRun): Promise<void> {
    const { run, replay, agent, controller } = live;
    const driven = await driveRun(run, replay, controller, agent, { store, commits, bus, log });
    running.delete(run.id);
    if (!isChild(live)) slotsInUse -= 1;
    if (hasChildren(run.id)) dropLost(); // they ended with it
    if (driven.kind === "waiting" && !closed) asked(run.id);
    if (driven.kind === "broken") {
      broken.set(run.id, { lease: { runId: run.id, epoch: run.epoch }, reason: driven.reason });
      bus.publish(run.id, []);
    }
    watchWhileBusy();
    fillSlots();
    look();
  }

  function hasChildren(id: string): boolean {
    return all().some(({ run }) => run.parentRunId === id);
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
    const held = store.stillHeld(leases());
    const lost = all().flatMap(({ run }) => (held.has(run.id) ? [] : [run.id]));
    stop(lost, "lost");
    for (const id of lost) bus.publish(id, []);
  }

  function stop(runIds: readonly string[], reason: StopReason): void {
    for (const id of runIds) {
      running.get(id)?.controller.abort(reason);
      const queued = waiting.findIndex(({ run }) => run.id === id);
      if (queued >= 0) waiting.splice(queued, 1);
    }
    watchWhileBusy();
  }

  function interrupt(those: readonly RunLease[], reason: string): void {
    store.interrupt(those, reason);
    for (const { runId } of those) {
      broken.delete(runId);
      bus.publish(runId, []);
    }
  }

  return {
    allow(allowed) {
      slots = allowed;
    },
    create: commits.create,
    begin(run, replay, agent) {
      if (closed) return interrupt([{ runId: run.id, epoch: run.epoch }], endReason); // it was being written as this process ended
      const live = { run, replay: replay, agent, controller: new AbortController() };
      if (isChild(live)) start(live);
      else waiting.push(live);
      watchWhileBusy();
      fillSlots();
    },
    get freeSlots() {
      return closed ? 0 : Math.max(0, slots - slotsInUse - waiting.length);
    },
    onRoom(called) {
      look = called;
    },
    onAsked(called) {
      asked = called;
    },
    stop,
    troubleOf: (runId) => broken.get(runId)?.reason ?? null,
    flush: commits.flush,
    interruptAll(reason) {
      if (closed) return;
      closed = true;
      endReason = reason;
      clearInterval(renewal);
      const ours = leases();
      try {
        commits.flush(); // what is finished counts
        if (ours.length + broken.size > 0) interrupt([...ours, ...brokenLeases()], reason);
      } finally {
        const ids = ours.map(({ runId }) => runId);
        stop(ids, "interrupted");
      }
    },
    get closed() {
      return closed;
    },
  };
}

/** A child uses no slot: otherwise parents that wait for theirs could hold all there are. */
function isChild({ run }: LiveRun): boolean {
  return run.parentRunId !== null;
}
