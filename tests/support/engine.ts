/** The workflow engine as a runner drives it: workflows to lead through, and agents that do this and that. */
import fc from "fast-check";
import { createConditions } from "../../src/conditions/create-conditions.js";
import type { RunEvent } from "../../src/core/journal/event.js";
import { type Effect, nextEffect, requestRefusal } from "../../src/core/workflow/engine.js";
import type { EngineContext } from "../../src/core/workflow/facts.js";
import type { Json, Step, Workflow } from "../../src/core/workflow/workflow.js";
import { beginWorkflow, type WorkflowState, workflowAfter } from "../../src/core/workflow/workflow-state.js";
import { createProjectPath } from "../../src/files/project-path.js";

export const conditions = createConditions(createProjectPath(process.cwd()));
export const around: EngineContext = {
  run: { id: "run_1", depth: 1, agent: "default", model: "m" },
  evaluate: conditions.evaluate,
};

export const STEP: Step = {
  name: "a",
  description: null,
  instructions: null,
  onEnter: [],
  allowedTools: "all",
  blockedTools: [],
  rules: [],
  transitions: [],
  exitConditions: [],
  onExit: [],
  provider: null,
  model: null,
};

export const WORKFLOW: Workflow = {
  name: "w",
  description: null,
  version: null,
  settings: {
    provider: null,
    model: null,
    allowProviderOverride: true,
    maxTurns: null,
    timeoutSeconds: null,
    maxCostUsd: null,
    maxDepth: null,
    outputSchema: null,
    requiredTools: [],
    maxRefusals: 3,
  },
  variables: {},
  steps: [STEP],
  onError: [],
  onPrematureStop: { action: "guide", message: null, condition: null },
  exitCondition: null,
};

export function workflow(steps: readonly Partial<Step>[], changes: Partial<Workflow> = {}): Workflow {
  return { ...WORKFLOW, ...changes, steps: steps.map((step) => ({ ...STEP, ...step })) };
}

export const go = (to: string, when: string | null = null) => ({ to, when, onTransition: [] });
export const set = (name: string, value: Json, when: string | null = null) =>
  ({ action: "set_variable", name, value, when }) as const;

/** What a runner would make of an effect. */
function eventOf(effect: Effect): RunEvent | null {
  if (effect.kind === "record") return effect.event;
  if (effect.kind !== "call_tool") return null;
  const { tool, outputAs, done } = effect;
  const answer = { isError: false, text: "answer", milliseconds: 1 };
  return { type: "workflow_call_finished", call: 1, tool, ...answer, outputAs, done } as RunEvent;
}

export interface Walk {
  readonly state: WorkflowState;
  readonly events: readonly RunEvent[];
  readonly ended: Extract<Effect, { kind: "end_run" }> | null;
}

const MOST_EFFECTS = 2_000;

/** Does what the engine says until the agent is on again; a bound shows where it would never be. */
export function settle(definition: Workflow, start: WorkflowState): Walk {
  let state = start;
  const events: RunEvent[] = [];
  for (let count = 0; count < MOST_EFFECTS; count++) {
    const effect = nextEffect(definition, state, around);
    if (effect === null) return { state, events, ended: null };
    const event = eventOf(effect);
    if (event === null) return { state, events, ended: effect as Extract<Effect, { kind: "end_run" }> };
    events.push(event);
    state = workflowAfter(definition, state, event);
  }
  throw new Error("the engine does not come to rest");
}

export function begun(definition: Workflow, given: Readonly<Record<string, Json>> = {}): WorkflowState {
  return settle(definition, beginWorkflow(definition, given)).state;
}

export function called(tool: string, isError = false): RunEvent {
  return { type: "tool_call_finished", turn: 1, index: 0, tool, isError, text: "text", milliseconds: 1 };
}

export const turn = (number: number): RunEvent => ({ type: "turn_started", turn: number });
export const fold = (definition: Workflow, state: WorkflowState, ...events: readonly RunEvent[]) =>
  events.reduce((folded, event) => workflowAfter(definition, folded, event), state);

export const NAMES = ["a", "b", "c", "d"];
const CONDITIONS = [
  null,
  "turn > 2",
  "step_action_count >= 1",
  "total_action_count > 3",
  'tool_succeeded("x__y")',
  "variables.n >= 2",
  "variables.broken > 1",
  "tool_result.is_error",
  'tool == "x__y"',
  'tool_called_in_step("x__z")',
  "false",
];

const anyWhen = fc.constantFrom(...CONDITIONS);
const anyAction = fc.oneof(
  fc.record({
    action: fc.constant("set_variable" as const),
    name: fc.constantFrom("n", "m"),
    value: fc.integer(),
    when: anyWhen,
  }),
  fc.record({
    action: fc.constant("increment_variable" as const),
    name: fc.constant("n"),
    by: fc.constant(1),
    when: anyWhen,
  }),
  fc.record({ action: fc.constant("inject_message" as const), content: fc.constant("{{ n }}"), when: anyWhen }),
  fc.record({
    action: fc.constant("call_tool" as const),
    tool: fc.constant("x__own"),
    arguments: fc.constant({}),
    outputAs: fc.constantFrom("m", null),
    when: anyWhen,
  }),
);
const anyActions = fc.array(anyAction, { maxLength: 3 });
const anyExit = fc.oneof(
  fc.constant({ type: "variable_set" as const, variable: "m" }),
  fc
    .constantFrom("turn > 1", "variables.broken", "step_action_count > 0")
    .map((when) => ({ type: "expression" as const, when })),
  fc.constant({ type: "tool_succeeded" as const, tool: "x__*" }),
  fc.constant({ type: "tool_succeeded" as const, tool: "x__*", inStep: true, message: "not yet" }),
  fc.constant({ type: "action_count" as const, minCount: 1 }),
);

export const anyWorkflow: fc.Arbitrary<Workflow> = fc.integer({ min: 1, max: NAMES.length }).chain((size) => {
  const names = NAMES.slice(0, size);
  const transition = fc.record({ to: fc.constantFrom(...names), when: anyWhen, onTransition: anyActions });
  const step = (name: string) =>
    fc
      .record({
        onEnter: anyActions,
        onExit: anyActions,
        transitions: fc.array(transition, { maxLength: 3 }),
        exitConditions: fc.array(anyExit, { maxLength: 2 }),
      })
      .map((parts) => ({ ...STEP, ...parts, name }));
  return fc
    .record({ steps: fc.tuple(...names.map(step)), onError: anyActions, exitCondition: anyWhen })
    .map((parts) => ({
      ...WORKFLOW,
      ...parts,
      variables: { n: 0, m: null, broken: null },
    }));
});

/** What an agent may do in a turn. */
export type Move =
  | { readonly kind: "call"; readonly tool: string; readonly isError: boolean }
  | { readonly kind: "request"; readonly to: string };
const anyMove: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    kind: fc.constant("call" as const),
    tool: fc.constantFrom("x__y", "x__z", "complete"),
    isError: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("request" as const), to: fc.constantFrom(...NAMES) }),
);
export const anyTurns = fc.array(fc.array(anyMove, { maxLength: 4 }), { maxLength: 8 });

/** Plays turns as the runner does: the calls, then what the workflow does about them. */
export function play(
  definition: Workflow,
  turns: readonly (readonly Move[])[],
  look: (state: WorkflowState) => void,
): Walk {
  const events: RunEvent[] = [];
  let state = beginWorkflow(definition, {});
  const note = (event: RunEvent) => {
    events.push(event);
    state = workflowAfter(definition, state, event);
    look(state);
  };
  const rest = () => {
    const walk = settle(definition, state);
    for (const event of walk.events) note(event);
  };
  rest();
  for (const [index, moves] of turns.entries()) {
    note(turn(index + 1));
    for (const move of moves) {
      if (move.kind === "call") note(called(move.tool, move.isError));
      else if (state.step !== null && requestRefusal(definition, state, move.to, around) === null)
        note({ type: "transition_taken", from: state.step, to: move.to, transition: null });
    }
    rest();
  }
  return { state, events, ended: null };
}
