/** The tools of a run at one moment, each with the rule that decided. */
import type { Rule } from "../workflow/workflow.js";

export interface Access {
  /** The seq of the event that decided it; null before any has. */
  readonly setAt: number | null;
  readonly step: string | null;
  /** The rules of the step in their order: they judge single calls of the allowed tools. */
  readonly rules: readonly Rule[];
  /** Each tool with the rule that decided, in the order of the decisions. */
  readonly tools: readonly { readonly tool: string; readonly allowed: boolean; readonly rule: string }[];
  /** Why the tools may differ from those of the step, in a sentence; null where they do not. */
  readonly note: string | null;
}
