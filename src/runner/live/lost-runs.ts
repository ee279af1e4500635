/** Notices the runs of this process that another process has ended or claimed. */
import type { Log } from "../../core/ports/clock-and-log.js";
import type { RunStore } from "../../core/ports/run-store.js";
import type { EventBus } from "./event-bus.js";
import type { RunTable, TableEntry } from "./run-table.js";

export interface LostRuns {
  /** Follows the changes of other processes while this one has runs, and only then. */
  followWhileBusy(): void;
  /** Stops the runs that this process owns no more. */
  stopLost(): Promise<void>;
}

export interface LostRunsDeps {
  readonly store: Pick<RunStore, "stillOwned" | "subscribe">;
  readonly bus: Pick<EventBus, "publish">;
  readonly log: Log;
}

export function createLostRuns(
  table: Pick<RunTable<TableEntry>, "isEmpty" | "leases" | "has" | "stop">,
  { store, bus, log }: LostRunsDeps,
): LostRuns {
  let unsubscribe: (() => void) | null = null;

  function followWhileBusy(): void {
    if (!table.isEmpty) unsubscribe ??= store.subscribe(stopLostLogged);
    else {
      unsubscribe?.();
      unsubscribe = null;
    }
  }

  function stopLostLogged(): void {
    void stopLost().catch((error: unknown) => log.error({ err: error }, "cannot follow a change in the database"));
  }

  async function stopLost(): Promise<void> {
    const asked = table.leases();
    const owned = await store.stillOwned(asked);
    const lost = asked.filter((lease) => !owned.has(lease.runId) && table.has(lease));
    for (const { runId } of lost) table.stop(runId, "lost");
    followWhileBusy();
    for (const { runId } of lost) bus.publish(runId, []);
  }

  return { followWhileBusy, stopLost };
}
