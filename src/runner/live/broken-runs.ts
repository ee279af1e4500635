/** Runs that broke off because the store failed: nobody works on them, but the store does not know that yet. */
import type { Log } from "../../core/ports/clock-and-log.js";
import type { RunLease, RunStore } from "../../core/ports/run-store.js";
import type { EventBus } from "./event-bus.js";

/** A run that broke off: why, in the words of the store and in those of its event, and when. */
export interface BrokenRun {
  readonly lease: RunLease;
  readonly trouble: string;
  readonly reason: string;
  /** Unix milliseconds. */
  readonly at: number;
}

export interface BrokenRuns {
  /** Marks the run as interrupted, at once or, with `repair`, as soon as the store can be written. */
  add(run: BrokenRun): void;
  /** Tries again to mark the runs as interrupted. Never rejects. */
  repair(): Promise<void>;
  leases(): readonly RunLease[];
  /** Why a run broke off; null for all others. */
  troubleOf(runId: string): string | null;
  /** Others have recorded that these runs are interrupted. */
  forget(runIds: Iterable<string>): void;
  /** A run has worked to its end or its question: the store is well. */
  worked(): void;
  /** Whether it is too early to recover runs: each try may cost a request to a model whose reply cannot be saved either. */
  readonly isResting: boolean;
}

const FIRST_REST_MS = 5_000;
const LONGEST_REST_MS = 5 * 60_000;

export function createBrokenRuns(
  store: Pick<RunStore, "append">,
  bus: Pick<EventBus, "publish">,
  log: Log,
): BrokenRuns {
  const broken = new Map<string, BrokenRun>();
  let isRepairing = false;
  let restMs = 0;
  let restsUntil = 0; // by performance.now()

  async function markInterrupted({ lease, reason, at: until }: BrokenRun): Promise<void> {
    const interrupted = { type: "run_interrupted", reason, until } as const;
    await store.append(lease, { events: [interrupted], blobs: [] }, { durable: true });
    broken.delete(lease.runId);
    bus.publish(lease.runId, []);
  }

  async function repair(): Promise<void> {
    if (isRepairing || broken.size === 0) return;
    isRepairing = true;
    const tries = await Promise.allSettled([...broken.values()].map(markInterrupted));
    isRepairing = false;
    const failed = tries.find((tried) => tried.status === "rejected");
    if (failed)
      log.warn({ err: failed.reason, runs: [...broken.keys()] }, "cannot mark broken runs as interrupted yet");
  }

  return {
    add(run) {
      const now = performance.now();
      // Runs that break off together count once.
      if (now >= restsUntil) restMs = Math.min(LONGEST_REST_MS, Math.max(FIRST_REST_MS, restMs * 2));
      restsUntil = now + restMs;
      broken.set(run.lease.runId, run);
      bus.publish(run.lease.runId, []);
      void repair();
    },
    repair,
    leases: () => [...broken.values()].map(({ lease }) => lease),
    troubleOf: (runId) => broken.get(runId)?.trouble ?? null,
    forget(runIds) {
      for (const id of runIds) broken.delete(id);
    },
    worked() {
      restMs = 0;
    },
    get isResting() {
      return performance.now() < restsUntil;
    },
  };
}
