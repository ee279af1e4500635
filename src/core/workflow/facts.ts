/** Facts: the values that conditions see, and the verdict of a condition on them. */
import type { RunEvent } from "../journal/event.js";
import type { Json } from "./workflow.js";
import type { CallFacts, CallOutput, ChildReport, WorkflowState } from "./workflow-state.js";

/** The facts that conditions can refer to. */
export interface Facts {
  readonly tool: string | null;
  readonly server: string | null;
  readonly args: Readonly<Record<string, unknown>>;
  readonly tool_result: { readonly is_error: boolean; readonly text: string; readonly made: boolean } | null;
  readonly step: string;
  readonly step_action_count: number;
  readonly total_action_count: number;
  readonly turn: number;
  readonly pending_runs: number;
  readonly started_runs: number;
  readonly variables: Readonly<Record<string, Json>>;
  /** The calls of the workflow behind variables that `output_as` names. */
  readonly outputs: Readonly<Record<string, CallOutput>>;
  readonly run: RunFacts;
  readonly called: ReadonlySet<string>;
  readonly succeeded: ReadonlySet<string>;
  readonly calledInStep: ReadonlySet<string>;
  readonly succeededInStep: ReadonlySet<string>;
  readonly reports: readonly ChildReport[];
}

export interface RunFacts {
  readonly id: string;
  readonly depth: number;
  readonly agent: string;
  readonly model: string;
}

export type Verdict =
  | { readonly kind: "true" | "false" }
  /** The condition cannot be evaluated. */
  | { readonly kind: "failed"; readonly error: string };

/** The run, and the evaluation of conditions. */
export interface EngineContext {
  readonly run: RunFacts;
  /** Evaluates a condition. Never throws. */
  evaluate(condition: string, facts: Facts): Verdict;
}

/** The facts for a condition about the call `about`. */
export function factsOf(state: WorkflowState, about: CallFacts | null, run: RunFacts): Facts {
  return {
    tool: about?.tool ?? null,
    server: about?.server ?? null,
    args: about?.args ?? {},
    tool_result: about
      ? { is_error: about.result.isError, text: about.result.text, made: about.result.made ?? true }
      : null,
    step: state.step ?? "",
    step_action_count: state.stepActions,
    total_action_count: state.totalActions,
    turn: state.turn,
    pending_runs: state.pendingRuns.size,
    started_runs: state.startedInStep.size,
    variables: state.variables,
    outputs: state.outputs,
    run,
    called: state.called,
    succeeded: state.succeeded,
    calledInStep: state.calledInStep,
    succeededInStep: state.succeededInStep,
    reports: state.reports,
  };
}

export type Judged =
  | { readonly kind: "true" | "false" }
  /** Has an event to record first, once a turn; it counts as false. */
  | { readonly kind: "failed"; readonly failure: RunEvent };

/** The verdict of a condition about the call `about`; no condition is true. */
export function judge(
  when: string | null,
  where: string,
  state: WorkflowState,
  about: CallFacts | null,
  { evaluate, run }: EngineContext,
): Judged {
  if (when === null) return { kind: "true" };
  const verdict = evaluate(when, factsOf(state, about, run));
  if (verdict.kind !== "failed") return verdict;
  if (state.failed.has(where)) return { kind: "false" };
  return { kind: "failed", failure: { type: "condition_failed", where, condition: when, error: verdict.error } };
}
