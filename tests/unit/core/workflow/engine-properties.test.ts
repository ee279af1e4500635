/** Properties of the workflow engine for any workflow and any agent: it comes to rest, forgets nothing, and allows no false success. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../../../src/core/journal/event.js";
import { nextEffect, requestRefusal } from "../../../../src/core/workflow/engine.js";
import { unmetExits, unmetForSuccess } from "../../../../src/core/workflow/exits.js";
import { stepNamed, type Workflow } from "../../../../src/core/workflow/workflow.js";
import { beginWorkflow, type WorkflowState, workflowAfter } from "../../../../src/core/workflow/workflow-state.js";
import { checkWorkflow } from "../../../../src/definitions/workflow/check-workflow.js";
import { definitionsIn, SHIPPED, writeFiles } from "../../../support/definitions.js";
import {
  anyTurns,
  anyWorkflow,
  around,
  begun,
  called,
  conditions,
  fold,
  NAMES,
  play,
  STEP,
  settle,
  turn,
  WORKFLOW,
} from "../../../support/engine.js";
import { repetitions } from "../../../support/repetitions.js";

describe("for any agent in any workflow", () => {
  it("the engine comes to rest, in a step of the workflow, with nothing left to do", () => {
    fc.assert(
      fc.property(anyWorkflow, anyTurns, (definition, turns) => {
        const { state } = play(definition, turns, () => {});
        expect(definition.steps.map(({ name }) => name)).toContain(state.step);
        expect(state.pending).toEqual([]);
        expect(nextEffect(definition, state, around)).toBeNull();
      }),
      { numRuns: repetitions(60, 400) },
    );
  });

  it("counters decrease only at a new step, and tools that ran stay recorded", () => {
    fc.assert(
      fc.property(anyWorkflow, anyTurns, (definition, turns) => {
        let before: WorkflowState | null = null;
        play(definition, turns, (state) => {
          expect(state.chain).toBeLessThanOrEqual(10 + 4);
          expect(state.stepActions).toBeLessThanOrEqual(state.totalActions);
          expect([...state.succeeded].every((tool) => state.called.has(tool))).toBe(true);
          expect(state.totalActions).toBeGreaterThanOrEqual(before?.totalActions ?? 0);
          expect(state.called.size).toBeGreaterThanOrEqual(before?.called.size ?? 0);
          if (before && state.stepActions < before.stepActions) expect(state.stepActions).toBe(0);
          before = state;
        });
      }),
      { numRuns: repetitions(60, 400) },
    );
  });

  it("the same events give the same state, also when they are read from a journal in parts", () => {
    fc.assert(
      fc.property(anyWorkflow, anyTurns, fc.nat(), (definition, turns, cut) => {
        const { state, events } = play(definition, turns, () => {});
        const stored = JSON.parse(JSON.stringify(events)) as RunEvent[];
        const at = events.length === 0 ? 0 : cut % events.length;
        const first = fold(definition, beginWorkflow(definition, {}), ...stored.slice(0, at));
        expect(fold(definition, first, ...stored.slice(at))).toEqual(state);
        // A run that broke off goes on with just what it would have done.
        const goesOn = settle(definition, first).events;
        const rest = events.slice(at, at + goesOn.length);
        expect(goesOn.slice(0, ownEvents(rest))).toEqual(rest.slice(0, ownEvents(rest)));
      }),
      { numRuns: repetitions(60, 400) },
    );
  });

  it("the run leaves a step only when its exit conditions hold, and enters one only by a transition or a request", () => {
    fc.assert(
      fc.property(anyWorkflow, anyTurns, (definition, turns) => {
        let state = beginWorkflow(definition, {});
        for (const event of play(definition, turns, () => {}).events) {
          if (event.type === "transition_taken") {
            const from = stepNamed(definition, event.from);
            expect(state.step).toBe(event.from);
            expect(unmetExits(from, state, around)).toEqual([]);
            const isDeclared = from.transitions.some(({ to }) => to === event.to);
            const [here, there] = [
              definition.steps.indexOf(from),
              definition.steps.indexOf(stepNamed(definition, event.to)),
            ];
            expect(isDeclared || (event.transition === null && there <= here + 1)).toBe(true);
          }
          state = workflowAfter(definition, state, event);
        }
      }),
      { numRuns: repetitions(60, 400) },
    );
  });

  it("a success is possible only where the run may leave the step and the exit condition holds", () => {
    fc.assert(
      fc.property(anyWorkflow, anyTurns, (definition, turns) => {
        play(definition, turns, (state) => {
          if (unmetForSuccess(definition, state, around).length > 0) return;
          const step = stepNamed(definition, state.step ?? definition.steps[0]?.name ?? "");
          expect(unmetExits(step, state, around)).toEqual([]);
          if (definition.exitCondition === null) expect(step.transitions).toEqual([]);
        });
      }),
      { numRuns: repetitions(60, 400) },
    );
  });
});

/** The number of events at the beginning that come from the workflow, before it is the turn of the agent. */
function ownEvents(events: readonly RunEvent[]): number {
  const isAgents = (event: RunEvent) =>
    event.type === "turn_started" ||
    event.type === "tool_call_finished" ||
    (event.type === "transition_taken" && event.transition === null);
  const index = events.findIndex(isAgents);
  return index < 0 ? events.length : index;
}

describe("a workflow without findings", () => {
  /** An agent that makes calls until they count, and asks for each next step. */
  function pursue(definition: Workflow): boolean {
    let state = begun(definition);
    for (let number = 1; number <= 40; number++) {
      state = fold(
        definition,
        state,
        turn(number),
        called("workspace__read_text_file"),
        called("workspace__write_file"),
      );
      state = settle(definition, state).state;
      if (unmetForSuccess(definition, state, around).length === 0) return true;
      const next = definition.steps.find(
        ({ name }) =>
          definition.steps.findIndex((step) => step.name === name) >
            definition.steps.findIndex((step) => step.name === state.step) &&
          requestRefusal(definition, state, name, around) === null,
      );
      if (!next || state.step === null) continue;
      state = settle(
        definition,
        fold(definition, state, { type: "transition_taken", from: state.step, to: next.name, transition: null }),
      ).state;
    }
    return false;
  }

  it("ends with an agent that works", () => {
    // Only conditions that work brings about: check cannot know what the world does.
    const when = fc.constantFrom(null, "step_action_count >= 2", "total_action_count > 3", "turn > 2");
    const steps = fc.integer({ min: 1, max: 4 }).chain((size) => {
      const names = NAMES.slice(0, size);
      const step = (name: string) =>
        fc
          .record({
            transitions: fc.array(fc.record({ to: fc.constantFrom(...names), when, onTransition: fc.constant([]) }), {
              maxLength: 2,
            }),
            exitConditions: fc.array(fc.constant({ type: "action_count" as const, minCount: 2 }), { maxLength: 1 }),
          })
          .map((parts) => ({ ...STEP, ...parts, name }));
      return fc.tuple(...names.map(step));
    });
    fc.assert(
      fc.property(steps, (parts) => {
        const definition = { ...WORKFLOW, steps: parts };
        fc.pre(checkWorkflow(definition, null, conditions).length === 0);
        // Where several ways hold at once the first is taken, so only workflows without a choice have one outcome.
        fc.pre(parts.every(({ transitions }) => transitions.length < 2));
        expect(pursue(definition)).toBe(true);
      }),
      { numRuns: repetitions(60, 400) },
    );
  });

  it.each(["plan-act-reflect", "plan-execute", "react", "research", "review", "test-driven"])(
    "%s, as it is shipped",
    (name) => {
      const found = definitionsIn(writeFiles({}), { project: null, shippedFolder: SHIPPED }).workflow(name);
      expect(found && pursue(found.definition)).toBe(true);
    },
  );
});
