/** The plan of the crash campaign makes every kill point due, in an order that the seed decides. */
import { describe, expect, it } from "vitest";
import { createChance } from "../../../src/selftest/chance.js";
import { type KillPoint, planKills, type Undisturbed } from "../../../src/selftest/plan-kills.js";
import { callsOf, SCENARIOS, type Scenario } from "../../../src/selftest/scenarios.js";

const [SCENARIO] = SCENARIOS as [Scenario];
const RUN = `${SCENARIO.name}-0`;
const TYPES = ["run_created", "run_started", "turn_started", "turn_started", "run_finished"];
const UNDISTURBED: Undisturbed = {
  scenario: SCENARIO,
  run: RUN,
  events: TYPES.map((type, index) => ({ seq: index + 1, type, data: "{}" })),
};

const plan = (seed: number) => planKills([UNDISTURBED], createChance(seed));

/** The points of a plan, each reached as soon as it is due. */
function walk(seed: number, kills: number): readonly KillPoint[] {
  const walked = plan(seed);
  return Array.from({ length: kills }, () => {
    const [point] = walked.due() as [KillPoint];
    walked.killed(point);
    return point;
  });
}

describe("planKills", () => {
  it("has a kill point at every event, at the first recoveries, and before and after every call", () => {
    const points = walk(1, plan(1).planned);
    const texts = points.map((point) =>
      point.kind === "call" ? `${point.moment} ${point.place}` : JSON.stringify(point),
    );
    expect(new Set(texts).size).toBe(plan(1).planned);
    expect(plan(1).planned).toBe((TYPES.length + 2) * 2 - 1 + callsOf(SCENARIO, RUN).length * 2);
    expect(points).toContainEqual({
      kind: "event",
      moment: "held_back",
      scenario: SCENARIO.name,
      type: "turn_started",
      count: 2,
    });
    expect(points).toContainEqual({
      kind: "event",
      moment: "saved",
      scenario: SCENARIO.name,
      type: "run_resumed",
      count: 1,
    });
    expect(points).not.toContainEqual(expect.objectContaining({ moment: "held_back", type: "run_finished" }));
    expect(points).toContainEqual({ kind: "call", moment: "received", scenario: SCENARIO.name, place: "2.0" });
  });

  it("is the same for the same seed and differs between seeds", () => {
    expect(walk(5, 40)).toEqual(walk(5, 40));
    expect(walk(5, 40)).not.toEqual(walk(6, 40));
  });

  it("finds the due point of an event by scenario, type and number", () => {
    const one = plan(1);
    const event = { runId: "run_1", title: RUN, type: "turn_started", count: 2, process: 7 };
    for (let kills = 0; one.pointAt(event, SCENARIO.name) === null; kills++) {
      expect(kills).toBeLessThan(one.planned);
      one.killed(one.due()[0] ?? null);
    }
    expect(one.pointAt(event, SCENARIO.name)).toMatchObject({ type: "turn_started", count: 2 });
    expect(one.pointAt({ ...event, count: 3 }, SCENARIO.name)).toBeNull();
    expect(one.pointAt(event, "another")).toBeNull();
  });

  it("counts a point once, even where it comes back as a copy", () => {
    const one = plan(4);
    const [first] = one.due();
    const copy = JSON.parse(JSON.stringify(first)) as KillPoint;
    one.killed(copy);
    expect(one.reached()).toBe(1);
    expect(one.due()).not.toContainEqual(first);
    one.killed(copy);
    expect(one.reached()).toBe(1);
  });

  it("gives up points that no server reaches", () => {
    const patient = plan(2);
    const before = patient.due();
    for (let kills = 0; kills < 200; kills++) patient.killed(null);
    expect(patient.reached()).toBe(0);
    expect(patient.due().some((point) => !before.includes(point))).toBe(true);
  });

  it("leaves a share of the kills to random moments", () => {
    const chosen = Array.from({ length: 400 }, plan(3).nextIsRandom).filter(Boolean).length;
    expect(chosen).toBeGreaterThan(50);
    expect(chosen).toBeLessThan(200);
  });
});
