/** Three processes and the model of their rights over each other's runs: each event happens to both and is compared. */
import fc from "fast-check";
import { expect } from "vitest";
import type { RunEvent } from "../../src/core/journal/event.js";
import type { ClaimCandidate, RunLease, RunStore } from "../../src/core/ports/run-store.js";
import { type EndStatus, isEnded, type Outcome, type Run } from "../../src/core/run/run.js";
import type { StoredRun, StoreImplementation, StorePorts, TestDatabase } from "../contract/implementations.js";
import { appendTo, finish, TURN, UNWRITABLE } from "./contract-bench.js";
import * as model from "./lease-model.js";
import { newRunNamed } from "./new-run.js";

/** One process, with the leases that it believes in and the rows that it has read. */
interface Process {
  readonly owner: string;
  readonly ports: StorePorts;
  readonly store: RunStore;
  readonly leases: Map<string, RunLease>;
  readonly seen: Map<string, Run>;
}

export interface World {
  readonly project: string;
  readonly database: TestDatabase;
  readonly processes: Process[];
  /** Ids, in the order of creation. */
  readonly runs: string[];
  readonly model: model.Model;
  /** A new process in place of a crashed one; it owns nothing and has read nothing. */
  begin(crashed: Process): Process;
}

type Act = (world: World, process: Process, runId: string) => void | Promise<void>;

/** Histories one after the other on one database: to begin a process takes longer than most histories. */
export function createWorlds(implementation: StoreImplementation) {
  let current = emptyModel();
  let histories = 0;
  let owners = 0;
  const database = implementation.create({ now: () => current.now });

  /** The clock and the crashes of the history so far. */
  function begin(crashed: Process | null = null): Process {
    const own = `owner ${++owners}`;
    const identity = { own, isProvablyDead: (other: string) => current.dead.has(other) };
    const ports = crashed ? database.replace(crashed.ports, identity) : database.open(identity);
    return { owner: own, ports, store: ports.runs, leases: new Map(), seen: new Map() };
  }

  let processes = [begin(), begin(), begin()];
  return {
    /** A new project with nothing in it. */
    next(): World {
      current = emptyModel();
      return { project: `/history-${++histories}`, database, processes, runs: [], model: current, begin };
    },
    /** Leaves nothing alive that the next history could find. */
    async leave({ runs, processes: left }: World): Promise<void> {
      for (const id of runs) await left[0]?.store.endTree(id, outcomeOf("cancelled"));
      for (const { leases, seen } of left) for (const known of [leases, seen]) known.clear();
      processes = left;
    },
    async remove(): Promise<void> {
      for (const { store } of processes) await store.close();
      database.remove();
    },
  };
}

function emptyModel(): model.Model {
  return { now: 1_000_000, dead: new Set(), runs: new Map() };
}

function replace(world: World, process: Process): void {
  world.processes[world.processes.indexOf(process)] = world.begin(process);
}

const spawn: Act = async (world, { store, leases, owner }, parent) => {
  const id = `${world.project} ${world.runs.length + 1}`;
  const isChild = world.runs.length % 3 === 2;
  const parentRunId = isChild ? parent : null;
  const result = await store.createRun(newRunNamed(id, { parentRunId, project: world.project }), ANY_CALLER);
  const parentHasEnded = isChild && isEnded(world.model.runs.get(parent)?.status ?? "pending");
  expect(result.kind).toBe(parentHasEnded ? "refused" : "created");
  if (parentHasEnded) return;
  model.spawn(world.model, id, parentRunId, owner);
  world.runs.push(id);
  leases.set(id, { runId: id, epoch: 1 });
};

/** A commit under the lease that the process believes in, stale or not. */
function commit(event: RunEvent): Act {
  return async (world, { store, leases }, runId) => {
    const lease = leases.get(runId);
    if (!lease) return;
    const isSaved = (await appendTo(store, lease, [event])) !== null;
    expect(isSaved).toBe(writeOf(world, lease, event));
  };
}

/** Commits of all runs of the process at once, which may share a transaction; one that fails takes no other with it. */
function commitAll(fails: boolean): Act {
  return async (world, { store, leases }) => {
    const all = [...leases.values()];
    const failing = fails ? all.slice(0, 1).map((lease) => appendTo(store, lease, [TURN, UNWRITABLE])) : [];
    const saving = all.map((lease) => appendTo(store, lease, [TURN]));
    // Where the lease is lost nothing is written, so nothing fails.
    for (const outcome of await Promise.allSettled(failing)) expect(outcome).toSatisfy(isUnsaved);
    const saved = (await Promise.all(saving)).map((stored) => stored !== null);
    expect(saved).toEqual(all.map((lease) => writeOf(world, lease, TURN)));
  };
}

function isUnsaved(outcome: PromiseSettledResult<unknown>): boolean {
  return outcome.status === "rejected" ? outcome.reason instanceof TypeError : outcome.value === null;
}

function writeOf(world: World, lease: RunLease, event: RunEvent): boolean {
  if (event.type === "run_finished") return model.write(world.model, lease, event.type, event.outcome.status);
  return model.write(world.model, lease, event.type, event.type === "run_started" ? "running" : null);
}

const read: Act = async (_world, { store, seen }, runId) => {
  const run = await store.getRun(runId);
  if (run) seen.set(runId, run);
};

/** Claims a run that it has read to be interrupted, or gives it up; the run may have changed since. */
const recover: Act = async (world, process, runId) => {
  const run = process.seen.get(runId);
  if (run?.status === "interrupted") await claimAll([run], process, world);
};

const lookAndRecover: Act = async (world, process, runId) => {
  await read(world, process, runId);
  await recover(world, process, runId);
};

/** The same with all runs that it has read, in one call. */
const recoverAll: Act = async (world, process) => {
  const runs = [...process.seen.values()].filter(({ status }) => status === "interrupted");
  await claimAll(runs.toReversed(), process, world); // children first
};

const reopen: Act = async (world, { store, owner, leases, seen }, runId) => {
  const run = seen.get(runId);
  if (!run) return;
  const lease = { runId, epoch: run.epoch };
  const claimed = await store.reopen(lease, [{ type: "run_resumed", by: "request" }]);
  expect(claimed !== null).toBe(model.takeOver(world.model, lease, "request", owner));
  if (claimed) leases.set(runId, { runId, epoch: claimed.run.epoch });
};

/** As nothing does: an end is not taken back without a request, even by a process that knows the run as it is. */
const claimAnything: Act = async (world, process, runId) => {
  await read(world, process, runId);
  const run = process.seen.get(runId);
  if (run) await claimAll([{ ...run, attempts: 0 }], process, world);
};

async function claimAll(runs: readonly Run[], { store, owner, leases }: Process, world: World): Promise<void> {
  const candidates = runs.map(toCandidate);
  const claimed = await store.claimAll(candidates);
  const expected = candidates.filter(({ lease, events }) =>
    events[0]?.type === "run_finished"
      ? model.write(world.model, lease, "run_finished", "error") && false
      : model.takeOver(world.model, lease, "recovery", owner),
  );
  const owned = expected.filter(({ lease }) => world.model.runs.get(lease.runId)?.epoch === lease.epoch + 1);
  expect(claimed.map(({ run }) => run.id)).toEqual(owned.map(({ lease }) => lease.runId));
  for (const { run, events } of claimed) {
    leases.set(run.id, { runId: run.id, epoch: run.epoch });
    expect(events.map(({ event }) => event.type)).toEqual(world.model.runs.get(run.id)?.events);
  }
}

function toCandidate({ id: runId, epoch, attempts }: Run): ClaimCandidate {
  const isGivenUp = attempts >= model.MOST_ATTEMPTS;
  return {
    lease: { runId, epoch },
    events: [isGivenUp ? finish("error") : { type: "run_resumed", by: "recovery" }],
  };
}

/** All processes have read the same row, and reach for it one after the other. */
const race: Act = async (world, process, runId) => {
  for (const each of world.processes) await read(world, each, runId);
  for (const each of [process, ...others(world, process)]) await recover(world, each, runId);
};

/** All write, whether they own the run or only believe it. */
const writeAtOnce: Act = async (world, process, runId) => {
  for (const each of [process, ...others(world, process)]) await commit(TURN)(world, each, runId);
};

function others({ processes }: World, process: Process): readonly Process[] {
  return processes.filter((other) => other !== process);
}

const sweep: Act = async (world, { store, owner }) => {
  const found = (await store.interruptAbandoned()).filter((id) => world.runs.includes(id));
  expect(found.toSorted()).toEqual([...model.sweep(world.model, owner)].toSorted());
};

const renew: Act = async ({ model: known }, { store, owner }) => {
  await store.renewLeases();
  model.renew(known, owner);
};

/** Pauses the process for longer than a lease, while the others renew theirs; it does not notice the pause. */
const stall: Act = async (world, process) => {
  world.model.now += model.LEASE + 1;
  for (const other of others(world, process)) await renew(world, other, "");
};

/** Pauses the process until another one has claimed its run; then it continues without having noticed. */
const overtake: Act = async (world, process, runId) => {
  await stall(world, process, runId);
  const [other] = others(world, process);
  if (!other) return;
  await sweep(world, other, runId);
  await lookAndRecover(world, other, runId);
  await commit(TURN)(world, process, runId);
};

const crash: Act = (world, process) => {
  world.model.dead.add(process.owner);
  replace(world, process);
};

/** On another machine nobody can tell: only the lease says so, in time. */
const crashElsewhere: Act = (world, process) => replace(world, process);

const shutDown: Act = async (world, process) => {
  const leases = [...process.leases.values()];
  await process.store.interruptAll(leases, "the host went away", { withinMs: 1_000 });
  for (const lease of leases) model.interrupt(world.model, lease, world.model.now);
  replace(world, process);
};

const cancel: Act = async (world, { store }, runId) => {
  const tree = await store.endTree(runId, outcomeOf("cancelled"));
  const ended = tree.flatMap((run) => (run.ended ? [run.id] : []));
  expect(ended.toSorted()).toEqual([...model.cancel(world.model, runId)].toSorted());
};

const passTime: Act = (world) => {
  world.model.now += 5_000;
};

const REPLY: RunEvent = {
  type: "model_replied",
  turn: 1,
  raw: { provider: "p", model: "m", content: {} },
  usage: null,
};
const ENDS = ["success", "partial", "blocked", "error", "timeout"] as const;

const ACTS: Readonly<Record<string, readonly [weight: number, act: Act]>> = {
  spawn: [4, spawn],
  start: [6, commit({ type: "run_started" })],
  "begin a turn": [3, commit(TURN)],
  "get a reply": [2, commit(REPLY)],
  "write all": [1, commitAll(false)],
  "fail to write all": [1, commitAll(true)],
  ...Object.fromEntries(ENDS.map((end) => [`end in ${end}`, [1, commit(finish(end))] as const])),
  read: [4, read],
  recover: [3, lookAndRecover],
  "recover what it has read": [3, recover],
  "recover all": [3, recoverAll],
  reopen: [4, reopen],
  "claim anything": [1, claimAnything],
  race: [4, race],
  "write at once": [2, writeAtOnce],
  sweep: [6, sweep],
  renew: [3, renew],
  stall: [2, stall],
  "be overtaken": [4, overtake],
  crash: [4, crash],
  "crash elsewhere": [2, crashElsewhere],
  "shut down": [2, shutDown],
  cancel: [1, cancel],
  "pass time": [2, passTime],
};

/** What happens, to which process and to which run, counted round and round. */
export type Happening = readonly [name: string, process: number, run: number];

export const anyHappening: fc.Arbitrary<Happening> = fc.tuple(
  fc.oneof(...Object.entries(ACTS).map(([name, [weight]]) => ({ weight, arbitrary: fc.constant(name) }))),
  fc.nat(2),
  fc.nat(1),
);

/** Nothing happens to runs before there is one. */
export async function happen(world: World, [name, process, run]: Happening): Promise<void> {
  const { processes, runs } = world;
  const [one, runId] = [processes[process % processes.length], runs[run % runs.length] ?? ""];
  if (one && (name === "spawn" || runId !== "")) await ACTS[name]?.[1](world, one, runId);
}

/** Each run is stored as the model has it, and at most its owner could write to it. */
export async function expectAgreement(world: World): Promise<void> {
  const expected = world.runs.map((id) => rowOf(world.model.runs.get(id)));
  expect(world.database.look(world.project)).toEqual(expected);
  for (const id of world.runs) {
    const writers: string[] = [];
    for (const { leases, store, owner } of world.processes) {
      const lease = leases.get(id);
      if (lease && (await store.stillOwned([lease])).size > 0) writers.push(owner);
    }
    const { owner = null } = world.model.runs.get(id) ?? {};
    const isHere = world.processes.some((process) => process.owner === owner);
    expect(writers).toEqual(isHere ? [owner] : []);
  }
}

/** Every process reads each run as the model has it. */
export async function expectPortAgrees({ processes, runs, model: { runs: expected } }: World): Promise<void> {
  for (const { store } of processes)
    for (const run of await store.getRuns(runs)) {
      const { status, epoch, attempts, interruptedAt, events: types } = expected.get(run.id) ?? {};
      expect(run).toMatchObject({ status, epoch, attempts, interruptedAt });
      expect(await store.statusOf(run.id)).toBe(status);
      const events = await store.listEvents(run.id, { afterSeq: 0 });
      expect(events.map(({ event }) => event.type)).toEqual(types);
    }
}

function rowOf(run: model.ModelRun | undefined): StoredRun {
  if (!run) throw new Error("the model does not know the run");
  return {
    id: run.id,
    owner: run.owner,
    leaseUntil: run.leaseUntil,
    status: run.status,
    epoch: run.epoch,
    attempts: run.attempts,
    interruptedAt: run.interruptedAt,
    lastSeq: run.events.length,
    hasEnded: isEnded(run.status),
    hasOutcome: isEnded(run.status),
    events: run.events.map((type, index) => `${index + 1} ${type}`),
  };
}

const ANY_CALLER = { signal: new AbortController().signal, maxChildren: Number.POSITIVE_INFINITY };

function outcomeOf(status: EndStatus): Outcome {
  return { status, result: "r" };
}
