/** What a run asks a person, and what it was answered. */

/** How long a question waits for its answer where nothing else is said. */
const ANSWER_WITHIN_MS = 24 * 3600 * 1000;

/** What a question is about, so that its answer counts for exactly that. */
export type QuestionAbout =
  /** A call of the agent, which is made only if it is approved. */
  | {
      readonly kind: "call";
      readonly turn: number;
      readonly index: number;
      readonly tool: string;
      readonly arguments: object;
    }
  /** A call of the workflow itself. */
  | { readonly kind: "workflow_call"; readonly call: number; readonly tool: string; readonly arguments: object }
  /** A call, of the agent or of the workflow, that was cut off, so that nobody knows whether it had its effect. */
  | {
      readonly kind: "in_doubt_call";
      readonly turn: number;
      readonly index: number;
      readonly tool: string;
      readonly arguments: object;
    }
  | {
      readonly kind: "in_doubt_workflow_call";
      readonly call: number;
      readonly tool: string;
      readonly arguments: object;
    }
  /** The agent's own question: its call of `ask`. */
  | { readonly kind: "ask"; readonly turn: number; readonly index: number }
  /** An exit condition of a step, by its place in the workflow. */
  | { readonly kind: "exit"; readonly where: string; readonly step: string };

const APPROVALS: readonly QuestionAbout["kind"][] = ["call", "workflow_call", "exit"];

/** What is to be asked. */
export interface QuestionDraft {
  readonly text: string;
  /** The answers there are; null where any text is one. An approval is a yes or no. */
  readonly options: readonly string[] | null;
  readonly about: QuestionAbout;
  /** Seconds until it counts as denied; null is the usual time. */
  readonly withinSeconds: number | null;
}

/** A question that was asked. */
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

/** Through what an answer came; nobody: the time was up. */
export type Channel = "elicitation" | "respond_to_run" | "command_line" | "nobody";

export interface Answer {
  /** Of an approval; null for a question. */
  readonly approved: boolean | null;
  /** The answer to a question; null for an approval. */
  readonly text: string | null;
  /** What was said besides. */
  readonly comment: string | null;
  /** Who gave it, as far as that is known. */
  readonly by: string;
  readonly channel: Channel;
}

/** The question that an inquiry becomes; `number` counts the questions of the run from 1. */
export function toQuestion(
  { text, options, about, withinSeconds }: QuestionDraft,
  number: number,
  now: number,
): Question {
  const kind = APPROVALS.includes(about.kind) ? "approval" : "question";
  const expiresAt = now + (withinSeconds === null ? ANSWER_WITHIN_MS : withinSeconds * 1000);
  return { id: `q${number}`, kind, text, options, about, expiresAt };
}

/** What identifies that which a question is about. */
export type AboutPlace =
  | { readonly kind: "call" | "in_doubt_call" | "ask"; readonly turn: number; readonly index: number }
  | { readonly kind: "workflow_call" | "in_doubt_workflow_call"; readonly call: number }
  | { readonly kind: "exit"; readonly where: string };

/** The name under which an answer is found again: the same for the same call or condition, and for nothing else. */
export function aboutKey(about: AboutPlace): string {
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

/** What counts where nobody answered in time. */
export function unansweredInTime({ kind }: Question): Answer {
  return { approved: kind === "approval" ? false : null, text: null, comment: null, by: "nobody", channel: "nobody" };
}

/** A denial in words. */
export function denialText({ channel, comment }: Pick<Answer, "channel" | "comment">): string {
  if (channel === "nobody") return "nobody answered in time";
  return `a person denied it${comment === null ? "" : `: ${comment}`}`;
}
