/** The workflow engine: the way through the steps, requests of the agent, and the conditions of a success. */
import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../../../src/core/journal/event.js";
import { nextEffect, requestRefusal } from "../../../../src/core/workflow/engine.js";
import { unmetExits, unmetForSuccess } from "../../../../src/core/workflow/exits.js";
import { isEnd, type Step } from "../../../../src/core/workflow/workflow.js";
import { beginWorkflow } from "../../../../src/core/workflow/workflow-state.js";
import { around, begun, called, fold, go, set, settle, turn, WORKFLOW, workflow } from "../../../support/engine.js";
import { mentions } from "../../../support/mentions.js";

const types = (events: readonly RunEvent[]) =>
  events.map(({ type }) => type).filter((type) => type !== "message_injected");

/** Each unmet condition in its order, by words of its sentence. */
function expectUnmet(unmet: readonly string[], expected: readonly (readonly string[])[]): void {
  expect(unmet).toEqual(expected.map((words) => expect.stringMatching(mentions(...words))));
}

describe("the way through the steps", () => {
  it("begins in the first step, with its on_enter", () => {
    const definition = workflow([{ onEnter: [set("x", 1), set("y", 2, "variables.x == 2"), set("z", "{{ x }}")] }]);
    const { state, events } = settle(definition, beginWorkflow(definition, { given: true }));
    expect(types(events)).toEqual(["step_entered", "variable_set", "variable_set"]);
    expect(state).toMatchObject({ step: "a", variables: { x: 1, z: 1, given: true, agent_depth: null }, pending: [] });
    expect(state.variables).not.toHaveProperty("y");
  });

  it("takes the first transition that holds: on_exit, on_transition, on_enter", () => {
    const definition = workflow([
      {
        transitions: [go("c", "turn > 9"), { ...go("b", "turn > 1"), onTransition: [set("order", "{{ order }}t")] }],
        onExit: [set("order", "{{ order }}x")],
      },
      { name: "b", onEnter: [set("order", "{{ order }}e")] },
      { name: "c" },
    ]);
    const state = begun(definition, { order: "-" });
    expect(settle(definition, fold(definition, state, turn(1))).events).toEqual([]);
    const walk = settle(definition, fold(definition, state, turn(2)));
    expect(types(walk.events)).toEqual([
      "transition_taken",
      "variable_set",
      "variable_set",
      "step_entered",
      "variable_set",
    ]);
    expect(walk.state).toMatchObject({ step: "b", stepActions: 0, variables: { order: "-xte" } });
  });

  it("stays while an exit condition does not hold", () => {
    const definition = workflow([
      {
        transitions: [go("b")],
        exitConditions: [
          { type: "variable_set", variable: "v" },
          { type: "expression", when: "turn > 1" },
          { type: "tool_succeeded", tool: "x__*" },
          { type: "action_count", minCount: 2 },
          { type: "user_approval", prompt: null, timeoutSeconds: null },
        ],
      },
      { name: "b" },
    ]);
    const state = begun(definition, { v: null });
    const [step] = definition.steps as [Step];
    expectUnmet(unmetExits(step, state, around), [
      ["variable", "v"],
      ["turn > 1"],
      ["tool", "x__*"],
      ["0", "2", "tool"],
      ["approval"],
    ]);
    const further = fold(definition, state, turn(2), called("x__y", true), called("x__y"), {
      type: "variable_set",
      name: "v",
      value: 0,
      done: 0,
    });
    expectUnmet(unmetExits(step, further, around), [["approval"]]);
    expect(nextEffect(definition, further, around)).toMatchObject({
      kind: "ask",
      draft: { about: { kind: "exit" } },
    });
  });

  it("records a condition that cannot be evaluated once a turn, and counts it as false", () => {
    const definition = workflow([
      {
        transitions: [go("b", "variables.x > 1"), go("b", "turn > 1")],
        exitConditions: [{ type: "expression", when: "variables.x" }],
      },
      { name: "b" },
    ]);
    const state = fold(definition, begun(definition, { x: null }), turn(2));
    const walk = settle(definition, state);
    expect(walk.events).toMatchObject([
      { type: "condition_failed", where: "steps.a.transitions.0", condition: "variables.x > 1" },
      { type: "condition_failed", where: "steps.a.exit_conditions.0", condition: "variables.x" },
    ]);
    expect(walk.state.step).toBe("a");
    expect(settle(definition, walk.state).events).toEqual([]);
    expect(settle(definition, fold(definition, walk.state, turn(3))).events).toHaveLength(2);
  });

  it("carries out on_error after a failed call, with the facts of that call", () => {
    const definition = workflow([{}], { onError: [set("failed", "yes", 'tool == "x__bad" and tool_result.is_error')] });
    const state = fold(definition, begun(definition), called("x__bad", true), called("x__good"));
    expect(settle(definition, state).state.variables).toMatchObject({ failed: "yes" });
  });

  it("counts finished calls of the agent, without built-in tools and calls of the workflow", () => {
    const definition = workflow([
      { onEnter: [{ action: "call_tool", tool: "x__look", arguments: {}, outputAs: "seen", when: null }] },
    ]);
    const state = begun(definition);
    expect(state).toMatchObject({ stepActions: 0, totalActions: 0, ownCalls: 1, variables: { seen: "answer" } });
    expect(state.succeeded.has("x__look")).toBe(true);
    const further = fold(definition, state, called("complete"), called("x__y", true), called("x__z"));
    expect(further).toMatchObject({ stepActions: 2, totalActions: 2 });
    expect([...further.called]).toEqual(["x__look", "x__y", "x__z"]);
    expect([...further.succeeded]).toEqual(["x__look", "x__z"]);
  });

  it("takes at most ten transitions in a turn", () => {
    const definition = workflow([{ transitions: [go("b")] }, { name: "b", transitions: [go("a")] }]);
    const walk = settle(definition, beginWorkflow(definition, {}));
    expect(walk.events.filter(({ type }) => type === "transition_taken")).toHaveLength(10);
    expect(walk.events.at(-1)).toMatchObject({ type: "condition_failed", where: "steps.a.transitions" });
    expect(nextEffect(definition, walk.state, around)).toBeNull();
  });
});

describe("a step that the agent asks for", () => {
  const definition = workflow([
    { name: "plan", exitConditions: [{ type: "action_count", minCount: 1 }] },
    { name: "work", transitions: [go("check", "turn > 5"), go("end", "turn > 7")] },
    { name: "check" },
    { name: "end" },
  ]);
  const at = (step: string, number = 1) => ({ ...begun(definition), step, turn: number });

  it.each([
    ["plan", 1, "nowhere", ['"nowhere"', "plan", "work", "check", "end"]],
    ["plan", 1, "plan", ['"plan"', "already"]],
    ["plan", 1, "work", ['"plan"', "0", "1", "tool"]],
    ["plan", 1, "check", ['"check"', '"work"', "skipped"]],
    ["work", 1, "plan", null],
    ["work", 1, "check", ['"check"', "turn > 5"]],
    ["work", 6, "check", null],
    ["work", 6, "end", ['"end"', "turn > 7"]],
    ["work", 8, "end", null],
    ["check", 1, "end", null],
    ["end", 1, "plan", null],
  ])("from %s in turn %i: %s", (from, number, to, words) => {
    expect(requestRefusal(definition, at(from, number), to, around)).toEqual(
      words && expect.stringMatching(mentions(...words)),
    );
  });

  it("waits for the first", () => {
    expect(requestRefusal(definition, beginWorkflow(definition, {}), "work", around)).toMatch(mentions("begun"));
  });

  it("keeps the pending actions", () => {
    const failed = workflow([{ name: "a" }, { name: "b" }], { onError: [set("failed", true)] });
    const state = fold(failed, begun(failed), called("x__y", true), {
      type: "transition_taken",
      from: "a",
      to: "b",
      transition: null,
    });
    expect(settle(failed, state).state).toMatchObject({ step: "b", variables: { failed: true } });
  });
});

describe("success", () => {
  it("needs the last step, its exit conditions and the required tools", () => {
    const definition = workflow(
      [{ name: "a" }, { name: "b", exitConditions: [{ type: "tool_succeeded", tool: "x__y" }] }],
      { settings: { ...WORKFLOW.settings, requiredTools: ["x__z"] } },
    );
    const state = begun(definition);
    expectUnmet(unmetForSuccess(definition, state, around), [
      ["tool", "x__z"],
      ["step", '"a"'],
    ]);
    const last = { ...state, step: "b" };
    expect(unmetForSuccess(definition, last, around)).toHaveLength(2);
    expect(unmetForSuccess(definition, fold(definition, last, called("x__y"), called("x__z")), around)).toEqual([]);
  });

  it("needs the exit condition where there is one, in any step", () => {
    const definition = workflow([{ name: "a" }, { name: "b" }], { exitCondition: "variables.done" });
    expectUnmet(unmetForSuccess(definition, begun(definition, { done: false }), around), [
      ["exit condition", "variables.done"],
    ]);
    expectUnmet(unmetForSuccess(definition, begun(definition, { done: null }), around), [
      ["exit condition", "variables.done", "null"],
    ]);
    expect(unmetForSuccess(definition, begun(definition, { done: true }), around)).toEqual([]);
  });

  it("is possible at the end of each branch, and not before", () => {
    const branching = workflow([
      { name: "triage", transitions: [go("fix", "turn > 1"), go("answer", "turn > 2")] },
      { name: "fix" },
      { name: "answer" },
    ]);
    expect(branching.steps.map((step) => isEnd(branching, step))).toEqual([false, true, true]);
    const straight = workflow([{ name: "a" }, { name: "b" }, { name: "c" }]);
    expect(straight.steps.map((step) => isEnd(straight, step))).toEqual([false, false, true]);
  });
});
