/** Events: the facts of a run, in the past tense. Every other view of a run is derived from them. */

import type { RawReply } from "../run/message.js";
import type { ModelName } from "../run/model-name.js";
import type { Answer, Channel, Question, QuestionAbout } from "../run/question.js";
import type { EndStatus, Outcome, Usage } from "../run/run.js";
import type { SeenFile } from "../tools/seen-file.js";
import type { Effect } from "../tools/tool.js";
import type { Json } from "../workflow/workflow.js";

/** The newest version of events: each is stored with the lowest that fits it (see to-stored-event.ts and read-event.ts). */
export const EVENT_VERSION = 5;

/** Which tools a run got and why, grouped by the rule that decided. */
export interface ToolRuling {
  readonly rule: string;
  readonly allowed: boolean;
  /** True where blocked_tools or a pin decided, which no grant overrides. */
  readonly blocked: boolean;
  readonly tools: readonly string[];
}

/** A part of an answer that is not text. `blob` is the hash of its whole content; read_result takes `id`. */
export interface KeptAttachment {
  readonly id: string;
  readonly kind: string;
  readonly mimeType: string | null;
  /** Characters of the content. */
  readonly size: number;
  readonly blob: string;
}

/** The code of an answer of which only the beginning was kept. */
export const TOO_LARGE = "result_too_large";

/** The code of the answer to an in-doubt call: its process went away, and the call may or may not have had its effect. */
export const OUTCOME_UNKNOWN = "outcome_unknown";

/** The beginning of the note about attachments behind the text of an answer. */
export const ATTACHMENT_NOTE = "\n[attachment";

/** The code of the answer to a call in which process after process has died. */
export const PROCESS_DIED = "process_died";

/**
 * The answer to a call. The agent got `text`; where that is only the head of a large answer, `blob` is the hash of the whole
 * and `size` its number of characters.
 */
export interface KeptAnswer {
  readonly isError: boolean;
  readonly code?: string;
  readonly text: string;
  readonly blob?: string;
  readonly size?: number;
  readonly attachments?: readonly KeptAttachment[];
  /** The files of the project that the run has seen by it. */
  readonly files?: readonly SeenFile[];
  readonly milliseconds: number;
}

/** Cost of a reply in USD; null where it is unknown, absent in events of older versions that did not record it. */
export interface Paid {
  readonly costUsd?: number | null;
}

/** The extent of a fold. */
export interface Fold {
  /** The last turn in whose place the summary stands; 0 where none is replaced. */
  readonly throughTurn: number;
  /** The last turn whose long answers become their heads, of `headLength` characters. */
  readonly headsThrough: number;
  readonly headLength: number;
  /** Characters of older messages of people and of earlier steps that stay as they were. */
  readonly keptLength: number;
}

/** Amounts that a caller grants on top of the limits of a run. */
export interface Grants {
  readonly moreTokens?: number;
  readonly moreTurns?: number;
  readonly moreSeconds?: number;
  readonly moreCostUsd?: number;
}

export type RunEvent =
  /** `continues` names the run whose whole history comes before this one's. */
  | { readonly type: "run_created"; readonly continues?: string }
  | { readonly type: "run_started" }
  /** Recorded before the first turn, and again when the tools of the servers have changed. */
  | {
      readonly type: "tools_resolved";
      readonly rulings: readonly ToolRuling[];
      readonly warnings: readonly string[];
      /** The tools of legwork itself that requests declare too; missing in events of older versions. */
      readonly builtIns?: readonly string[];
    }
  /** `grace` names the limit that ran out; this turn is then the agent's one extra reply. */
  | { readonly type: "turn_started"; readonly turn: number; readonly grace?: string }
  | ({
      readonly type: "model_replied";
      readonly turn: number;
      readonly grace?: true;
      /** The model has not finished: the same turn asks it to go on. */
      readonly isPaused?: true;
      readonly raw: RawReply;
      readonly usage: Usage | null;
      /** Notes about the reply for the user. */
      readonly warnings?: readonly string[];
    } & Paid)
  | ({
      readonly type: "reply_rejected";
      readonly turn: number;
      readonly code: string;
      readonly reason: string;
      /** The text of the rejected reply; missing where it had none. */
      readonly text?: string;
      readonly usage: Usage | null;
    } & Paid)
  /**
   * A request may use so much of the run's limits; its reply, or the end of the work on it, settles it. `server` is the server
   * that asks, where it is not the agent.
   */
  | {
      readonly type: "budget_reserved";
      readonly turn: number;
      readonly server?: string;
      readonly usd: number;
      readonly tokens: number;
      readonly outputTokens: number;
    }
  /**
   * A request to the model failed; it is made again after `waitMs`, or not where that is null. `tries` counts those of one
   * request; `server` is the server that asked, where it was not the agent.
   */
  | {
      readonly type: "request_failed";
      readonly turn: number;
      readonly server?: string;
      readonly tries: number;
      readonly code: string;
      /** Of HTTP, where there was an answer. */
      readonly status: number | null;
      readonly reason: string;
      readonly waitMs: number | null;
      /** The vendor took exception to the request with its images: none of those until now is sent again. */
      readonly withoutImages?: true;
    }
  /** A model refused to serve; from here on the run asks the next of those it was given. */
  | {
      readonly type: "model_replaced";
      readonly turn: number;
      readonly from: ModelName;
      readonly to: ModelName;
      readonly code: string;
      readonly reason: string;
    }
  /** The conversation was shortened, so that the next request fits into the context window of the model. */
  | ({
      readonly type: "context_folded";
      readonly turn: number;
      /** The run's last event that the summary replaces, or where there is none, the last whose answer may be a head. */
      readonly throughSeq: number;
      readonly fold: Fold;
      /** The text in the place of the turns; null where no turn is replaced. */
      readonly summary: string | null;
      /** Why the text is legwork's own digest and not the model's; missing where the model wrote it. */
      readonly reason?: string;
      readonly model: ModelName;
      /** Tokens of the model's context window. */
      readonly window: number;
      /** The vendor had refused the request as too long, and this is its window as its words or the request show it. */
      readonly isLearned?: true;
      /** Tokens of the next request, before and after, as legwork reckons them. */
      readonly before: number;
      readonly after: number;
      /** Of the request for the summary. */
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
  /** Progress that the server reported during a call; at most one a second is recorded for each call. */
  | {
      readonly type: "tool_call_progressed";
      readonly turn: number;
      readonly index: number;
      readonly tool: string;
      readonly progress: number;
      readonly total: number | null;
      readonly message: string | null;
    }
  /** A server asks the run's model during a call. */
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
      readonly code?: typeof PROCESS_DIED;
    }
  /** The agent has started a child run with this call. */
  | { readonly type: "child_spawned"; readonly turn: number; readonly index: number; readonly child: string }
  /** The answer to this call has reported to the agent that a child run has ended. */
  | {
      readonly type: "child_reported";
      readonly turn: number;
      readonly index: number;
      readonly child: string;
      readonly status: EndStatus;
      /** Its agent, its workflow unless its caller changed that, and the fields of its data that hold one short value. */
      readonly agent?: string;
      readonly workflow?: string | null;
      readonly data?: Readonly<Record<string, Json>>;
    }
  /** Here and below, `done` is the number of pending entries of the workflow that the event completes. */
  | {
      readonly type: "message_injected";
      readonly text: string;
      readonly done?: number;
      /** The id of the message_sent event that it delivers. */
      readonly sent?: string;
    }
  /** A message for the agent, delivered by a message_injected event before its next model request. */
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
  /** `transition` is the index among the step's transitions; null where the agent asked for the step. */
  | {
      readonly type: "transition_taken";
      readonly from: string;
      readonly to: string;
      readonly transition: number | null;
    }
  | { readonly type: "step_entered"; readonly step: string; readonly done: number }
  | { readonly type: "variable_set"; readonly name: string; readonly value: Json; readonly done: number }
  /** The conditions of the remaining pending actions do not hold. */
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
      /** The value of the variable, where `text` is not all of it. */
      readonly output?: string;
      readonly done: number;
    } & KeptAnswer)
  | {
      readonly type: "workflow_call_refused";
      readonly call: number;
      readonly tool: string;
      readonly reason: string;
      readonly code?: typeof PROCESS_DIED;
      readonly outputAs: string | null;
      readonly done: number;
    }
  /**
   * `until` is when the run was last known to be worked on, in Unix milliseconds; `crashed` where its process died or hung
   * instead of letting the run go.
   */
  | { readonly type: "run_interrupted"; readonly reason: string; readonly until: number; readonly crashed?: true }
  /** A process resumed the run: by recovery, at the request of a caller who may grant more, or after an answer. */
  | ({ readonly type: "run_resumed"; readonly by: "recovery" | "request" | "answer" } & Grants)
  | { readonly type: "run_finished"; readonly outcome: Outcome };

/** An event as the journal holds it: `seq` counts from 1 in its run, `at` is Unix milliseconds. */
export interface StoredEvent {
  readonly seq: number;
  readonly at: number;
  readonly event: RunEvent;
}
