/** Why a loop goes no further: the run has come to its end, or waits for a person. */
import type { QuestionDraft } from "../../core/run/question.js";
import type { Outcome } from "../../core/run/run.js";

export type LoopResult =
  | { readonly kind: "end"; readonly outcome: Outcome }
  | { readonly kind: "wait"; readonly draft: QuestionDraft };

export function endWith(outcome: Outcome): LoopResult {
  return { kind: "end", outcome };
}

export function waitWith(draft: QuestionDraft): LoopResult {
  return { kind: "wait", draft };
}
