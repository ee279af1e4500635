/** Whatever an agent does, a run that dies between any two commits goes on as if nothing had happened. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OUTCOME_UNKNOWN } from "../../../../src/core/journal/event.js";
import { recordEvent } from "../../../../src/core/journal/history.js";
import { createHistory } from "../../../../src/core/journal/history-state.js";
import { projectEvents } from "../../../../src/core/journal/projection.js";
import { beginWorkflow, workflowAfter } from "../../../../src/core/workflow/workflow-state.js";
import { anyCuts, anyLongScenario, anyScenario, anyStops } from "../../../support/any-scenario.js";
import {
  type Asked,
  begunIn,
  type Cut,
  isAnswer,
  type Played,
  placeOf,
  play,
  readReply,
  type Scenario,
} from "../../../support/cut-runs.js";
import { workflow } from "../../../support/engine.js";
import { mentions } from "../../../support/mentions.js";
import { repetitions } from "../../../support/repetitions.js";

const LONGEST_MS = 120_000; // thousands of runs, on machines that have other work too

describe("a run that is interrupted and recovered", () => {
  it(
    "at any commit, before or after what followed it, ends as it would have",
    async () => {
      await fc.assert(
        fc.asyncProperty(anyScenario, async (scenario) => {
          const whole = await play(scenario, []);
          for (let commits = 0; commits < whole.commits; commits++)
            for (const goesOn of [false, true])
              expectToGoOn(whole, await play(scenario, [{ commits, goesOn }]), scenario);
        }),
        { numRuns: repetitions(8, 25) },
      );
    },
    LONGEST_MS,
  );

  it(
    "again and again, ends as it would have",
    async () => {
      await fc.assert(
        fc.asyncProperty(anyScenario, anyCuts, async (scenario, cuts: readonly Cut[]) => {
          expectToGoOn(await play(scenario, []), await play(scenario, cuts), scenario);
        }),
        { numRuns: repetitions(50, 400) },
      );
    },
    LONGEST_MS,
  );

  it(
    "in a context window that is too small for it, ends as it would have",
    async () => {
      await fc.assert(
        fc.asyncProperty(anyLongScenario, anyCuts, async (scenario, cuts: readonly Cut[]) => {
          expectToGoOn(await play(scenario, []), await play(scenario, cuts), scenario);
        }),
        { numRuns: repetitions(50, 400) },
      );
    },
    LONGEST_MS,
  );

  it(
    "asked to go on after whatever end, does nothing twice and comes to an end again",
    async () => {
      await fc.assert(
        fc.asyncProperty(anyScenario, anyStops, async (scenario, stops) => {
          expectNothingTwice(await play(scenario, stops, true));
        }),
        { numRuns: repetitions(50, 400) },
      );
    },
    LONGEST_MS,
  );
});

it("a run whose time is up during the first call of its workflow hears of that call before its first turn", async () => {
  const own = { action: "call_tool", tool: "x__own", arguments: {}, outputAs: null, when: null } as const;
  const scenario: Scenario = {
    replies: [],
    workflow: workflow([{ onEnter: [own] }]),
    maxTurns: 5,
    maxCostUsd: null,
    outputSchema: null,
    own: "effectful",
    onUnknown: "tell",
  };
  const { saved, made, requests } = await play(scenario, [{ commits: 0, goesOn: true, reason: "timeout" }], true);
  expect(made).toHaveLength(1);
  expect(requests[0]).toMatch(mentions("workflow", "unknown"));
  expect(saved.at(-1)).toMatchObject({ outcome: { status: "success" } });
});

/** Nothing is done twice that may not be; and where no call has an unknown outcome, nothing at all is different. */
function expectToGoOn(whole: Played, cut: Played, scenario: Scenario): void {
  expectNothingTwice(cut);
  const isUnknown = cut.saved.some((event) => "code" in event && event.code === OUTCOME_UNKNOWN);
  expect(isUnknown).toBe(cut.cutOff.some(({ effect }) => effect === "effectful"));
  if (isUnknown) return;
  expect(cut.requests).toEqual(whole.requests);
  expect(stateOf(cut, scenario)).toEqual(stateOf(whole, scenario));
}

/** Every place has one answer; a call was made once, and once more for each time that it was cut off and may be repeated. */
function expectNothingTwice({ saved, made, cutOff }: Played): void {
  const answered = saved.filter(isAnswer).map(placeOf);
  expect(new Set(answered).size).toBe(answered.length);
  for (const { place, effect } of cutOff) {
    const answer = saved.find((event) => isAnswer(event) && placeOf(event) === place);
    if (effect === "effectful") expect(answer, place).toMatchObject({ code: OUTCOME_UNKNOWN });
  }
  const begun = countOf(begunIn(saved));
  const repeatable = countOf(cutOff.filter(({ effect }) => effect !== "effectful"));
  for (const [signature, times] of countOf(made))
    expect(times, signature).toBeLessThanOrEqual((begun.get(signature) ?? 0) + (repeatable.get(signature) ?? 0));
}

function countOf(calls: readonly Asked[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { signature } of calls) counts.set(signature, (counts.get(signature) ?? 0) + 1);
  return counts;
}

/** What limits are measured on, conditions see and answers tell. */
function stateOf({ saved }: Played, { workflow }: Scenario) {
  const history = createHistory("go");
  let state = workflow && beginWorkflow(workflow, {});
  for (const event of saved) {
    recordEvent(history, event, readReply);
    const args = event.type === "tool_call_finished" ? history.calls[event.index]?.arguments : undefined;
    if (workflow && state) state = workflowAfter(workflow, state, event, args);
  }
  const { outcome, step, turns, toolCalls, usage } = projectEvents(saved);
  return { history, state, outcome, step, turns, toolCalls, usage };
}
