/** Waits for the next moment at which a server is to die, and kills it then. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DatabaseObserver } from "../core/ports/database-observer.js";
import { MAX_ATTEMPTS } from "../core/run/limits.js";
import type { Crew } from "./fleet.js";
import type { Effects } from "./open-effects.js";
import type { DeathPlan, DeathPoint } from "./plan-kills.js";
import { playOf } from "./scenarios.js";
import type { Chance } from "./seeded.js";
import type { JournalWatch } from "./watch-journals.js";

export interface Death {
  /** The process that died. */
  readonly process: number;
  /** Null for a moment of no meaning. */
  readonly point: DeathPoint | null;
}

interface Parts {
  readonly effects: Effects;
  readonly crew: Crew;
  readonly observer: DatabaseObserver;
  readonly chance: Chance;
}

const LONGEST_RANDOM_MS = 150;
const HELD_BACK_MS = { least: 3, most: 30 }; // long enough for the answers of calls and models to come
const PATIENCE_MS = 20_000; // on a busy machine; then a moment of no meaning will do
const LOOK_EVERY_MS = 1;

/** Kills one server that holds a run. */
export async function meetDeath(plan: DeathPlan, watch: JournalWatch, parts: Parts): Promise<Death> {
  const { effects, crew, observer, chance } = parts;
  const atPoint = plan.takesRandom() ? null : await comeToPoint(plan, watch, parts);
  const death = atPoint ?? (await comeByChance(parts));
  if (death.point?.moment === "held_back") {
    const milliseconds = chance.between(HELD_BACK_MS.least, HELD_BACK_MS.most);
    observer.whileNobodyCommits(() => {
      standStill(milliseconds);
      crew.kill(death.process);
    });
  } else crew.kill(death.process);
  effects.arm([]);
  return death;
}

/** The first point that is due and comes, or null where none does. */
async function comeToPoint(plan: DeathPlan, watch: JournalWatch, parts: Parts): Promise<Death | null> {
  watch.fresh(); // what happened meanwhile is no moment to die at any more
  parts.effects.arm(plan.due().flatMap((point) => ("place" in point ? [point] : [])));
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const death = savedPoint(plan, watch, parts) ?? trappedPoint(parts);
    if (death !== null) return death;
    await sleep(LOOK_EVERY_MS);
  }
  return null;
}

function savedPoint(plan: DeathPlan, watch: JournalWatch, parts: Parts): Death | null {
  for (const event of watch.fresh()) {
    const { process } = event;
    const point = plan.pointAt(event, playOf(event.title));
    if (point !== null && process !== null && mayDie(process, parts)) return { process, point };
  }
  return null;
}

function trappedPoint(parts: Parts): Death | null {
  const { effects, observer } = parts;
  const [trapped, ...others] = effects.takeTrapped();
  if (trapped === undefined) return null;
  for (const other of others) other.release();
  const { process = null } = observer.held().find(({ title }) => title === trapped.run) ?? {};
  if (process !== null && mayDie(process, parts)) return { process, point: trapped.trap };
  trapped.release();
  return null;
}

async function comeByChance(parts: Parts): Promise<Death> {
  parts.effects.arm([]); // a run whose call is held may be what keeps its server from dying
  for (;;) {
    await sleep(parts.chance.between(0, LONGEST_RANDOM_MS));
    const holders = parts.observer.held().flatMap(({ process }) => process ?? []);
    const process = parts.chance.oneOf(holders.filter((holder) => mayDie(holder, parts)));
    if (process !== undefined) return { process, point: null };
  }
}

/** A run at its last attempt would be given up, and nothing more could be learned from it. */
function mayDie(process: number, { observer, crew }: Parts): boolean {
  const held = observer.held().filter((run) => run.process === process);
  return crew.has(process) && held.every(({ attempts }) => attempts < MAX_ATTEMPTS);
}

/** Stands still without giving way, because a transaction is open. */
function standStill(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
