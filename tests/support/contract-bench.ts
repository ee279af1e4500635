/** A database with one process on it, and short forms of the verbs that most contract tests use. */
import { afterEach, beforeEach, expect } from "vitest";
import type { RunEvent, StoredEvent } from "../../src/core/journal/event.js";
import type { CreateRunOptions, NewRun, RunLease, RunStore } from "../../src/core/ports/run-store.js";
import type { EndStatus, Outcome, Run } from "../../src/core/run/run.js";
import type { ProcessIdentity, StoreImplementation, StorePorts, TestDatabase } from "../contract/implementations.js";
import { newRunNamed } from "./new-run.js";

export const SUCCESS: Outcome = { status: "success", result: "done" };
export const CANCELLED: Outcome = { status: "cancelled", result: null, error: { code: "cancelled", message: "stop" } };
export const TURN: RunEvent = { type: "turn_started", turn: 1 };
/** An event that no store can write: its content is no JSON. */
export const UNWRITABLE: RunEvent = {
  type: "model_replied",
  turn: 1,
  raw: { provider: "p", model: "m", content: { n: 1n } },
  usage: null,
};
const ANY_CALLER: CreateRunOptions = { signal: new AbortController().signal, maxChildren: 20 };

export const finish = (outcome: Outcome | EndStatus): RunEvent => ({
  type: "run_finished",
  outcome: typeof outcome === "string" ? { status: outcome, result: "r" } : outcome,
});

/** Creates the run; fails where it was refused. */
export async function created(store: RunStore, run: NewRun, options: Partial<CreateRunOptions> = {}): Promise<Run> {
  const result = await store.createRun(run, { ...ANY_CALLER, ...options });
  if (result.kind === "refused") throw new Error(`refused: ${result.reason}`);
  return result.run;
}

/** Creates the run and starts it. */
export async function startedRun(store: RunStore, run: NewRun): Promise<RunLease> {
  const { id, epoch } = await created(store, run);
  const lease = { runId: id, epoch };
  expect(await appendTo(store, lease, [{ type: "run_started" }])).not.toBeNull();
  return lease;
}

/** One commit without blobs that an effect follows. */
export function appendTo(
  store: RunStore,
  lease: RunLease,
  events: readonly RunEvent[],
): Promise<readonly StoredEvent[] | null> {
  return store.append(lease, { events, blobs: [] }, { durable: true });
}

/** What a test of one suite works with; all of it is new for each test. */
export interface ContractBench {
  readonly clock: { time: number; now(): number };
  readonly database: TestDatabase;
  readonly stores: StorePorts;
  readonly store: RunStore;
  /** Opens the database as one more process, closed after the test. */
  open(process?: ProcessIdentity): StorePorts;
  /** In the order of their creation, the runs have ascending ids. */
  newRun(fields?: Partial<NewRun>): NewRun;
  created(fields?: Partial<NewRun>): Promise<Run>;
  started(fields?: Partial<NewRun>): Promise<RunLease>;
  append(lease: RunLease, events: readonly RunEvent[]): Promise<readonly StoredEvent[] | null>;
  /** The lease that its current owner has. */
  leaseOf(runId: string): Promise<RunLease>;
  statusOf(runId: string): Promise<string | undefined>;
  seqs(runId: string, type?: RunEvent["type"]): Promise<readonly number[]>;
  types(runId: string): Promise<readonly string[]>;
}

/** Call it in a `describe`: it sets up and cleans up around each test. */
export function setContractBench(implementation: StoreImplementation): ContractBench {
  const clock = { time: 1_000_000_000, now: () => clock.time };
  const opened: StorePorts[] = [];
  let database: TestDatabase;
  let stores: StorePorts;
  let made = 0;

  beforeEach(() => {
    clock.time = 1_000_000_000;
    database = implementation.create(clock);
    stores = bench.open();
  });
  afterEach(async () => {
    for (const { runs } of opened.splice(0)) await runs.close();
    database.remove();
  });

  const bench: ContractBench = {
    clock,
    get database() {
      return database;
    },
    get stores() {
      return stores;
    },
    get store() {
      return stores.runs;
    },
    open(process) {
      const ports = database.open(process);
      opened.push(ports);
      return ports;
    },
    newRun: (fields = {}) => newRunNamed(fields.id ?? `run_${String(++made).padStart(6, "0")}`, fields),
    created: (fields) => created(stores.runs, bench.newRun(fields)),
    started: (fields) => startedRun(stores.runs, bench.newRun(fields)),
    append: (lease, events) => appendTo(stores.runs, lease, events),
    leaseOf: async (runId) => ({ runId, epoch: (await stores.runs.getRun(runId))?.epoch ?? 0 }),
    statusOf: async (runId) => (await stores.runs.getRun(runId))?.status,
    async seqs(runId, type) {
      const events = await stores.runs.listEvents(runId, { afterSeq: 0, ...(type && { type }) });
      return events.map(({ seq }) => seq);
    },
    async types(runId) {
      const events = await stores.runs.listEvents(runId, { afterSeq: 0 });
      return events.map(({ event }) => event.type);
    },
  };
  return bench;
}
