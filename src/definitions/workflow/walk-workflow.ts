/** Lists the parts of a workflow that refer to something else, each with its path in the file. */
import type { Action, ExitCondition, Json, Step, Workflow } from "../../core/workflow/workflow.js";

/** Keys of the file; behind `steps` the step's name. */
export type Where = readonly (string | number)[];

export type Reference =
  | { readonly kind: "condition"; readonly where: Where; readonly text: string; readonly role: ConditionRole }
  | { readonly kind: "template"; readonly where: Where; readonly text: string }
  | { readonly kind: "pattern"; readonly where: Where; readonly text: string }
  | { readonly kind: "step"; readonly where: Where; readonly text: string }
  | { readonly kind: "reads" | "sets"; readonly where: Where; readonly variable: string };

/** The decision that a condition makes, which a finding about a constant condition names. */
export type ConditionRole = "rule" | "transition" | "action" | "exit" | "end" | "premature";

export function referencesOf(workflow: Workflow): readonly Reference[] {
  const { exitCondition, exitMessage, onPrematureStop: stop, settings } = workflow;
  return [
    ...patterns(settings.requiredTools, ["settings", "required_tools"]),
    ...workflow.steps.flatMap((step) => ofStep(step, ["steps", step.name])),
    ...ofActions(workflow.onError, ["on_error"]),
    ...template(stop.message, ["on_premature_stop", "message"]),
    ...condition(stop.condition, "premature", ["on_premature_stop", "condition"]),
    ...condition(exitCondition, "end", ["exit_condition"]),
    ...template(exitMessage ?? null, ["exit_condition", "message"]),
  ];
}

function ofStep(step: Step, where: Where): readonly Reference[] {
  const allowed = step.allowedTools === "all" ? [] : step.allowedTools;
  return [
    ...template(step.instructions, [...where, "instructions"]),
    ...ofActions(step.onEnter, [...where, "on_enter"]),
    ...patterns(allowed, [...where, "allowed_tools"]),
    ...patterns(step.blockedTools, [...where, "blocked_tools"]),
    ...step.rules.flatMap((rule, index) => [
      ...condition(rule.when, "rule", [...where, "rules", index, "when"]),
      ...template(rule.message, [...where, "rules", index, "message"]),
    ]),
    ...step.transitions.flatMap(({ to, when, message, onTransition }, index): readonly Reference[] => {
      const here = [...where, "transitions", index];
      return [
        { kind: "step", where: [...here, "to"], text: to },
        ...condition(when, "transition", [...here, "when"]),
        ...template(message ?? null, [...here, "message"]),
        ...ofActions(onTransition, [...here, "on_transition"]),
      ];
    }),
    ...step.exitConditions.flatMap((exit, index) => {
      const here = [...where, "exit_conditions", index];
      return [...ofExit(exit, here), ...template(exit.message ?? null, [...here, "message"])];
    }),
    ...ofActions(step.onExit, [...where, "on_exit"]),
  ];
}

function ofExit(exit: ExitCondition, where: Where): readonly Reference[] {
  switch (exit.type) {
    case "variable_set":
      return [{ kind: "reads", where: [...where, "variable"], variable: exit.variable }];
    case "expression":
      return condition(exit.when, "exit", [...where, "when"]);
    case "tool_succeeded":
      return [{ kind: "pattern", where: [...where, "tool"], text: exit.tool }];
    case "action_count":
      return [];
    case "user_approval":
      return template(exit.prompt, [...where, "prompt"]);
  }
}

function ofActions(actions: readonly Action[], where: Where): readonly Reference[] {
  return actions.flatMap((action, index) => [
    ...condition(action.when, "action", [...where, index, "when"]),
    ...ofAction(action, [...where, index]),
  ]);
}

function ofAction(action: Action, where: Where): readonly Reference[] {
  switch (action.action) {
    case "inject_message":
      return template(action.content, [...where, "content"]);
    case "set_variable":
      return [...templates(action.value, [...where, "value"]), sets(action.name, [...where, "name"])];
    case "increment_variable":
      return [sets(action.name, [...where, "name"])];
    case "call_tool":
      return [
        { kind: "pattern", where: [...where, "tool"], text: action.tool },
        ...templates(action.arguments, [...where, "arguments"]),
        ...(action.outputAs === null ? [] : [sets(action.outputAs, [...where, "output_as"])]),
      ];
    case "end_run":
      return template(action.result, [...where, "result"]);
  }
}

function condition(text: string | null, role: ConditionRole, where: Where): readonly Reference[] {
  return text === null ? [] : [{ kind: "condition", where, text, role }];
}

function template(text: string | null, where: Where): readonly Reference[] {
  return text?.includes("{{") ? [{ kind: "template", where, text }] : [];
}

function templates(value: Json, where: Where): readonly Reference[] {
  if (typeof value === "string") return template(value, where);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => templates(item as Json, [...where, key]));
}

function patterns(list: readonly string[], where: Where): readonly Reference[] {
  return list.map((text, index) => ({ kind: "pattern", where: [...where, index], text }));
}

function sets(variable: string, where: Where): Reference {
  return { kind: "sets", where, variable };
}
