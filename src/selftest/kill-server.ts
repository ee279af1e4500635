/** Waits for the next kill point, and kills the server that reaches it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DatabaseObserver } from "../core/ports/database-observer.js";
import type { Chance } from "./chance.js";
import type { Fleet } from "./fleet.js";
import type { JournalWatch } from "./journal-watch.js";
import type { Effects } from "./open-effects.js";
import type { KillPlan, KillPoint, Moment, RandomMoment } from "./plan-kills.js";
import { reaperOf } from "./processes.js";
import { scenarioOf } from "./scenarios.js";

export interface Kill {
  /** The process that was killed, ended or stopped. */
  readonly process: number;
  readonly moment: Moment;
  /** Null for a random moment. */
  readonly point: KillPoint | null;
}

interface Parts {
  readonly effects: Effects;
  readonly fleet: Fleet;
  readonly observer: DatabaseObserver;
  readonly chance: Chance;
}

const LONGEST_RANDOM_MS = 150;
const AGAIN_SHARE = 0.05; // of the moments at which a run would crash again before it has finished anything
/** Of ten random moments. */
const RANDOM: readonly RandomMoment[] = [
  ...(["random", "random", "random", "random", "random"] as const),
  ...(["with_reaper", "with_reaper", "ended", "ended", "stopped"] as const),
];
const HELD_BACK_MS = { least: 3, most: 30 }; // long enough for answers of calls and models to arrive
const PATIENCE_MS = 20_000; // on a busy machine; after it, a random moment takes the place of the point
const LOOK_EVERY_MS = 1;

/**
 * Kills one server that holds a run, at a kill point that is due or at a random moment. It only chooses a server to be
 * stopped.
 */
export async function killServer(plan: KillPlan, watch: JournalWatch, parts: Parts): Promise<Kill> {
  const { effects, fleet, observer, chance } = parts;
  const atPoint = plan.nextIsRandom() ? null : await waitForPoint(plan, watch, parts);
  const kill = atPoint ?? (await pickAtRandom(parts));
  switch (kill.moment) {
    case "held_back": {
      const milliseconds = chance.between(HELD_BACK_MS.least, HELD_BACK_MS.most);
      observer.whileNobodyCommits(() => {
        blockThread(milliseconds);
        fleet.kill(kill.process);
      });
      break;
    }
    case "with_reaper": {
      const reaper = reaperOf(kill.process);
      if (reaper !== null) process.kill(reaper, "SIGKILL");
      fleet.kill(kill.process);
      break;
    }
    case "ended":
      fleet.kill(kill.process, "SIGTERM");
      break;
    case "stopped":
      break;
    default:
      fleet.kill(kill.process);
  }
  effects.arm([]);
  return kill;
}

/** The first due point that a server reaches, or null where none does in time. */
async function waitForPoint(plan: KillPlan, watch: JournalWatch, parts: Parts): Promise<Kill | null> {
  watch.newEvents(); // events from before are past
  parts.effects.arm(plan.due().filter((point) => point.kind === "call"));
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const kill = savedPoint(plan, watch, parts) ?? heldPoint(parts);
    if (kill !== null) return kill;
    await sleep(LOOK_EVERY_MS);
  }
  return null;
}

function savedPoint(plan: KillPlan, watch: JournalWatch, parts: Parts): Kill | null {
  for (const event of watch.newEvents()) {
    const { process } = event;
    const point = plan.pointAt(event, scenarioOf(event.title));
    if (point !== null && process !== null && mayKill(process, parts)) return { process, moment: point.moment, point };
  }
  return null;
}

function heldPoint(parts: Parts): Kill | null {
  const { effects, observer } = parts;
  const [held, ...others] = effects.takeHeld();
  if (held === undefined) return null;
  for (const other of others) other.release();
  const { process = null } = observer.unfinished().find(({ title }) => title === held.run) ?? {};
  if (process !== null && mayKill(process, parts)) return { process, moment: held.point.moment, point: held.point };
  held.release();
  return null;
}

async function pickAtRandom(parts: Parts): Promise<Kill> {
  parts.effects.arm([]); // a held call may keep its run, and so its server, from getting further
  for (;;) {
    await sleep(parts.chance.between(0, LONGEST_RANDOM_MS));
    const holders = parts.observer.unfinished().flatMap(({ process }) => process ?? []);
    const process = parts.chance.oneOf(holders.filter((holder) => mayKill(holder, parts)));
    if (process !== undefined) return { process, moment: parts.chance.oneOf(RANDOM) ?? "random", point: null };
  }
}

/**
 * Mostly false for a server whose run would crash a second time in the same place: legwork gives up the call, and at the
 * fourth time the run, which then no longer follows its script.
 */
function mayKill(process: number, { observer, fleet, chance }: Parts): boolean {
  if (!fleet.has(process)) return false;
  const hasCrashed = observer.unfinished().some((run) => run.process === process && run.attempts > 0);
  return !hasCrashed || chance.next() < AGAIN_SHARE;
}

/** Blocks this thread, because a transaction is open. */
function blockThread(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
