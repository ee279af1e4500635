/** What a run asks a person: approvals of its calls, and the agent's own questions. */
import type { RunEvent } from "../core/event.js";
import type { History } from "../core/history.js";
import type { ToolCall } from "../core/message.js";
import { aboutKey, type Inquiry, type QuestionAbout } from "../core/question.js";
import { ASK, askTool } from "./built-in-tools.js";
import type { CallContext, CallDeps } from "./make-call.js";

type CallAbout = Extract<QuestionAbout, { kind: "call" | "workflow_call" }>;

/** Whether a person has approved this very call: given, denied with the reason, or what is to be asked. */
export function permission(
  rule: string,
  about: CallAbout,
  { given }: History,
): "given" | { readonly denied: string } | Inquiry {
  const answer = given.get(aboutKey(about));
  if (answer === undefined) {
    const text = `May ${about.tool} be called with ${JSON.stringify(about.arguments)}? (${rule})`;
    return { text, options: null, about, withinSeconds: null };
  }
  if (answer.approved) return "given";
  const remark = answer.text === null ? "" : `: ${answer.text}`;
  return { denied: `${about.tool} is not allowed: a person was asked by ${rule} and denied it${remark}` };
}

/** Gives the agent the answers to its questions of this turn; returns the first that is not answered yet. */
export async function askQuestions(
  calls: readonly ToolCall[],
  { journal }: CallContext,
  { schemas }: CallDeps,
): Promise<Inquiry | null> {
  const { history } = journal;
  const { turn } = history;
  for (const [index, call] of calls.entries()) {
    if (call.name !== ASK || history.answers[index] !== undefined) continue;
    const misfit = await schemas.checkArguments(askTool.inputSchema, call.arguments);
    if (misfit !== null) {
      const reason = `${ASK} was not called: its arguments do not fit: ${misfit}`;
      journal.note({ type: "tool_call_refused", turn, index, tool: ASK, reason });
      continue;
    }
    const about = { kind: "ask", turn, index } as const;
    const answer = history.given.get(aboutKey(about));
    if (answer === undefined) return toInquiry(call, about);
    journal.note(answered(turn, index, answer.text ?? ""));
  }
  return null;
}

function toInquiry({ arguments: args }: ToolCall, about: QuestionAbout): Inquiry {
  const options = Array.isArray(args.options) && args.options.length > 0 ? args.options.map(String) : null;
  return { text: String(args.question), options, about, withinSeconds: null };
}

function answered(turn: number, index: number, text: string): RunEvent {
  return { type: "tool_call_finished", turn, index, tool: ASK, isError: false, text, milliseconds: 0 };
}
