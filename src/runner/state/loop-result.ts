/** Why a loop stops. */
import type { QuestionDraft } from "../../core/run/question.js";
import type { Outcome } from "../../core/run/run.js";

export type LoopResult =
  /** The run has ended. */
  | { readonly kind: "end"; readonly outcome: Outcome }
  /** The run waits for a person. */
  | { readonly kind: "wait"; readonly draft: QuestionDraft }
  /** The signal of the run has aborted: its reason says whether the loop records an end. */
  | { readonly kind: "stopped" };

export const STOPPED: LoopResult = { kind: "stopped" };

export function endWith(outcome: Outcome): LoopResult {
  return { kind: "end", outcome };
}

export function waitWith(draft: QuestionDraft): LoopResult {
  return { kind: "wait", draft };
}
