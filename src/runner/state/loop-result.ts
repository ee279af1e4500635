/** Why a loop goes no further: the run has come to its end, or waits for a person. */
import type { Inquiry } from "../../core/run/question.js";
import type { Outcome } from "../../core/run/run.js";

export type Halt =
  | { readonly kind: "end"; readonly outcome: Outcome }
  | { readonly kind: "wait"; readonly inquiry: Inquiry };

export function endWith(outcome: Outcome): Halt {
  return { kind: "end", outcome };
}

export function waitWith(inquiry: Inquiry): Halt {
  return { kind: "wait", inquiry };
}
