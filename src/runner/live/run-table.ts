/** The table of this process's runs: those at work, and those that wait for a slot. */
import type { RunLease } from "../../core/ports/run-store.js";
import type { Run } from "../../core/run/run.js";
import type { StopReason } from "../state/stop.js";

export interface TableEntry {
  readonly run: Pick<Run, "id" | "epoch" | "parentRunId">;
  readonly controller: AbortController;
}

export interface RunTable<Entry extends TableEntry> {
  /** How many runs may work at the same time. */
  allow(slots: number): void;
  /** How many more runs would begin at once. */
  readonly freeSlots: number;
  readonly isEmpty: boolean;
  leases(): readonly RunLease[];
  /** Whether a run is here under this lease: it may have been claimed anew. */
  has(lease: RunLease): boolean;
  hasChildren(runId: string): boolean;
  /** Whether a run is at work here. */
  isWorking(runId: string): boolean;
  /** Lets a run wait behind the others. */
  add(entry: Entry): void;
  /** Puts the next run that may begin to work, children whatever the slots; aborts an older claim of it. Null where none may. */
  startNext(): Entry | null;
  /** Frees the slot of a run that has stopped working. */
  remove(entry: Entry): void;
  /** Aborts a run at work; a run that waits leaves the table. */
  stop(runId: string, reason: StopReason): void;
}

export function createRunTable<Entry extends TableEntry>(): RunTable<Entry> {
  const waiting: Entry[] = [];
  const working = new Map<string, Entry>();
  let slots = 1;
  let slotsInUse = 0;

  const all = () => [...working.values(), ...waiting];

  return {
    allow(allowed) {
      slots = allowed;
    },
    get freeSlots() {
      return Math.max(0, slots - slotsInUse - waiting.length);
    },
    get isEmpty() {
      return working.size + waiting.length === 0;
    },
    leases: () => all().map(({ run }) => leaseOf(run)),
    has: ({ runId, epoch }) => all().some(({ run }) => run.id === runId && run.epoch === epoch),
    hasChildren: (runId) => all().some(({ run }) => run.parentRunId === runId),
    isWorking: (runId) => working.has(runId),
    add: (entry) => void waiting.push(entry),
    startNext() {
      const at = slotsInUse < slots ? 0 : waiting.findIndex(isChild);
      const [entry] = at < 0 ? [] : waiting.splice(at, 1);
      if (entry === undefined) return null;
      if (!isChild(entry)) slotsInUse += 1;
      working.get(entry.run.id)?.controller.abort("lost" satisfies StopReason); // claimed anew before its loss was noticed
      working.set(entry.run.id, entry);
      return entry;
    },
    remove(entry) {
      if (working.get(entry.run.id) === entry) working.delete(entry.run.id);
      if (!isChild(entry)) slotsInUse -= 1;
    },
    stop(runId, reason) {
      working.get(runId)?.controller.abort(reason);
      const at = waiting.findIndex(({ run }) => run.id === runId);
      if (at >= 0) waiting.splice(at, 1);
    },
  };
}

export function leaseOf({ id, epoch }: Pick<Run, "id" | "epoch">): RunLease {
  return { runId: id, epoch };
}

/** A child uses no slot: otherwise parents that wait for their children could hold all slots. */
function isChild({ run }: TableEntry): boolean {
  return run.parentRunId !== null;
}
