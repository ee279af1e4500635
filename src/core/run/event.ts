/** Events: the facts of a run, in the past tense. They are the truth; every other view of a run is a fold of them. */

import type { Effect } from "../tools/tool.js";
import type { Json } from "../workflow/workflow.js";
import type { RawReply } from "./message.js";
import type { Answer, Channel, Question, QuestionAbout } from "./question.js";
import type { EndStatus, Outcome, Usage } from "./run.js";

/** The newest version of events: each is stored with the lowest that fits it (see to-stored-event.ts and read-event.ts). */
export const EVENT_VERSION = 3;

/** Which tools a run got and why, grouped by the rule that decided. */
export interface ToolRuling {
  readonly rule: string;
  readonly allowed: boolean;
  /** True where blocked_tools decided, which no grant overrides. */
  readonly blocked: boolean;
  readonly tools: readonly string[];
}

/** A part of an answer that is no text, kept whole under `blob`; `id` is what read_result takes. */
export interface KeptAttachment {
  readonly id: string;
  readonly kind: string;
  readonly mimeType: string | null;
  /** Characters of what is kept. */
  readonly size: number;
  readonly blob: string;
}

/** The code of an answer that is none: the process went away during the call, which may or may not have had its effect. */
export const OUTCOME_UNKNOWN = "outcome_unknown";

/** The answer to a call: `text` is what the agent got; `blob` holds the whole where that is only its head, `size` its characters. */
export interface KeptAnswer {
  readonly isError: boolean;
  readonly code?: string;
  readonly text: string;
  readonly blob?: string;
  readonly size?: number;
  readonly attachments?: readonly KeptAttachment[];
  readonly milliseconds: number;
}

/** What a reply cost; null where that is not known, and absent where an older legwork did not look. */
export interface Paid {
  readonly costUsd?: number | null;
}

export type RunEvent =
  /** `continues` names the run whose whole history comes before this one's. */
  | { readonly type: "run_created"; readonly continues?: string }
  | { readonly type: "run_started" }
  /** Before the first turn, and again when the servers have changed what they offer. */
  | { readonly type: "tools_resolved"; readonly rulings: readonly ToolRuling[]; readonly warnings: readonly string[] }
  /** `grace` names the limit that ran out: this turn is the agent's one extra reply. */
  | { readonly type: "turn_started"; readonly turn: number; readonly grace?: string }
  | ({
      readonly type: "model_replied";
      readonly turn: number;
      readonly grace?: true;
      readonly raw: RawReply;
      readonly usage: Usage | null;
    } & Paid)
  | ({
      readonly type: "reply_rejected";
      readonly turn: number;
      readonly code: string;
      readonly reason: string;
      readonly usage: Usage | null;
    } & Paid)
  | {
      readonly type: "tool_call_started";
      readonly turn: number;
      readonly index: number;
      readonly tool: string;
      readonly effect: Effect;
    }
  | ({
      readonly type: "tool_call_finished";
      readonly turn: number;
      readonly index: number;
      readonly tool: string;
    } & KeptAnswer)
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
  | ({
      readonly type: "sampling_replied";
      readonly turn: number;
      readonly server: string;
      readonly usage: Usage | null;
    } & Paid)
  | {
      readonly type: "tool_call_refused";
      readonly turn: number;
      readonly index: number;
      readonly tool: string;
      readonly reason: string;
    }
  /** The agent has started a run of its own with this call. */
  | { readonly type: "child_spawned"; readonly turn: number; readonly index: number; readonly child: string }
  /** The agent was told with this call's answer that a run of its own has ended. */
  | {
      readonly type: "child_reported";
      readonly turn: number;
      readonly index: number;
      readonly child: string;
      readonly status: EndStatus;
    }
  /** Here and below, `done` is how many of the workflow's pending entries are over with the event. */
  | {
      readonly type: "message_injected";
      readonly text: string;
      readonly done?: number;
      /** The id of the message_sent that it delivers. */
      readonly sent?: string;
    }
  /** Somebody has written to the agent, who gets it with a message_injected before its next request. */
  | {
      readonly type: "message_sent";
      readonly id: string;
      readonly text: string;
      readonly by: string;
      readonly channel: Channel;
    }
  /** The run waits for a person. */
  | { readonly type: "question_asked"; readonly question: Question }
  | ({ readonly type: "question_answered"; readonly id: string; readonly about: QuestionAbout } & Answer)
  /** `transition` is the place among the step's transitions; null where the agent asked to go on. */
  | {
      readonly type: "transition_taken";
      readonly from: string;
      readonly to: string;
      readonly transition: number | null;
    }
  | { readonly type: "step_entered"; readonly step: string; readonly done: number }
  | { readonly type: "variable_set"; readonly name: string; readonly value: Json; readonly done: number }
  /** Pending actions whose conditions do not hold. */
  | { readonly type: "actions_skipped"; readonly done: number }
  | {
      readonly type: "condition_failed";
      readonly where: string;
      readonly condition: string | null;
      readonly error: string;
    }
  /** A rule of the step allowed a call with a warning. */
  | {
      readonly type: "rule_warned";
      readonly turn: number;
      /** Null for a call of the workflow itself. */
      readonly index: number | null;
      readonly tool: string;
      readonly rule: string;
    }
  /** The workflow itself calls a tool; `call` counts from 1. */
  | {
      readonly type: "workflow_call_started";
      readonly call: number;
      readonly tool: string;
      readonly arguments: Readonly<Record<string, Json>>;
      readonly effect: Effect;
    }
  | ({
      readonly type: "workflow_call_finished";
      readonly call: number;
      readonly tool: string;
      readonly outputAs: string | null;
      readonly done: number;
    } & KeptAnswer)
  | {
      readonly type: "workflow_call_refused";
      readonly call: number;
      readonly tool: string;
      readonly reason: string;
      readonly outputAs: string | null;
      readonly done: number;
    }
  /** `until` is when the run was last known to be worked on, in Unix milliseconds. */
  | { readonly type: "run_interrupted"; readonly reason: string; readonly until: number }
  /** A process has taken the run up again: by itself, or because a caller asked for it and may have granted more. */
  | {
      readonly type: "run_resumed";
      readonly by: "recovery" | "request" | "answer";
      readonly moreTurns?: number;
      readonly moreSeconds?: number;
      readonly moreCostUsd?: number;
    }
  | { readonly type: "run_finished"; readonly outcome: Outcome };

/** An event as the journal holds it: `seq` counts from 1 in its run, `at` is Unix milliseconds. */
export interface StoredEvent {
  readonly seq: number;
  readonly at: number;
  readonly event: RunEvent;
}
