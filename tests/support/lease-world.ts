/** Three processes and the model of what they may do to each other's runs: whatever happens is told to both and compared. */
import fc from "fast-check";
import { expect } from "vitest";
import type { RunLease, RunStore } from "../../src/core/ports/run-store.js";
import type { RunEvent } from "../../src/core/run/event.js";
import { type EndStatus, isEnded, type Outcome, type Run } from "../../src/core/run/run.js";
import type { Connection } from "../../src/store/sqlite/connection/connection.js";
import { createRunStore } from "../../src/store/sqlite/runs/run-store.js";
import * as model from "./lease-model.js";
import { newRunNamed } from "./new-run.js";

/** One process, with the holds it believes in and the rows it has read. */
interface Process {
  readonly connection: Connection;
  readonly owner: string;
  readonly store: RunStore;
  readonly holds: Map<string, RunLease>;
  readonly seen: Map<string, Run>;
}

export interface World {
  readonly project: string;
  readonly processes: Process[];
  /** Ids, in the order of creation. */
  readonly runs: string[];
  readonly model: model.Model;
}

type Act = (world: World, process: Process, runId: string) => void;

let histories = 0;
let owners = 0;
let current = emptyModel();
/** Processes that have outlived their history: to begin one takes longer than most histories. */
let idle: readonly Process[] = [];

/** A new project with nothing in it, and a process on each connection. */
export function createWorld(connections: readonly Connection[]): World {
  const project = `/history-${++histories}`;
  const world: World = {
    project,
    processes: [],
    runs: [],
    model: { now: 1_000_000, dead: new Set(), runs: new Map() },
  };
  const inherited = (connection: Connection) => idle.find((process) => process.connection === connection);
  for (const connection of connections) world.processes.push(inherited(connection) ?? begin(connection));
  current = world.model;
  return world;
}

function emptyModel(): model.Model {
  return { now: 1_000_000, dead: new Set(), runs: new Map() };
}

/** Leaves nothing alive that the next history could find. */
export function leave({ runs, processes }: World): void {
  for (const id of runs) processes[0]?.store.endTree(id, outcomeOf("cancelled"));
  for (const { holds, seen } of processes) for (const known of [holds, seen]) known.clear();
  idle = processes;
}

/** Clock and deaths are those of the history that goes on. */
function begin(connection: Connection): Process {
  const owner = `owner ${++owners}`;
  const clock = { now: () => current.now };
  const store = createRunStore(connection, clock, { own: owner, isProvablyDead: (other) => current.dead.has(other) });
  return { connection, owner, store, holds: new Map(), seen: new Map() };
}

/** In place of a process that is gone: another owner, which holds nothing and has read nothing. */
function replace(world: World, process: Process): void {
  world.processes[world.processes.indexOf(process)] = begin(process.connection);
}

const spawn: Act = (world, { store, holds, owner }, parent) => {
  const id = `${world.project} ${world.runs.length + 1}`;
  const isChild = world.runs.length % 3 === 2;
  store.createRun(newRunNamed(id, { parentRunId: isChild ? parent : null, project: world.project }));
  model.spawn(world.model, id, isChild ? parent : null, owner);
  world.runs.push(id);
  holds.set(id, { runId: id, epoch: 1 });
};

/** A commit with the hold that the process believes in, stale or not. */
function commit(event: RunEvent): Act {
  return (world, { store, holds }, runId) => {
    const hold = holds.get(runId);
    if (hold) expect(store.append(hold, [event]) !== null).toBe(writeOf(world, hold, event));
  };
}

/** One transaction for all runs of the process; a failure takes all of it back. */
function commitAll(fails: boolean): Act {
  return (world, { store, holds }) => {
    const all = [...holds.values()];
    const act = () => {
      const saved = all.map((hold) => store.append(hold, [TURN]) !== null);
      if (fails) throw new Error("a mistake");
      return saved;
    };
    if (fails) expect(() => store.together(act)).toThrow("a mistake");
    else expect(store.together(act)).toEqual(all.map((hold) => writeOf(world, hold, TURN)));
  };
}

function writeOf(world: World, hold: RunLease, event: RunEvent): boolean {
  if (event.type === "run_finished") return model.write(world.model, hold, event.type, event.outcome.status);
  return model.write(world.model, hold, event.type, event.type === "run_started" ? "running" : null);
}

const read: Act = (_world, { store, seen }, runId) => {
  const run = store.getRun(runId);
  if (run) seen.set(runId, run);
};

/** Takes up what it has read to be interrupted, or gives it up; what it has read may have changed since. */
const recover: Act = (world, process, runId) => {
  const run = process.seen.get(runId);
  if (run?.status !== "interrupted") return;
  if (run.attempts < model.MOST_ATTEMPTS) return takeOver("recovery", process, run, world);
  const hold = { runId, epoch: run.epoch };
  const given = process.store.append(hold, [finish("error")]) !== null;
  expect(given).toBe(model.write(world.model, hold, "run_finished", "error"));
};

const lookAndRecover: Act = (world, process, runId) => {
  read(world, process, runId);
  recover(world, process, runId);
};

const reopen: Act = (world, process, runId) => {
  const run = process.seen.get(runId);
  if (run) takeOver("request", process, run, world);
};

/** As nothing does: an end is not taken back without being asked for, even by who knows the run as it is. */
const takeOverAnything: Act = (world, process, runId) => {
  read(world, process, runId);
  const run = process.seen.get(runId);
  if (run) takeOver("recovery", process, run, world);
};

function takeOver(by: "recovery" | "request", { store, owner, holds }: Process, run: Run, world: World): void {
  const taken = store.claim({ runId: run.id, epoch: run.epoch }, [{ type: "run_resumed", by }]);
  const expected = model.takeOver(world.model, { runId: run.id, epoch: run.epoch }, by, owner);
  expect(taken !== null).toBe(expected);
  if (taken) holds.set(run.id, { runId: run.id, epoch: taken.epoch });
}

/** All processes have read the same row, and reach for it one after the other. */
const race: Act = (world, process, runId) => {
  for (const each of world.processes) read(world, each, runId);
  for (const each of [process, ...others(world, process)]) recover(world, each, runId);
};

/** All write, whether they hold the run or only believe it. */
const writeAtOnce: Act = (world, process, runId) => {
  for (const each of [process, ...others(world, process)]) commit(TURN)(world, each, runId);
};

function others({ processes }: World, process: Process): readonly Process[] {
  return processes.filter((other) => other !== process);
}

const sweep: Act = (world, { store, owner }) => {
  const found = store.interruptAbandoned().filter((id) => world.runs.includes(id));
  expect(found.toSorted()).toEqual([...model.sweep(world.model, owner)].toSorted());
};

const renew: Act = ({ model: known }, { store, owner }) => {
  store.renewLeases();
  model.renew(known, owner);
};

/** The process stands still for longer than a lease, while the others renew theirs; it knows nothing of it. */
const stall: Act = (world, process) => {
  world.model.now += model.LEASE + 1;
  for (const other of others(world, process)) renew(world, other, "");
};

/** It stands still, loses its run to another process, and goes on as if nothing had been. */
const overtake: Act = (world, process, runId) => {
  stall(world, process, runId);
  const [other] = others(world, process);
  if (!other) return;
  sweep(world, other, runId);
  lookAndRecover(world, other, runId);
  commit(TURN)(world, process, runId);
};

const crash: Act = (world, process) => {
  world.model.dead.add(process.owner);
  replace(world, process);
};

/** On another machine nobody can tell: only the lease says so, in time. */
const crashElsewhere: Act = (world, process) => replace(world, process);

const shutDown: Act = (world, process) => {
  const holds = [...process.holds.values()];
  process.store.interrupt(holds, "the host went away");
  for (const hold of holds) model.interrupt(world.model, hold, world.model.now);
  replace(world, process);
};

const cancel: Act = (world, { store }, runId) => {
  const ended = store.endTree(runId, outcomeOf("cancelled")).flatMap((run) => (run.ended ? [run.id] : []));
  expect(ended.toSorted()).toEqual([...model.cancel(world.model, runId)].toSorted());
};

const passTime: Act = (world) => {
  world.model.now += 5_000;
};

const TURN: RunEvent = { type: "turn_started", turn: 1 };
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
  reopen: [4, reopen],
  "take over anything": [1, takeOverAnything],
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
export function happen(world: World, [name, process, run]: Happening): void {
  const { processes, runs } = world;
  const [one, runId] = [processes[process % processes.length], runs[run % runs.length] ?? ""];
  if (one && (name === "spawn" || runId !== "")) ACTS[name]?.[1](world, one, runId);
}

/** Every process sees each run as the model has it, and at most the one that holds it could write to it. */
export function expectAgreement(world: World): void {
  const expected = world.runs.map((id) => rowOf(world.model.runs.get(id)));
  for (const { connection } of world.processes)
    expect(connection.sqlite.prepare(ROWS).all(world.project)).toEqual(expected);
  for (const id of world.runs) {
    const writers = world.processes.filter(({ holds, store }) => {
      const hold = holds.get(id);
      return hold !== undefined && store.stillHeld([hold]).size > 0;
    });
    const { owner = null } = world.model.runs.get(id) ?? {};
    const isHere = world.processes.some((process) => process.owner === owner);
    expect(writers.map((process) => process.owner)).toEqual(isHere ? [owner] : []);
  }
}

const ROWS = `
  SELECT id, status, epoch, owner, lease_expires_at, attempts, interrupted_at, last_seq,
    (finished_at IS NOT NULL) AS has_ended, (outcome IS NOT NULL) AS has_outcome,
    (SELECT group_concat(seq || ' ' || type ORDER BY seq) FROM run_events WHERE run_id = runs.id) AS events
  FROM runs WHERE project = ? ORDER BY rowid`;

function rowOf(run: model.ModelRun | undefined) {
  if (!run) throw new Error("the model does not know the run");
  const hasEnded = isEnded(run.status) ? 1 : 0;
  return {
    id: run.id,
    status: run.status,
    epoch: run.epoch,
    owner: run.owner,
    lease_expires_at: run.leaseUntil,
    attempts: run.attempts,
    interrupted_at: run.interruptedAt,
    last_seq: run.events.length,
    has_ended: hasEnded,
    has_outcome: hasEnded,
    events: run.events.map((type, index) => `${index + 1} ${type}`).join(","),
  };
}

function finish(status: EndStatus): RunEvent {
  return { type: "run_finished", outcome: outcomeOf(status) };
}

function outcomeOf(status: EndStatus): Outcome {
  return { status, result: "r" };
}
