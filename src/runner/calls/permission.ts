/** The questions of a run to a person: approvals of its calls, and the agent's own questions. */
import type { RunEvent } from "../../core/journal/event.js";
import type { History } from "../../core/journal/history-state.js";
import { MOST } from "../../core/run/limits.js";
import type { ToolCall } from "../../core/run/message.js";
import { type Answer, aboutKey, denialText, type QuestionAbout, type QuestionDraft } from "../../core/run/question.js";
import type { CallDeps, IndexedCall, TurnContext } from "../state/turn-context.js";
import { ASK, askTool } from "../tools/built-in-tools.js";
import { shownArguments } from "./shown-arguments.js";

type CallAbout = Extract<QuestionAbout, { kind: "call" | "workflow_call" }>;

export type Permission =
  | { readonly kind: "granted" }
  | { readonly kind: "denied"; readonly reason: string }
  /** A person has to approve the call first. */
  | { readonly kind: "asks"; readonly draft: QuestionDraft };

const GRANTED: Permission = { kind: "granted" };

/**
 * Whether this very call may be made. A person's answer stands, also where the rule that asked for it does not hold any more:
 * then `rule` is null.
 */
export function permission(rule: string | null, about: CallAbout, history: History): Permission {
  const answer = history.answersTo.get(aboutKey(about));
  if (answer) {
    if (answer.approved) return GRANTED;
    const reason = `${about.tool} is not allowed: ${rule === null ? "" : `${rule}; `}${denialText(answer)}`;
    return { kind: "denied", reason };
  }
  if (rule === null) return GRANTED;
  const text = `May ${about.tool} be called with ${shownArguments(about.arguments, `? (${rule})`)}`;
  return { kind: "asks", draft: { text, options: null, about, withinSeconds: null } };
}

/** Gives the agent the answers to its questions of this turn; returns the first one without an answer. */
export async function askQuestions(
  calls: readonly IndexedCall[],
  { state }: TurnContext,
  { schemas }: CallDeps,
): Promise<QuestionDraft | null> {
  const { history } = state;
  const { turn } = history;
  for (const { call, index } of calls) {
    if (call.name !== ASK || history.answers[index] !== undefined) continue;
    const misfit = (await schemas.checkArguments(askTool.inputSchema, call.arguments)) ?? whyTooLong(call);
    if (misfit !== null) {
      const reason = `${ASK} was not called: ${misfit}`;
      state.record({ type: "tool_call_refused", turn, index, tool: ASK, reason });
      continue;
    }
    const about = { kind: "ask", turn, index } as const;
    const answer = history.answersTo.get(aboutKey(about));
    if (answer === undefined) return toDraft(call, about);
    state.record(answered(turn, index, answer));
  }
  return null;
}

/** A person has to see the whole question, in any host. */
function whyTooLong({ arguments: { question, options } }: ToolCall): string | null {
  const questionSize = Buffer.byteLength(String(question));
  if (questionSize > MOST.questionBytes)
    return `the question has ${questionSize} bytes, and ${MOST.questionBytes} are the most: ask in fewer words, and put the rest into a file`;
  const optionsSize = Buffer.byteLength(JSON.stringify(options ?? []));
  if (optionsSize > MOST.optionsBytes)
    return `the options have ${optionsSize} bytes together, and ${MOST.optionsBytes} are the most: name each in a few words, and explain them in the question`;
  return null;
}

function toDraft({ arguments: args }: ToolCall, about: QuestionAbout): QuestionDraft {
  const options = Array.isArray(args.options) && args.options.length > 0 ? args.options.map(String) : null;
  return { text: String(args.question), options, about, withinSeconds: null };
}

function answered(turn: number, index: number, { text, comment }: Answer): RunEvent {
  const place = { type: "tool_call_finished", turn, index, tool: ASK, milliseconds: 0 } as const;
  if (text === null) return { ...place, isError: true, text: "Nobody answered in time." };
  return { ...place, isError: false, text: comment === null ? text : `${text}\n${comment}` };
}
