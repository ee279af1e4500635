/** The rules of a step, and its limit of calls: whether a call that the gate allows may be made now. */

import type { RunEvent } from "../journal/event.js";
import { type EngineContext, factsOf } from "./facts.js";
import { fillTemplate } from "./template.js";
import { type Json, type Rule, stepNamed, type Workflow } from "./workflow.js";
import type { CallFacts, WorkflowState } from "./workflow-state.js";

export interface Refused {
  readonly kind: "refused";
  /** Names the rule. */
  readonly reason: string;
  /** Conditions that could not be evaluated. */
  readonly failures: readonly RunEvent[];
}

export interface Passed {
  readonly kind: "passed";
  /** The rule by which a person has to approve the call first, in words; null where none does. */
  readonly approval: string | null;
  /** Messages of rules that only warn. */
  readonly warnings: readonly string[];
  /** Conditions that could not be evaluated. */
  readonly failures: readonly RunEvent[];
}

/**
 * Judges a call by the rules in their order. The first rule that blocks, allows or requires an approval decides; a rule that
 * warns does not. Refuses the call where the condition of a rule that blocks or requires an approval cannot be evaluated.
 */
export function judgeRules(
  workflow: Workflow,
  state: WorkflowState,
  call: Pick<CallFacts, "tool" | "server" | "args">,
  { evaluate, run }: EngineContext,
): Refused | Passed {
  if (state.step === null) return { kind: "refused", reason: "no step is entered yet", failures: [] };
  const about = { ...call, result: { isError: false, text: "" } };
  const facts = { ...factsOf(state, about, run), tool_result: null };
  const warnings: string[] = [];
  const failures: RunEvent[] = [];
  const { rules, name: step } = stepNamed(workflow, state.step);
  for (const [index, rule] of rules.entries()) {
    const verdict = rule.when === null ? ({ kind: "true" } as const) : evaluate(rule.when, facts);
    const refuses = rule.action === "block" || rule.action === "require_approval";
    if (verdict.kind === "failed") {
      const where = `steps.${step}.rules.${index}`;
      failures.push({ type: "condition_failed", where, condition: rule.when, error: verdict.error });
      const reason = `${named(rule)} cannot be evaluated: ${verdict.error}`;
      if (refuses) return { kind: "refused", reason, failures };
      continue;
    }
    if (verdict.kind === "false") continue;
    if (rule.action === "allow") break;
    const text = ruleText(rule, state.variables);
    if (rule.action === "block") return { kind: "refused", reason: text, failures };
    if (rule.action === "require_approval") return { kind: "passed", approval: text, warnings, failures };
    warnings.push(`${named(rule)}: ${fillTemplate(rule.message ?? "take care", state.variables)}`);
  }
  return { kind: "passed", approval: null, warnings, failures };
}

/** Why the call with this index in its turn is one too many for the step; null where it is not. */
export function whySurplus(workflow: Workflow | null, state: WorkflowState | null, index: number): string | null {
  if (workflow === null || state === null || state.step === null) return null;
  const { name, maxCallsPerTurn: most = null } = stepNamed(workflow, state.step);
  const begun = state.begunInTurn.get(name) ?? new Set();
  if (most === null || begun.has(index) || begun.size < most) return null;
  return `step "${name}" allows ${most === 1 ? "1 call" : `${most} calls`} in a turn (max_calls_per_turn): make the rest in later turns`;
}

function ruleText(rule: Rule, variables: Readonly<Record<string, Json>>): string {
  return rule.message === null ? named(rule) : `${named(rule)}: ${fillTemplate(rule.message, variables)}`;
}

function named({ name }: Rule): string {
  return `rule "${name}"`;
}
