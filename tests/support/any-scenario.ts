/** Agents, workflows and limits as fast-check makes them, for runs of the real loop. */
import fc from "fast-check";
import type { ToolCall } from "../../src/core/run/message.js";
import type { Workflow } from "../../src/core/workflow/workflow.js";
import type { Cut, Scenario, ScriptedReply } from "./cut-runs.js";
import { anyWorkflow, NAMES } from "./engine.js";

const number = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.nat(9) });
const toServer = fc.record({
  id: fc.constant(null),
  name: fc.oneof(
    {
      weight: 20,
      arbitrary: fc.constantFrom("x__y", "x__y", "x__z", "x__z", "x__again", "x__slow", "x__fail", "x__own"),
    },
    { weight: 1, arbitrary: fc.constantFrom("x__big", "x__nothing") },
  ),
  arguments: fc.oneof(
    { weight: 9, arbitrary: fc.record({ n: number }) },
    { weight: 1, arbitrary: fc.constant({ n: "no number" }) },
  ),
});
const toComplete = fc.record({
  id: fc.constant(null),
  name: fc.constant("complete"),
  arguments: fc.record(
    {
      status: fc.constantFrom("success", "partial", "blocked", "wrong"),
      result: fc.constant("r"),
      data: fc.record({ n: number }),
    },
    { requiredKeys: ["status", "result"] },
  ),
});
const toStep = fc.record({
  id: fc.constant(null),
  name: fc.constant("request_step"),
  arguments: fc.record({ to: fc.constantFrom(...NAMES) }),
});
const toResult = fc.record({
  id: fc.constant(null),
  name: fc.constant("read_result"),
  arguments: fc.record({ id: fc.constantFrom("r1.0", "r1.1", "r2.0", "w1"), offset: fc.constantFrom(0, 10_000) }),
});
const SAME: ToolCall = { id: null, name: "x__y", arguments: { n: 0 } };
const anyCall: fc.Arbitrary<ToolCall> = fc.oneof(
  { weight: 10, arbitrary: toServer },
  { weight: 1, arbitrary: toComplete },
  { weight: 2, arbitrary: toStep },
  { weight: 1, arbitrary: toResult },
);

const anyReply: fc.Arbitrary<ScriptedReply> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({
      kind: fc.constant("says" as const),
      text: fc.constantFrom("", "so"),
      calls: fc.array(anyCall, { maxLength: 5 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("rejected" as const),
      askAgain: fc.constantFrom(true, true, true, true, false),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.constant({ kind: "says" as const, text: "", calls: Array.from({ length: 4 }, () => SAME) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "fails" as const }) },
);

const OWN_CALL = {
  action: "call_tool",
  tool: "x__own",
  arguments: { n: "{{ n }}" },
  outputAs: "n",
  when: null,
} as const;

/** With tools of its own in each step, rules that count calls, and every way to take an answer without calls. */
const fenced: fc.Arbitrary<Workflow> = fc
  .tuple(
    anyWorkflow,
    fc.array(
      fc.record({
        allowedTools: fc.constantFrom("all" as const, "all" as const, ["x__y", "x__own", "x__again"]),
        blockedTools: fc.constantFrom([], [], ["x__big"]),
        maxCallsPerTurn: fc.constantFrom(null, null, 1, 2),
        rules: fc.array(
          fc.record({
            name: fc.constant("r"),
            when: fc.constantFrom("step_action_count >= 2", "args.n > 5", "variables.broken > 1", null),
            action: fc.constantFrom("warn" as const, "warn" as const, "block" as const, "allow" as const),
            message: fc.constant(null),
          }),
          { maxLength: 2 },
        ),
      }),
      { minLength: NAMES.length, maxLength: NAMES.length },
    ),
    fc.constantFrom("guide" as const, "guide" as const, "warn" as const, "block" as const),
    fc.constantFrom(null, null, "turn > 2", "variables.broken > 1"),
    fc.constantFrom([], [], ["x__z"]),
    fc.constantFrom(null, "end" as const, "continue" as const),
    fc.boolean(),
  )
  .map(([workflow, fences, action, condition, requiredTools, onFailure, endsItself]) => ({
    ...workflow,
    steps: workflow.steps.map((step, index) => ({
      ...step,
      ...fences[index],
      onEnter: onFailure === null ? step.onEnter : [{ ...OWN_CALL, onFailure }, ...step.onEnter],
      onExit: endsItself
        ? [...step.onExit, { action: "end_run" as const, status: "success" as const, result: "e", when: "turn > 3" }]
        : step.onExit,
    })),
    onPrematureStop: { action, message: null, condition },
    settings: { ...workflow.settings, requiredTools },
  }));

export const anyScenario: fc.Arbitrary<Scenario> = fc.record({
  replies: fc.array(anyReply, { minLength: 1, maxLength: 7 }),
  workflow: fc.option(fenced, { freq: 3 }),
  maxTurns: fc.integer({ min: 1, max: 7 }),
  maxCostUsd: fc.option(fc.integer({ min: 1, max: 7 })),
  outputSchema: fc.constantFrom(null, null, { type: "object", required: ["n"] }),
  own: fc.constantFrom("read_only" as const, "idempotent" as const, "effectful" as const),
  onUnknown: fc.constantFrom("tell" as const, "tell" as const, "stop" as const),
});

/** Agents that read much in a small context window. */
export const anyLongScenario: fc.Arbitrary<Scenario> = fc
  .tuple(
    anyScenario,
    fc.array(fc.oneof(anyReply, fc.constantFrom(...["big", "y"].map(readsMuch))), { minLength: 8, maxLength: 20 }),
    fc.record({ tokens: fc.integer({ min: 2_500, max: 12_000 }), isKnown: fc.boolean(), summarises: fc.boolean() }),
  )
  .map(([scenario, replies, window]) => ({ ...scenario, replies, window, maxTurns: 25, maxCostUsd: null }));

function readsMuch(tool: string): ScriptedReply {
  const calls = [3, 4].map((n): ToolCall => ({ id: null, name: `x__${tool}`, arguments: { n } }));
  return { kind: "says", text: `${tool} `.repeat(200), calls };
}

export const anyCuts: fc.Arbitrary<readonly Cut[]> = fc.array(fc.record({ commits: fc.nat(3), goesOn: fc.boolean() }), {
  minLength: 2,
  maxLength: 5,
});

/** Deaths, ends from outside and, where a run is faster than both, its own ends. */
export const anyStops: fc.Arbitrary<readonly Cut[]> = fc.array(
  fc.record(
    {
      commits: fc.nat(6),
      goesOn: fc.boolean(),
      reason: fc.constantFrom("timeout" as const, "timeout" as const, "stalled" as const, "interrupted" as const),
    },
    { requiredKeys: ["commits", "goesOn"] },
  ),
  { minLength: 1, maxLength: 4 },
);
