/** Finds a step whose tools are more than its model takes in one request. */
import type { RunFailure } from "../../core/run/run.js";
import type { StepModel } from "../request/model-in-step.js";
import type { ToolSet } from "./tool-set.js";

/** The failure of a run with these tools on this model; null where the model takes them. */
export function tooManyTools(
  { declarations }: Pick<ToolSet, "declarations">,
  { name, mostTools }: Pick<StepModel, "name" | "mostTools">,
  step: string | null,
): RunFailure | null {
  if (mostTools === null || declarations.length <= mostTools) return null;
  const where = step === null ? "the run" : `step ${step}`;
  const message = `${where} would have ${declarations.length} tools, and ${name.model} takes ${mostTools} at most: name fewer in tools, such as ["github__*"], block some with blocked_tools, or give each step of a workflow its own`;
  return { code: "too_many_tools", message };
}
