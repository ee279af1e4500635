/** The tools of a run at one moment, each with the rule that decided. */
import type { Rule } from "../workflow/workflow.js";

export interface Access {
  /** The seq of the event that decided the access; null before the first one. */
  readonly setAt: number | null;
  readonly step: string | null;
  /** The rules of the step in their order; they judge single calls of the allowed tools. */
  readonly rules: readonly Rule[];
  /** Each tool with the rule that decided, in the order of the decisions. */
  readonly tools: readonly { readonly tool: string; readonly allowed: boolean; readonly rule: string }[];
  /** A sentence that says why the tools may differ from those of the step; null where they do not. */
  readonly note: string | null;
}
