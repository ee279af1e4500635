/** Plans the kills: at every event that a run writes, at every call that it makes, and at random moments. */
import type { RawEvent } from "../core/ports/database-observer.js";
import type { Chance } from "./chance.js";
import type { CallPoint } from "./effect-server.js";
import type { NewEvent } from "./journal-watch.js";
import { callsOf, type Scenario } from "./scenarios.js";

/** A kill as soon as an event is on disk (`saved`), or after some time in which no further event can be saved (`held_back`). */
export interface EventPoint {
  readonly kind: "event";
  readonly moment: "saved" | "held_back";
  readonly scenario: string;
  readonly type: string;
  readonly count: number;
}

export type KillPoint = EventPoint | CallPoint;
/** At random: a kill, a kill together with the reaper, an orderly end, and a stop from which the process wakes too late. */
export const RANDOM_MOMENTS = ["random", "with_reaper", "ended", "stopped"] as const;
export type RandomMoment = (typeof RANDOM_MOMENTS)[number];
export type Moment = KillPoint["moment"] | RandomMoment;
export const MOMENTS: readonly Moment[] = ["saved", "held_back", "received", "made", ...RANDOM_MOMENTS];

export interface KillPlan {
  /** The number of different kill points. */
  readonly planned: number;
  /** The number of points at which a server was killed. */
  reached(): number;
  /** Decides whether the next kill comes at a random moment. */
  nextIsRandom(): boolean;
  /** The points at which the next kill may come. */
  due(): readonly KillPoint[];
  /** The due point that an event matches, or null. */
  pointAt(event: NewEvent, scenario: string): EventPoint | null;
  /** Records a kill at this point, or at a random moment. */
  killed(point: KillPoint | null): void;
}

/** A run without kills: its scenario and its journal. */
export interface Undisturbed {
  readonly scenario: Scenario;
  readonly run: string;
  readonly events: readonly RawEvent[];
}

const DUE_AT_ONCE = 25; // few enough to let runs make progress, many enough to meet one soon
const RANDOM_SHARE = 0.25;
const MOST_WAITED = 100; // kills; after so many, a due point that no server has reached makes way for others
const RECOVERIES = 2; // of one run, that are kill points themselves

/** Makes each point due once before any becomes due again. */
export function planKills(undisturbed: readonly Undisturbed[], chance: Chance): KillPlan {
  const points = undisturbed.flatMap((run) => [...eventPoints(run), ...callPoints(run)]);
  const reached = new Set<string>();
  const queue: KillPoint[] = [];
  let due: { readonly point: KillPoint; waited: number }[] = [];

  function refill(): void {
    while (due.length < Math.min(DUE_AT_ONCE, points.length)) {
      if (queue.length === 0) queue.push(...chance.shuffled(points));
      const point = queue.shift();
      if (point !== undefined && !due.some((other) => other.point === point)) due.push({ point, waited: 0 });
    }
  }

  refill();
  return {
    planned: points.length,
    reached: () => reached.size,
    nextIsRandom: () => chance.next() < RANDOM_SHARE,
    due: () => due.map(({ point }) => point),
    pointAt(event, scenario) {
      for (const { point } of due) {
        if (point.kind !== "event" || point.scenario !== scenario) continue;
        if (point.type === event.type && point.count === event.count) return point;
      }
      return null;
    },
    killed(point) {
      const key = point && keyOf(point);
      if (key !== null) reached.add(key);
      for (const entry of due) entry.waited += 1;
      due = due.filter((entry) => keyOf(entry.point) !== key && entry.waited < MOST_WAITED);
      refill();
    },
  };
}

/** A key by value: a call point comes back from another process, as a copy. */
function keyOf(point: KillPoint): string {
  return JSON.stringify(point);
}

function eventPoints({ scenario, events }: Undisturbed): readonly EventPoint[] {
  const counts = new Map<string, number>();
  const seen = events.map(({ type }) => {
    counts.set(type, (counts.get(type) ?? 0) + 1);
    return { type, count: counts.get(type) ?? 0 };
  });
  const resumed = Array.from({ length: RECOVERIES }, (_, index) => ({ type: "run_resumed", count: index + 1 }));
  return [...seen, ...resumed].flatMap(({ type, count }) => {
    const point = { kind: "event", scenario: scenario.name, type, count } as const;
    const saved: EventPoint = { moment: "saved", ...point };
    return type === "run_finished" ? [saved] : [saved, { moment: "held_back", ...point }];
  });
}

function callPoints({ scenario, run }: Undisturbed): readonly CallPoint[] {
  if (scenario.isLocal) return [];
  return callsOf(scenario, run).flatMap(({ place }) => {
    const point = { kind: "call", scenario: scenario.name, place } as const;
    return [
      { moment: "received", ...point },
      { moment: "made", ...point },
    ];
  });
}
