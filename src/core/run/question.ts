/** Questions of runs to a person, and their answers. */
import { visible, visibleText } from "../visible.js";

/** Milliseconds that a question waits for its answer by default. */
const ANSWER_WITHIN_MS = 24 * 3600 * 1000;

/** The subject of a question; its answer counts for exactly this subject. */
export type QuestionAbout =
  /** A call of the agent, made only after approval. */
  | {
      readonly kind: "call";
      readonly turn: number;
      readonly index: number;
      readonly tool: string;
      readonly arguments: object;
    }
  /** A call of the workflow itself, made only after approval. */
  | { readonly kind: "workflow_call"; readonly call: number; readonly tool: string; readonly arguments: object }
  /** A call of the agent that was cut off, so that its effect is unknown. */
  | {
      readonly kind: "in_doubt_call";
      readonly turn: number;
      readonly index: number;
      readonly tool: string;
      readonly arguments: object;
    }
  /** The same for a call of the workflow. */
  | {
      readonly kind: "in_doubt_workflow_call";
      readonly call: number;
      readonly tool: string;
      readonly arguments: object;
    }
  /** The agent's own question, asked by its call of `ask`. */
  | { readonly kind: "ask"; readonly turn: number; readonly index: number }
  /** An exit condition of a step, by its path in the workflow. */
  | { readonly kind: "exit"; readonly where: string; readonly step: string };

const APPROVALS: readonly QuestionAbout["kind"][] = ["call", "workflow_call", "exit"];

/** A question before it is asked. */
export interface QuestionDraft {
  readonly text: string;
  /** The possible answers; null where any text is an answer, and for approvals. */
  readonly options: readonly string[] | null;
  readonly about: QuestionAbout;
  /** Seconds until it counts as denied; null for the default. */
  readonly withinSeconds: number | null;
}

/** A question that a run has asked. */
export interface Question {
  /** Counts from q1 in its run. */
  readonly id: string;
  readonly kind: "approval" | "question";
  readonly text: string;
  readonly options: readonly string[] | null;
  readonly about: QuestionAbout;
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

/** The channel of an answer or message; nobody: the time for an answer ran out. */
export type Channel = "elicitation" | "respond_to_run" | "command_line" | "nobody";

export interface Answer {
  /** The answer to an approval; null for a question. */
  readonly approved: boolean | null;
  /** The answer to a question; null for an approval. */
  readonly text: string | null;
  /** A comment beside the answer. */
  readonly comment: string | null;
  /** Who answered, as far as legwork knows. */
  readonly by: string;
  readonly channel: Channel;
}

/** The question made from a draft, with nothing hidden in its texts; `number` counts the questions of the run from 1, `now` is in Unix milliseconds. */
export function toQuestion(
  { text, options, about, withinSeconds }: QuestionDraft,
  number: number,
  now: number,
): Question {
  const kind = APPROVALS.includes(about.kind) ? "approval" : "question";
  const expiresAt = now + (withinSeconds === null ? ANSWER_WITHIN_MS : withinSeconds * 1000);
  const shown = { text: visibleText(text), options: options?.map(visible) ?? null };
  return { id: `q${number}`, kind, ...shown, about, expiresAt };
}

/** The fields that identify the subject of a question. */
export type AboutKeyFields =
  | { readonly kind: "call" | "in_doubt_call" | "ask"; readonly turn: number; readonly index: number }
  | { readonly kind: "workflow_call" | "in_doubt_workflow_call"; readonly call: number }
  | { readonly kind: "exit"; readonly where: string };

/** The key under which an answer is stored: one for each call or condition. */
export function aboutKey(about: AboutKeyFields): string {
  switch (about.kind) {
    case "exit":
      return `exit ${about.where}`;
    case "workflow_call":
    case "in_doubt_workflow_call":
      return `${about.kind} ${about.call}`;
    default:
      return `${about.kind} ${about.turn}.${about.index}`;
  }
}

/** The answer that counts where nobody answered in time. */
export function unansweredInTime({ kind }: Question): Answer {
  return { approved: kind === "approval" ? false : null, text: null, comment: null, by: "nobody", channel: "nobody" };
}

/** The reason of a denial, in words. */
export function denialText({ channel, comment }: Pick<Answer, "channel" | "comment">): string {
  if (channel === "nobody") return "nobody answered in time";
  return `a person denied it${comment === null ? "" : `: ${comment}`}`;
}
