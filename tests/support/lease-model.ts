/** What DESIGN says of statuses, holds and leases, as plain values: the model that the store is measured on. */
import type { EndStatus, RunStatus } from "../../src/core/run/run.js";

export const LEASE = 15_000;
export const MOST_ATTEMPTS = 3;

const ENDS: readonly EndStatus[] = ["success", "partial", "blocked", "error", "timeout", "cancelled"];

const MAY_BECOME: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  pending: ["running", "interrupted", "cancelled", "error"],
  running: ["waiting", "interrupted", ...ENDS],
  waiting: ["running", ...ENDS],
  interrupted: ["running", "cancelled", "error"],
  success: [],
  partial: ["running"],
  blocked: ["running"],
  error: ["running"],
  timeout: ["running"],
  cancelled: [],
};

export interface ModelRun {
  readonly id: string;
  readonly parent: string | null;
  status: RunStatus;
  epoch: number;
  owner: string | null;
  leaseUntil: number | null;
  attempts: number;
  interruptedAt: number | null;
  /** Types of its events. */
  readonly events: string[];
}

export interface Model {
  now: number;
  readonly dead: Set<string>;
  readonly runs: Map<string, ModelRun>;
}

export interface Hold {
  readonly runId: string;
  readonly epoch: number;
}

export function spawn({ runs, now }: Model, id: string, parent: string | null, owner: string): void {
  const held = { owner, leaseUntil: now + LEASE, epoch: 1, attempts: 0 };
  runs.set(id, { id, parent, status: "pending", ...held, interruptedAt: null, events: ["run_created"] });
}

/** A commit by a holder: an event that leaves the status, or one that changes it. Only who knows the epoch may. */
export function write(model: Model, { runId, epoch }: Hold, type: string, to: RunStatus | null = null): boolean {
  const run = model.runs.get(runId);
  if (!run || run.epoch !== epoch) return false;
  if (to === null ? run.status !== "running" : !MAY_BECOME[run.status].includes(to)) return false;
  run.events.push(type);
  if (type === "model_replied") for (const one of [run, ...above(run, model)]) one.attempts = 0;
  if (to === null) return true;
  run.status = to;
  if (to !== "running") letGo(run);
  if (ENDS.some((end) => end === to))
    for (const { id, epoch: held } of below(run.id, model)) write(model, { runId: id, epoch: held }, type, "cancelled");
  return true;
}

function above({ parent }: ModelRun, model: Model): readonly ModelRun[] {
  const run = parent === null ? undefined : model.runs.get(parent);
  return run ? [run, ...above(run, model)] : [];
}

function below(id: string, model: Model): readonly ModelRun[] {
  const children = [...model.runs.values()].filter(({ parent }) => parent === id);
  return children.flatMap((child) => [child, ...below(child.id, model)]);
}

/** Whoever held the run holds it no more. */
function letGo(run: ModelRun): void {
  run.epoch += 1;
  run.owner = null;
  run.leaseUntil = null;
}

export function interrupt(model: Model, hold: Hold, at: number): boolean {
  const isDone = write(model, hold, "run_interrupted", "interrupted");
  const run = model.runs.get(hold.runId);
  if (isDone && run) run.interruptedAt = at;
  return isDone;
}

/** Only what nobody holds; an end is taken back by request alone. */
export function takeOver(
  { runs, now }: Model,
  { runId, epoch }: Hold,
  by: "recovery" | "request",
  owner: string,
): boolean {
  const run = runs.get(runId);
  const from: readonly RunStatus[] =
    by === "recovery" ? ["interrupted"] : ["interrupted", "partial", "blocked", "error", "timeout"];
  if (!run || run.epoch !== epoch || !from.includes(run.status)) return false;
  Object.assign(run, { status: "running", owner, leaseUntil: now + LEASE, epoch: epoch + 1, interruptedAt: null });
  if (by === "request") run.attempts = 0;
  run.events.push("run_resumed");
  return true;
}

export function renew({ runs, now }: Model, owner: string): void {
  for (const run of runs.values()) if (run.owner === owner) run.leaseUntil = now + LEASE;
}

/** The runs that a process finds left behind by others. */
export function sweep(model: Model, finder: string): readonly string[] {
  const { runs, dead, now } = model;
  const left = [...runs.values()].filter(
    ({ owner, leaseUntil }) => owner !== null && owner !== finder && (dead.has(owner) || (leaseUntil ?? 0) <= now),
  );
  for (const run of left)
    if (interrupt(model, { runId: run.id, epoch: run.epoch }, (run.leaseUntil ?? 0) - LEASE)) run.attempts += 1;
  return left.map(({ id }) => id);
}

/** Cancels a run and whatever lives below it; returns what was ended. */
export function cancel(model: Model, id: string): readonly string[] {
  const run = model.runs.get(id);
  if (!run) return [];
  const living = [run, ...below(id, model)].filter(({ status }) => MAY_BECOME[status].includes("cancelled"));
  return write(model, { runId: id, epoch: run.epoch }, "run_finished", "cancelled") ? living.map((one) => one.id) : [];
}
