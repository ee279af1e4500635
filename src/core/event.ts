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

/** A part of an answer that is no text, kept whole under `blob`; `id` is what read_result takes. */
export interface KeptPart {
  readonly id: string;
  readonly kind: string;
  readonly mimeType: string | null;
  /** Characters of what is kept. */
  readonly size: number;
  readonly blob: string;
}

export type RunEvent =
  | { readonly type: "run_created" }
  | { readonly type: "run_started" }
  /** Before the first turn, and again when the servers have changed what they offer. */
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
      readonly parts?: readonly KeptPart[];
      readonly milliseconds: number;
    }
  /** What the server said while a call went on; at most one a second is recorded of each call. */
  | {
      readonly type: "tool_call_progressed";
      readonly turn: number;
      readonly index: number;
      readonly tool: string;
      readonly progress: number;
      readonly total: number | null;
      readonly message: string | null;
    }
  /** A server asks the run's model something while a call goes on. */
  | { readonly type: "sampling_requested"; readonly turn: number; readonly server: string }
  | { readonly type: "sampling_replied"; readonly turn: number; readonly server: string; readonly usage: Usage | null }
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
