/** Draws a workflow as a Mermaid state diagram. */

import { type ExitCondition, isEnd, type Step, type Workflow } from "../../core/workflow/workflow.js";
import { cutTo } from "../../lib/text.js";

const LONGEST_LABEL = 120; // characters; longer ones cover the drawing

/** A `stateDiagram-v2` of the steps. Each arrow is labelled with its conditions. */
export function toMermaid(workflow: Workflow): string {
  const { steps, exitCondition } = workflow;
  const ids = new Map(steps.map(({ name }, index) => [name, `s${index}`]));
  const idOf = (name: string) => ids.get(name) ?? name;
  const ends = steps.filter((step) => isEnd(workflow, step));
  const lines = [
    "stateDiagram-v2",
    ...steps.map(({ name }) => `state "${name}" as ${idOf(name)}`),
    ...steps.slice(0, 1).map(({ name }) => arrow("[*]", idOf(name), [])),
    ...steps.flatMap((step) => arrowsFrom(step, workflow, idOf)),
    ...(ends.length > 0 ? ends : steps).map((step) => arrow(idOf(step.name), "[*]", endLabel(step, exitCondition))),
  ];
  return `${lines.join("\n    ")}\n`;
}

function arrowsFrom(step: Step, workflow: Workflow, idOf: (name: string) => string): readonly string[] {
  const { steps } = workflow;
  const exits = step.exitConditions.map(toText);
  if (step.transitions.length > 0)
    return step.transitions.map(({ to, when }) =>
      arrow(idOf(step.name), idOf(to), [...(when === null ? [] : [when]), ...exits]),
    );
  const next = steps[steps.indexOf(step) + 1];
  if (next === undefined || isEnd(workflow, step)) return [];
  return [arrow(idOf(step.name), idOf(next.name), ["request_step", ...exits])];
}

function endLabel(step: Step, exitCondition: string | null): readonly string[] {
  return ["complete", ...(exitCondition === null ? [] : [exitCondition]), ...step.exitConditions.map(toText)];
}

function toText(exit: ExitCondition): string {
  switch (exit.type) {
    case "variable_set":
      return `${exit.variable} is set`;
    case "expression":
      return exit.when;
    case "tool_succeeded":
      return `${exit.inStep ? "tool_succeeded_in_step" : "tool_succeeded"}("${exit.tool}")`;
    case "action_count":
      return exit.minCount === 1 ? "1 tool call" : `${exit.minCount} tool calls`;
    case "user_approval":
      return "an approval";
  }
}

function arrow(from: string, to: string, labels: readonly string[]): string {
  const text = labels.map((label) => label.trim().replace(/\s+/g, " ")).join(", ");
  return text === "" ? `${from} --> ${to}` : `${from} --> ${to} : ${escaped(cutTo(text, LONGEST_LABEL))}`;
}

/** Writes Mermaid's own signs as character codes: a colon or semicolon would end the label, a per cent sign start a comment. */
function escaped(text: string): string {
  return text.replace(/[^\p{L}\p{N} _.,()'=!|/+-]/gu, (sign) => `#${sign.codePointAt(0)};`);
}
