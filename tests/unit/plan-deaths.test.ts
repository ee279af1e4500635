/** The plan of the crash campaign: every point comes up, in an order that the seed decides. */
import { describe, expect, it } from "vitest";
import { type DeathPoint, planDeaths, type Undisturbed } from "../../src/selftest/plan-kills.js";
import { callsOf, PLAYS, type Play } from "../../src/selftest/scenarios.js";
import { createChance } from "../../src/selftest/seeded.js";

const [PLAY] = PLAYS as [Play];
const RUN = `${PLAY.name}-0`;
const TYPES = ["run_created", "run_started", "turn_started", "turn_started", "run_finished"];
const UNDISTURBED: Undisturbed = {
  play: PLAY,
  run: RUN,
  events: TYPES.map((type, index) => ({ seq: index + 1, type, data: "{}" })),
};

const plan = (seed: number) => planDeaths([UNDISTURBED], createChance(seed));

/** The points of a plan, each met as soon as it is due. */
function walk(seed: number, deaths: number): readonly DeathPoint[] {
  const walked = plan(seed);
  return Array.from({ length: deaths }, () => {
    const [point] = walked.due() as [DeathPoint];
    walked.died(point);
    return point;
  });
}

describe("planDeaths", () => {
  it("has every event at once and held back, the first takeovers, and every call before and after it is made", () => {
    const points = walk(1, plan(1).planned);
    const texts = points.map((point) => ("place" in point ? `${point.moment} ${point.place}` : JSON.stringify(point)));
    expect(new Set(texts).size).toBe(plan(1).planned);
    expect(plan(1).planned).toBe((TYPES.length + 2) * 2 - 1 + callsOf(PLAY, RUN).length * 2);
    expect(points).toContainEqual({ moment: "held_back", play: PLAY.name, type: "turn_started", count: 2 });
    expect(points).toContainEqual({ moment: "saved", play: PLAY.name, type: "run_resumed", count: 1 });
    expect(points).not.toContainEqual(expect.objectContaining({ moment: "held_back", type: "run_finished" }));
    expect(points).toContainEqual({ moment: "received", play: PLAY.name, place: "2.0" });
  });

  it("is the same for the same seed, and another for another", () => {
    expect(walk(5, 40)).toEqual(walk(5, 40));
    expect(walk(5, 40)).not.toEqual(walk(6, 40));
  });

  it("knows the due point that an event is, by play, type and number", () => {
    const one = plan(1);
    const event = { runId: "run_1", title: RUN, type: "turn_started", count: 2, process: 7 };
    for (let deaths = 0; one.pointAt(event, PLAY.name) === null; deaths++) {
      expect(deaths).toBeLessThan(one.planned);
      one.died(one.due()[0] ?? null);
    }
    expect(one.pointAt(event, PLAY.name)).toMatchObject({ type: "turn_started", count: 2 });
    expect(one.pointAt({ ...event, count: 3 }, PLAY.name)).toBeNull();
    expect(one.pointAt(event, "another")).toBeNull();
  });

  it("counts a point once, also where it comes back as a copy", () => {
    const one = plan(4);
    const [first] = one.due();
    const copy = JSON.parse(JSON.stringify(first)) as DeathPoint;
    one.died(copy);
    expect(one.met()).toBe(1);
    expect(one.due()).not.toContainEqual(first);
    one.died(copy);
    expect(one.met()).toBe(1);
  });

  it("does not wait for ever for points that nobody comes to", () => {
    const patient = plan(2);
    const before = patient.due();
    for (let deaths = 0; deaths < 200; deaths++) patient.died(null);
    expect(patient.met()).toBe(0);
    expect(patient.due().some((point) => !before.includes(point))).toBe(true);
  });

  it("leaves a share of the deaths to moments of no meaning", () => {
    const chosen = Array.from({ length: 400 }, plan(3).takesRandom).filter(Boolean).length;
    expect(chosen).toBeGreaterThan(50);
    expect(chosen).toBeLessThan(200);
  });
});
