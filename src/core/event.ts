/** Events: the facts of a run, in the past tense. They are the truth; every other view of a run is a fold of them. */
import type { RawReply } from "./message.js";
import type { Outcome, Usage } from "./run.js";
import type { Effect } from "./tool.js";

/** The version written with every event, so that a later legwork can still read it. */
export const EVENT_VERSION = 1;

/** Which tools a run got and why, grouped by the rule that decided. */
export interface ToolRuling {
  readonly rule: string;
  readonly allowed: boolean;
  /** True where blocked_tools decided, which no grant overrides. */
  readonly blocked: boolean;
  readonly tools: readonly string[];
}

export type RunEvent =
  | { readonly type: "run_created" }
  | { readonly type: "run_started" }
  | { readonly type: "tools_resolved"; readonly rulings: readonly ToolRuling[]; readonly warnings: readonly string[] }
  /** `grace` names the limit that ran out: this turn is the agent's one extra reply. */
  | { readonly type: "turn_started"; readonly turn: number; readonly grace?: string }
  | {
      readonly type: "model_replied";
      readonly turn: number;
      readonly grace?: true;
      readonly raw: RawReply;
      readonly usage: Usage | null;
    }
  | {
      readonly type: "reply_rejected";
      readonly turn: number;
      readonly code: string;
      readonly reason: string;
      readonly usage: Usage | null;
    }
  | {
      readonly type: "tool_call_started";
      readonly turn: number;
      readonly index: number;
      readonly tool: string;
      readonly effect: Effect;
    }
  /** `text` is what the agent got; `blob` holds the whole answer when that is only its head, `size` its characters. */
  | {
      readonly type: "tool_call_finished";
      readonly turn: number;
      readonly index: number;
      readonly tool: string;
      readonly isError: boolean;
      readonly code?: string;
      readonly text: string;
      readonly blob?: string;
      readonly size?: number;
      readonly milliseconds: number;
    }
  | {
      readonly type: "tool_call_refused";
      readonly turn: number;
      readonly index: number;
      readonly tool: string;
      readonly reason: string;
    }
  | { readonly type: "message_injected"; readonly text: string }
  | { readonly type: "run_interrupted"; readonly reason: string }
  | { readonly type: "run_finished"; readonly outcome: Outcome };

/** An event as the journal holds it: `seq` counts from 1 in its run, `at` is Unix milliseconds. */
export interface StoredEvent {
  readonly seq: number;
  readonly at: number;
  readonly event: RunEvent;
}
