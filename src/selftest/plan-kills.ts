/** At which moments servers die: every event that a run writes, every call it makes, and moments of no meaning. */
import type { RawEvent } from "../core/ports/database-observer.js";
import type { Trap } from "./effect-server.js";
import { callsOf, type Play } from "./scenarios.js";
import type { Chance } from "./seeded.js";
import type { FreshEvent } from "./watch-journals.js";

/** As soon as an event lies on disk; or, where the next is held back, while whatever follows from it cannot be saved. */
export interface EventPoint {
  readonly moment: "saved" | "held_back";
  readonly play: string;
  readonly type: string;
  readonly count: number;
}

export type DeathPoint = EventPoint | Trap;
export type Moment = DeathPoint["moment"] | "random";
export const MOMENTS: readonly Moment[] = ["saved", "held_back", "received", "made", "random"];

export interface DeathPlan {
  /** How many different points there are. */
  readonly planned: number;
  /** How many of them a server has died at. */
  met(): number;
  /** Whether the next death comes at a moment of no meaning. */
  takesRandom(): boolean;
  /** The points at which a server may die next. */
  due(): readonly DeathPoint[];
  /** The due point that an event is, or null. */
  pointAt(event: FreshEvent, play: string): EventPoint | null;
  /** A server has died, at this point or at none. */
  died(point: DeathPoint | null): void;
}

/** A run that nobody disturbed: its play and its journal. */
export interface Undisturbed {
  readonly play: Play;
  readonly run: string;
  readonly events: readonly RawEvent[];
}

const DUE_AT_ONCE = 25; // so few that runs get on, so many that one of them comes soon
const RANDOM_SHARE = 0.25;
const PATIENCE = 100; // deaths after which a point that nobody has come to makes way for others
const RESUMINGS = 2; // takeovers of one run that are points themselves

/** Each point comes up once before any comes up again. */
export function planDeaths(undisturbed: readonly Undisturbed[], chance: Chance): DeathPlan {
  const points = undisturbed.flatMap((run) => [...eventPoints(run), ...callPoints(run)]);
  const met = new Set<string>();
  const queue: DeathPoint[] = [];
  let due: { readonly point: DeathPoint; waited: number }[] = [];

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
    met: () => met.size,
    takesRandom: () => chance.next() < RANDOM_SHARE,
    due: () => due.map(({ point }) => point),
    pointAt(event, play) {
      const found = due.find(
        ({ point }) =>
          "type" in point && point.play === play && point.type === event.type && point.count === event.count,
      );
      return found !== undefined && "type" in found.point ? found.point : null;
    },
    died(point) {
      const key = point && keyOf(point);
      if (key !== null) met.add(key);
      for (const entry of due) entry.waited += 1;
      due = due.filter((entry) => keyOf(entry.point) !== key && entry.waited < PATIENCE);
      refill();
    },
  };
}

/** A trap comes back from another process, as a copy. */
function keyOf(point: DeathPoint): string {
  return JSON.stringify("place" in point ? [point.moment, point.play, point.place] : point);
}

function eventPoints({ play, events }: Undisturbed): readonly EventPoint[] {
  const counts = new Map<string, number>();
  const seen = events.map(({ type }) => {
    counts.set(type, (counts.get(type) ?? 0) + 1);
    return { type, count: counts.get(type) ?? 0 };
  });
  const resumed = Array.from({ length: RESUMINGS }, (_, index) => ({ type: "run_resumed", count: index + 1 }));
  return [...seen, ...resumed].flatMap(({ type, count }) => {
    const point = { play: play.name, type, count };
    const saved: EventPoint = { moment: "saved", ...point };
    return type === "run_finished" ? [saved] : [saved, { moment: "held_back", ...point }];
  });
}

function callPoints({ play, run }: Undisturbed): readonly Trap[] {
  return callsOf(play, run).flatMap(({ place }) => {
    const point = { play: play.name, place };
    return [
      { moment: "received", ...point },
      { moment: "made", ...point },
    ] as const;
  });
}
