/** Finds likely mistakes in a workflow that can be loaded. */

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
import { trapsInConditions, unruledMoves } from "./find-traps.js";
import { type Finding, finding, isAllowed } from "./finding.js";
import { type ConditionRole, type Reference, referencesOf, type Where } from "./walk-workflow.js";

/**
 * Checks a workflow by itself, and against the known tools unless `catalog` is null. Pure. A pattern that may match a
 * tool of an `unseen` server, whose tools are not known yet, is not a finding.
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
    ...unreachable(workflow, always),
    ...withoutEnd(workflow, always),
    ...passedOver(workflow, always),
    ...shadowed(workflow, always),
    ...neverCounted(workflow),
    ...constants(references, conditions),
    ...trapsInConditions(references, conditions),
    ...(catalog === null
      ? []
      : [
          ...unmatched(references, catalog, conditions, unseen),
          ...notAllowed(workflow, catalog, unseen),
          ...unruledMoves(workflow, catalog, unseen, conditions),
        ]),
    ...neverRead(workflow, references, conditions),
  ];
}

/** The constant value of a condition: true for no condition, null where the facts decide. */
type Always = (condition: string | null) => boolean | null;

function constantOf(condition: string | null, conditions: ConditionReader): boolean | null {
  if (condition === null) return true;
  const result = conditions.compile(condition);
  return result.kind === "fault" ? null : result.constant;
}

/** The steps that may follow a step: the targets of its transitions, or the next step where it has none. */
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

function unreachable(workflow: Workflow, always: Always): readonly Finding[] {
  const reached = reachedFrom(workflow.steps.slice(0, 1), (step) => following(workflow, step, always));
  return workflow.steps
    .filter((step) => !reached.has(step))
    .map(({ name }) =>
      finding(["steps", name], `step "${name}" cannot be reached from the first step: add a transition to it`),
    );
}

function withoutEnd(workflow: Workflow, always: Always): readonly Finding[] {
  const { steps, exitCondition } = workflow;
  if (exitCondition !== null) return [];
  const ends = steps.filter((step) => isEnd(workflow, step) || endsRun(step));
  if (ends.length === 0)
    return [
      finding(["steps"], "every step leads to another one: give one step no transitions, or write an exit_condition"),
    ];
  const before = (step: Step) => steps.filter((other) => following(workflow, other, always).includes(step));
  const leading = reachedFrom(ends, before);
  return steps
    .filter((step) => !leading.has(step))
    .map(({ name }) => finding(["steps", name], `step "${name}" leads to no end: give it a transition towards one`));
}

function endsRun({ onEnter, onExit, transitions }: Step): boolean {
  const actions = [...onEnter, ...onExit, ...transitions.flatMap(({ onTransition }) => onTransition)];
  return actions.some(({ action }) => action === "end_run");
}

/** Steps that the engine leaves at once. In a circle of them the agent never acts; a single one has no use. */
function passedOver(workflow: Workflow, always: Always): readonly Finding[] {
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
          `${circle.join(" -> ")} follow each other without waiting for the agent: give one of these transitions a condition`,
        ),
      ];
    if (step.onEnter.length > 0 || step.onExit.length > 0) return [];
    return [
      finding(
        where,
        `step "${step.name}" ends as soon as it begins: give its transition a condition, or the step an exit condition`,
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

function shadowed({ steps }: Workflow, always: Always): readonly Finding[] {
  return steps.flatMap(({ name, transitions }) => {
    const first = transitions.findIndex(({ when }) => always(when) === true);
    const hidden = first < 0 ? [] : transitions.slice(first + 1);
    return hidden.map((_: Transition, index) =>
      finding(
        ["steps", name, "transitions", first + 1 + index],
        "an earlier transition always holds, so this one is never taken: change their order or the condition",
      ),
    );
  });
}

function neverCounted({ steps, settings }: Workflow): readonly Finding[] {
  if ((settings.maxDepth ?? 1) > 1) return []; // spawn_agent and the other tools for child runs count
  return steps.flatMap(({ name, allowedTools, exitConditions }) => {
    if (allowedTools === "all" || allowedTools.length > 0) return [];
    const index = exitConditions.findIndex(({ type }) => type === "action_count");
    if (index < 0) return [];
    return [
      finding(
        ["steps", name, "exit_conditions", index],
        `step "${name}" allows no tool, so it has no calls to count: allow one, or remove the condition`,
      ),
    ];
  });
}

/** The consequence of a condition that is always true, and of one that is always false. */
const CONSEQUENCES: Readonly<Record<ConditionRole, readonly [string, string]>> = {
  rule: ["the rule always applies", "the rule never applies"],
  transition: ["the transition is taken at once", "the transition is never taken"],
  action: ["the action always runs", "the action never runs"],
  exit: ["it has no effect", "the step can never be left"],
  end: ["the run may end anywhere", "the run can never end in success"],
  premature: ["every answer without calls is premature, as without the condition", "no answer is ever premature"],
};

function constants(references: readonly Reference[], conditions: ConditionReader): readonly Finding[] {
  return references.flatMap((reference) => {
    if (reference.kind !== "condition") return [];
    const value = constantOf(reference.text, conditions);
    if (value === null) return [];
    const [whenTrue, whenFalse] = CONSEQUENCES[reference.role];
    return [
      finding(reference.where, `the condition ${reference.text} is always ${value}: ${value ? whenTrue : whenFalse}`),
    ];
  });
}

/** Patterns that match no known tool. */
function unmatched(
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
  return result.kind === "fault" ? [] : result.tools;
}

/** Conditions may name the tools for child runs, which no list allows or blocks. */
function isChildTool(pattern: string, where: Where): boolean {
  return CHILD_TOOL_NAMES.includes(pattern) && !where.includes("allowed_tools") && !where.includes("blocked_tools");
}

function mayReach(pattern: string, servers: readonly string[]): boolean {
  return servers.some((server) => patternMayReach(pattern, server));
}

/** Whether this is the `read_only` entry of a list of tools. */
function isReadOnlyEntry({ text, where }: { readonly text: string; readonly where: Where }): boolean {
  return text === READ_ONLY_ENTRY && (where.includes("allowed_tools") || where.includes("blocked_tools"));
}

function matches(pattern: string, tool: CatalogTool, where: Where): boolean {
  return where.includes("blocked_tools") ? patternForbids(pattern, tool) : patternMatches(pattern, tool);
}

/** Tools that have to succeed and that no step allows. */
function notAllowed(
  workflow: Workflow,
  catalog: readonly CatalogTool[],
  unseen: readonly string[],
): readonly Finding[] {
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
    return [finding(where, `"${pattern}" has to run, but no step allows it: add it to allowed_tools of a step`)];
  });
}

function calls({ onEnter, onExit, transitions }: Step, tool: CatalogTool): boolean {
  const actions = [...onEnter, ...onExit, ...transitions.flatMap(({ onTransition }) => onTransition)];
  return actions.some((action) => action.action === "call_tool" && action.tool === tool.name);
}

function neverRead(
  workflow: Workflow,
  references: readonly Reference[],
  conditions: ConditionReader,
): readonly Finding[] {
  const read = new Set(references.flatMap((reference) => readBy(reference, conditions)));
  const set = new Map<string, Where>(Object.keys(workflow.variables).map((name) => [name, ["variables", name]]));
  for (const reference of references) if (reference.kind === "sets") set.set(reference.variable, reference.where);
  return [...set]
    .filter(([name]) => !read.has(name))
    .map(([name, where]) => finding(where, `the variable "${name}" is set and never read: use it or remove it`));
}

function readBy(reference: Reference, conditions: ConditionReader): readonly string[] {
  switch (reference.kind) {
    case "condition": {
      const result = conditions.compile(reference.text);
      return result.kind === "fault" ? [] : result.variables;
    }
    case "template":
      return namesInTemplate(reference.text);
    case "reads":
      return [reference.variable];
    default:
      return [];
  }
}
