/** Finds mistakes that the schema cannot see: unknown names and conditions that cannot be used. */
import type { ConditionReader } from "../../core/workflow/condition.js";
import { namesInTemplate } from "../../core/workflow/template.js";
import { READ_ONLY_VARIABLES, type Workflow } from "../../core/workflow/workflow.js";
import { didYouMean } from "../../lib/nearest.js";
import { cutTo } from "../../lib/text.js";
import { type Reference, referencesOf, type Where } from "./walk-workflow.js";

/** Of one workflow in one message. */
export const MOST_FAULTS = 50;

const MOST_SHOWN = 200; // characters of a condition, so that its fault stays in sight

export interface Fault {
  readonly where: Where;
  readonly message: string;
}

/** Every fault of a workflow. */
export function findFaults(workflow: Workflow, conditions: ConditionReader): readonly Fault[] {
  const steps = workflow.steps.map(({ name }) => name);
  const variables = [...Object.keys(workflow.variables), ...READ_ONLY_VARIABLES];
  const references = referencesOf(workflow);
  const outputs = new Set(
    references.flatMap((part) => (part.kind === "sets" && part.where.at(-1) === "output_as" ? [part.variable] : [])),
  );
  return references.flatMap((reference) => {
    const messages = faultsOf(reference, { steps, variables, outputs, conditions });
    return messages.map((message) => ({ where: reference.where, message }));
  });
}

interface Known {
  readonly steps: readonly string[];
  readonly variables: readonly string[];
  /** The variables that get answers of the workflow's own calls. */
  readonly outputs: ReadonlySet<string>;
  readonly conditions: ConditionReader;
}

function faultsOf(reference: Reference, known: Known): readonly string[] {
  switch (reference.kind) {
    case "condition":
      return conditionFaults(reference.text, known);
    case "template":
      return templateFaults(reference.text, known.variables);
    case "step":
      return known.steps.includes(reference.text)
        ? []
        : [
            `there is no step "${reference.text}"${didYouMean(reference.text, known.steps) || `: the steps are ${known.steps.join(", ")}`}`,
          ];
    case "reads":
      return variableFaults([reference.variable], known.variables);
    default:
      return [];
  }
}

function conditionFaults(text: string, { conditions, variables, outputs }: Known): readonly string[] {
  const result = conditions.compile(text);
  const unusable = (fault: string) => `the condition ${cutTo(text.trim(), MOST_SHOWN)} cannot be used: ${fault}`;
  if (result.kind === "fault") return [unusable(result.fault)];
  const [mixed] = result.mixedOutputs;
  if (mixed !== undefined && outputs.has(mixed))
    return [unusable(`variables.${mixed} stands both alone and with a member: write variables.${mixed}.text`)];
  return variableFaults(result.variables, variables).map(unusable);
}

function variableFaults(names: readonly string[], known: readonly string[]): readonly string[] {
  return names
    .filter((name) => !known.includes(name))
    .map((name) => `nothing sets the variable "${name}"${didYouMean(name, known) || ': declare it under "variables"'}`);
}

/** Each `{{ … }}` has to hold the name of one variable. */
function templateFaults(text: string, known: readonly string[]): readonly string[] {
  const faults = new Set<string>();
  for (const [place = "", inside = ""] of text.matchAll(/\{\{([^{}]*)\}?\}?/g)) {
    const names = namesInTemplate(place);
    const found =
      names.length === 0 ? [`write {{ name }} with ${hintFor(inside.trim())}`] : variableFaults(names, known);
    for (const fault of found) faults.add(`${place} cannot be filled in: ${fault}`);
    if (faults.size >= MOST_FAULTS) break;
  }
  return [...faults];
}

function hintFor(inside: string): string {
  const [, name] = /^variables\.([A-Za-z_][A-Za-z0-9_]*)$/.exec(inside) ?? [];
  return name === undefined ? "the name of a variable and nothing else" : `the variable alone: {{ ${name} }}`;
}
