/** The runs of this process: drives them as slots become free, renews their leases, and stops them. */
import { setMaxListeners } from "node:events";
import { StoreError } from "../../core/errors.js";
import type { Log } from "../../core/ports/clock-and-log.js";
import type { RunLease, RunStore } from "../../core/ports/run-store.js";
import type { Run } from "../../core/run/run.js";
import type { Replay } from "../state/replay.js";
import type { StopReason } from "../state/stop.js";
import type { AgentDeps } from "../state/turn-context.js";
import { createBrokenRuns } from "./broken-runs.js";
import { type DriveDeps, driveRun } from "./drive-run.js";
import type { EventBus } from "./event-bus.js";
import { startHeartbeat } from "./heartbeat.js";
import { createLostRuns, type LostRunsDeps } from "./lost-runs.js";
import { createRunTable, leaseOf } from "./run-table.js";

export interface LiveRuns {
  /** How many runs may work at the same time; further runs wait. */
  allow(slots: number): void;
  /** Drives a run that this process owns, from the end of its replay, as soon as a slot is free; a child at once. */
  begin(run: Run, replay: Replay, agent: AgentDeps): void;
  /** How many more runs may be recovered at once. */
  readonly freeSlots: number;
  /** Calls back whenever a slot has become free and, every few seconds, when other processes may have abandoned runs. */
  onRoom(look: () => void): void;
  /** Calls back with a run of this process that has just asked a person. */
  onAsked(asked: (runId: string) => void): void;
  /** Aborts these runs here; their end is recorded elsewhere. */
  stop(runIds: readonly string[], reason: StopReason): void;
  /** Whether a run is at work here, until the loop has left it. */
  isWorking(runId: string): boolean;
  /** Why a run broke off here before its end could be written; null for all others. */
  troubleOf(runId: string): string | null;
  /**
   * Records every run of this process as interrupted, then aborts them. No run begins afterwards. A store inside this process
   * has saved it when this returns.
   */
  interruptAll(reason: string): Promise<void>;
  /** Aborts when the process takes no more runs. */
  readonly closing: AbortSignal;
}

interface LiveRun {
  readonly run: Run;
  readonly replay: Replay;
  readonly agent: AgentDeps;
  readonly controller: AbortController;
}

export interface LiveDeps {
  readonly store: DriveDeps["store"] &
    LostRunsDeps["store"] &
    Pick<RunStore, "renewLeases" | "interruptAbandoned" | "interruptAll">;
  readonly bus: Pick<EventBus, "publish" | "tell">;
  readonly log: Log;
}

const EXIT_WITHIN_MS = 50; // hosts kill a process soon after the first sign of its end

export function createLiveRuns({ store, bus, log }: LiveDeps): LiveRuns {
  const table = createRunTable<LiveRun>();
  const lost = createLostRuns(table, { store, bus, log });
  const broken = createBrokenRuns(store, bus, log);
  const closing = new AbortController();
  let endReason = "";
  let look = () => {};
  let asked = (_runId: string) => {};

  const stopHeartbeat = startHeartbeat(beat, log);

  async function beat(wokeLate: boolean): Promise<void> {
    if (!table.isEmpty) void store.renewLeases().catch(notRenewed);
    await broken.repair();
    if (wokeLate) return; // after a sleep of this machine other owners are late as well, not gone
    for (const id of await store.interruptAbandoned()) bus.publish(id, []);
    look();
  }

  function notRenewed(error: unknown): void {
    log.error({ err: error }, "cannot renew leases");
    if (!(error instanceof StoreError && error.isFinal)) return;
    const { message } = error;
    for (const lease of table.leases()) {
      table.stop(lease.runId, "lost");
      broken.add({ lease, trouble: message, reason: message, at: Date.now() });
    }
  }

  /** Drives the runs that may begin now. */
  function fillSlots(): void {
    while (!closing.signal.aborted) {
      const live = table.startNext();
      if (live === null) return;
      void drive(live).catch((error: unknown) =>
        log.error({ err: error, run: live.run.id }, "cannot look after a run"),
      );
    }
  }

  async function drive(live: LiveRun): Promise<void> {
    const { run, replay, agent, controller } = live;
    const driven = await driveRun(run, replay, controller, agent, { store, bus, log });
    table.remove(live);
    if (driven.kind === "broken") broken.add({ lease: leaseOf(run), ...driven });
    else broken.worked();
    if (driven.kind === "waiting" && !closing.signal.aborted) asked(run.id);
    lost.followWhileBusy();
    fillSlots();
    look();
    if (table.hasChildren(run.id)) await lost.stopLost(); // they ended with it
  }

  function stop(runIds: readonly string[], reason: StopReason): void {
    for (const id of runIds) table.stop(id, reason);
    lost.followWhileBusy();
  }

  async function interruptNow(ended: readonly RunLease[], reason: string): Promise<void> {
    await store.interruptAll(ended, reason, { withinMs: EXIT_WITHIN_MS });
    const ids = ended.map(({ runId }) => runId);
    broken.forget(ids);
    for (const id of ids) bus.publish(id, []);
  }

  return {
    allow: table.allow,
    begin(run, replay, agent) {
      if (closing.signal.aborted) {
        // It was being written as this process ended.
        void interruptNow([leaseOf(run)], endReason).catch((error: unknown) =>
          log.error({ err: error, run: run.id }, "cannot mark a run as interrupted"),
        );
        return;
      }
      const controller = new AbortController();
      setMaxListeners(0, controller.signal); // all calls of a turn may listen to it at once; each stops when it ends
      table.add({ run, replay, agent, controller });
      lost.followWhileBusy();
      fillSlots();
    },
    get freeSlots() {
      return closing.signal.aborted || broken.isResting ? 0 : table.freeSlots;
    },
    onRoom(called) {
      look = called;
    },
    onAsked(called) {
      asked = called;
    },
    stop,
    isWorking: table.isWorking,
    troubleOf: broken.troubleOf,
    async interruptAll(reason) {
      if (closing.signal.aborted) return;
      endReason = reason;
      closing.abort();
      stopHeartbeat();
      const ours = table.leases();
      const all = [...ours, ...broken.leases()];
      const interrupted = all.length > 0 ? interruptNow(all, reason) : null;
      stop(
        ours.map(({ runId }) => runId),
        "interrupted",
      );
      await interrupted;
    },
    closing: closing.signal,
  };
}
