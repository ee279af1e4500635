/** What an author may have overlooked in a workflow that can be loaded. */

import { READ_ONLY_ENTRY } from "../../core/tools/gate.js";
import {
  type CatalogTool,
  CHILD_TOOL_NAMES,
  patternForbids,
  patternMatches,
  patternMayReach,
} from "../../core/tools/tool.js";
import type { ConditionReader } from "../../core/workflow/condition.js";
import { namesInTemplate } from "../../core/workflow/template.js";
import { isEnd, type Step, type Transition, type Workflow } from "../../core/workflow/workflow.js";
import { didYouMean } from "../../lib/nearest.js";
import { type ConditionRole, type Reference, referencesOf, type Where } from "./walk-workflow.js";

export interface Finding {
  /** The part that it is about, such as "steps.plan.transitions.0". */
  readonly where: string;
  readonly message: string;
}

/**
 * Checks a workflow against itself, and against the tools that are known where there are any. Pure.
 * What may name a tool of an unseen server, whose tools nobody has seen yet, is left alone.
 */
export function checkWorkflow(
  workflow: Workflow,
  catalog: readonly CatalogTool[] | null,
  conditions: ConditionReader,
  unseen: readonly string[] = [],
): readonly Finding[] {
  const references = referencesOf(workflow);
  const always = (condition: string | null) => constantOf(condition, conditions);
  return [
    ...unreached(workflow, always),
    ...withoutEnd(workflow, always),
    ...restless(workflow, always),
    ...overtaken(workflow, always),
    ...uncounted(workflow),
    ...constant(references, conditions),
    ...(catalog === null
      ? []
      : [...idle(references, catalog, conditions, unseen), ...ungranted(workflow, catalog, unseen)]),
    ...unread(workflow, references, conditions),
  ];
}

/** What a condition always is; true where there is none, null where the facts decide. */
type Always = (condition: string | null) => boolean | null;

function constantOf(condition: string | null, conditions: ConditionReader): boolean | null {
  if (condition === null) return true;
  const result = conditions.compile(condition);
  return "fault" in result ? null : result.constant;
}

/** The steps that may follow a step: by a transition, or, where it has none, the next. */
function following(workflow: Workflow, step: Step, always: Always): readonly Step[] {
  const { steps } = workflow;
  const next = steps[steps.indexOf(step) + 1];
  if (step.transitions.length === 0) return next === undefined || isEnd(workflow, step) ? [] : [next];
  const targets = new Set(step.transitions.filter(({ when }) => always(when) !== false).map(({ to }) => to));
  return steps.filter(({ name }) => targets.has(name));
}

function reachedFrom(start: readonly Step[], next: (step: Step) => readonly Step[]): ReadonlySet<Step> {
  const reached = new Set(start);
  for (const step of reached) for (const other of next(step)) reached.add(other);
  return reached;
}

function unreached(workflow: Workflow, always: Always): readonly Finding[] {
  const reached = reachedFrom(workflow.steps.slice(0, 1), (step) => following(workflow, step, always));
  return workflow.steps
    .filter((step) => !reached.has(step))
    .map(({ name }) => finding(["steps", name], `no transition leads to step "${name}" from the first one`));
}

function withoutEnd(workflow: Workflow, always: Always): readonly Finding[] {
  const { steps, exitCondition } = workflow;
  if (exitCondition !== null) return [];
  const ends = steps.filter((step) => isEnd(workflow, step) || endsRun(step));
  if (ends.length === 0)
    return [
      finding(["steps"], "each step leads to another one: give one step no transitions, or write an exit_condition"),
    ];
  const before = (step: Step) => steps.filter((other) => following(workflow, other, always).includes(step));
  const saved = reachedFrom(ends, before);
  return steps
    .filter((step) => !saved.has(step))
    .map(({ name }) => finding(["steps", name], `there is no way from step "${name}" to an end`));
}

function endsRun({ onEnter, onExit, transitions }: Step): boolean {
  const actions = [...onEnter, ...onExit, ...transitions.flatMap(({ onTransition }) => onTransition)];
  return actions.some(({ action }) => action === "end_run");
}

/** Steps that are left at once: a circle of them never lets the agent act, and one alone is passed over. */
function restless(workflow: Workflow, always: Always): readonly Finding[] {
  const after = new Map(workflow.steps.map((step) => [step.name, leavesAtOnce(step, always)]));
  return workflow.steps.flatMap((step) => {
    const to = after.get(step.name) ?? null;
    if (to === null) return [];
    const circle = circleFrom(step.name, after);
    const where = ["steps", step.name, "transitions"];
    if (circle)
      return [
        finding(
          where,
          `${circle.join(" -> ")} follow each other without ever waiting for the agent: give one of them a condition`,
        ),
      ];
    if (step.onEnter.length > 0 || step.onExit.length > 0) return [];
    return [
      finding(
        where,
        `step "${step.name}" is left as soon as it is entered: give its transition a condition, or the step an exit condition`,
      ),
    ];
  });
}

function leavesAtOnce(step: Step, always: Always): string | null {
  if (step.exitConditions.length > 0) return null;
  return step.transitions.find(({ when }) => always(when) === true)?.to ?? null;
}

function circleFrom(start: string, after: ReadonlyMap<string, string | null>): readonly string[] | null {
  const path = [start];
  for (let name = after.get(start) ?? null; name !== null; name = after.get(name) ?? null) {
    path.push(name);
    if (name === start) return path;
    if (path.length > after.size) return null;
  }
  return null;
}

function overtaken({ steps }: Workflow, always: Always): readonly Finding[] {
  return steps.flatMap(({ name, transitions }) => {
    const first = transitions.findIndex(({ when }) => always(when) === true);
    const late = first < 0 ? [] : transitions.slice(first + 1);
    return late.map((_: Transition, index) =>
      finding(
        ["steps", name, "transitions", first + 1 + index],
        "a transition before this one always holds, so this one is never taken",
      ),
    );
  });
}

function uncounted({ steps, settings }: Workflow): readonly Finding[] {
  if ((settings.maxDepth ?? 1) > 1) return []; // calls of spawn_agent and the like count
  return steps.flatMap(({ name, allowedTools, exitConditions }) => {
    if (allowedTools === "all" || allowedTools.length > 0) return [];
    const index = exitConditions.findIndex(({ type }) => type === "action_count");
    if (index < 0) return [];
    return [
      finding(
        ["steps", name, "exit_conditions", index],
        `no tool is allowed in step "${name}", so none can be counted`,
      ),
    ];
  });
}

const MEANING: Readonly<Record<ConditionRole, readonly [string, string]>> = {
  rule: ["the rule always applies", "the rule never applies"],
  transition: ["the transition is taken at once", "the transition is never taken"],
  action: ["the action is always done", "the action is never done"],
  exit: ["it holds nothing up", "the step can never be left"],
  end: ["the run may end anywhere", "the run can never end in success"],
  premature: ["each answer without calls is premature, as without the condition", "no answer is ever premature"],
};

function constant(references: readonly Reference[], conditions: ConditionReader): readonly Finding[] {
  return references.flatMap((reference) => {
    if (reference.kind !== "condition") return [];
    const value = constantOf(reference.text, conditions);
    if (value === null) return [];
    const [whenTrue, whenFalse] = MEANING[reference.role];
    return [
      finding(reference.where, `the condition ${reference.text} is always ${value}: ${value ? whenTrue : whenFalse}`),
    ];
  });
}

/** Patterns that match no known tool. */
function idle(
  references: readonly Reference[],
  catalog: readonly CatalogTool[],
  conditions: ConditionReader,
  unseen: readonly string[],
): readonly Finding[] {
  const known = new Set(catalog.flatMap(({ name, server, tool }) => [name, tool, `${server}__*`]));
  return references.flatMap((reference) =>
    patternsIn(reference, conditions)
      .filter((pattern) => !catalog.some((tool) => matches(pattern, tool, reference.where)))
      .filter((pattern) => !mayReach(pattern, unseen) && !isChildTool(pattern, reference.where))
      .map((pattern) => finding(reference.where, `"${pattern}" matches no known tool${didYouMean(pattern, known)}`)),
  );
}

function patternsIn(reference: Reference, conditions: ConditionReader): readonly string[] {
  if (reference.kind === "pattern") return isReadOnlyEntry(reference) ? [] : [reference.text];
  if (reference.kind !== "condition") return [];
  const result = conditions.compile(reference.text);
  return "fault" in result ? [] : result.tools;
}

/** Conditions may look at the agent's work with agents of its own; no list grants or forbids that. */
function isChildTool(pattern: string, where: Where): boolean {
  return CHILD_TOOL_NAMES.includes(pattern) && !where.includes("allowed_tools") && !where.includes("blocked_tools");
}

function mayReach(pattern: string, servers: readonly string[]): boolean {
  return servers.some((server) => patternMayReach(pattern, server));
}

/** The entry for all tools that only read, which lists of tools may hold. */
function isReadOnlyEntry({ text, where }: { readonly text: string; readonly where: Where }): boolean {
  return text === READ_ONLY_ENTRY && (where.includes("allowed_tools") || where.includes("blocked_tools"));
}

function matches(pattern: string, tool: CatalogTool, where: Where): boolean {
  return where.includes("blocked_tools") ? patternForbids(pattern, tool) : patternMatches(pattern, tool);
}

/** Tools that have to run successfully and are allowed in no step. */
function ungranted(workflow: Workflow, catalog: readonly CatalogTool[], unseen: readonly string[]): readonly Finding[] {
  const wanted = [
    ...workflow.settings.requiredTools.map((tool, index) => ({ tool, where: ["settings", "required_tools", index] })),
    ...workflow.steps.flatMap(({ name, exitConditions }) =>
      exitConditions.flatMap((exit, index) =>
        exit.type === "tool_succeeded" ? [{ tool: exit.tool, where: ["steps", name, "exit_conditions", index] }] : [],
      ),
    ),
  ];
  return wanted.flatMap(({ tool: pattern, where }) => {
    const named = catalog.filter((tool) => patternMatches(pattern, tool));
    const usable = named.some((tool) => workflow.steps.some((step) => isAllowed(step, tool) || calls(step, tool)));
    if (named.length === 0 || usable || mayReach(pattern, unseen)) return [];
    return [finding(where, `"${pattern}" has to run, but no step allows it`)];
  });
}

function isAllowed({ allowedTools, blockedTools }: Step, tool: CatalogTool): boolean {
  const covers = (matching: typeof patternForbids) => (pattern: string) =>
    (pattern === READ_ONLY_ENTRY && tool.effect === "read_only") || matching(pattern, tool);
  if (blockedTools.some(covers(patternForbids))) return false;
  return allowedTools === "all" || allowedTools.some(covers(patternMatches));
}

function calls({ onEnter, onExit, transitions }: Step, tool: CatalogTool): boolean {
  const actions = [...onEnter, ...onExit, ...transitions.flatMap(({ onTransition }) => onTransition)];
  return actions.some((action) => action.action === "call_tool" && action.tool === tool.name);
}

function unread(workflow: Workflow, references: readonly Reference[], conditions: ConditionReader): readonly Finding[] {
  const read = new Set(references.flatMap((reference) => readBy(reference, conditions)));
  const set = new Map<string, Where>(Object.keys(workflow.variables).map((name) => [name, ["variables", name]]));
  for (const reference of references) if (reference.kind === "sets") set.set(reference.variable, reference.where);
  return [...set]
    .filter(([name]) => !read.has(name))
    .map(([name, where]) => finding(where, `the variable "${name}" is set and never read`));
}

function readBy(reference: Reference, conditions: ConditionReader): readonly string[] {
  switch (reference.kind) {
    case "condition": {
      const result = conditions.compile(reference.text);
      return "fault" in result ? [] : result.variables;
    }
    case "template":
      return namesInTemplate(reference.text);
    case "reads":
      return [reference.variable];
    default:
      return [];
  }
}

function finding(where: Where, message: string): Finding {
  return { where: where.join("."), message };
}
