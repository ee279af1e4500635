/** In-doubt calls: their process or their time ended before their answer came, so that their effect is unknown. */
import { type KeptAnswer, OUTCOME_UNKNOWN } from "../../core/journal/event.js";
import { unanswered } from "../../core/journal/history.js";
import type { OpenCall } from "../../core/journal/history-state.js";
import { aboutKey, type QuestionAbout, type QuestionDraft } from "../../core/run/question.js";
import { type Effect, isBuiltIn } from "../../core/tools/tool.js";
import { endWith, type LoopResult, waitWith } from "../state/loop-result.js";
import { type CallDeps, type RunContext, type TurnContext, withToolSet } from "../state/turn-context.js";
import { shownArguments } from "./shown-arguments.js";

/** The answers a person may give about an in-doubt call. */
const HAPPENED = "it happened";
const DID_NOT_HAPPEN = "it did not happen";
const CANNOT_TELL = "I cannot tell";

/**
 * Answers the open calls of the last reply that may not be repeated: the agent learns which arguments were sent and how to
 * find out, or the answer of a person. The other calls stay unanswered, to be made again. Returns why the run goes no
 * further where the configuration says so, else null.
 */
export function settleOpenCalls(context: TurnContext, deps: CallDeps): LoopResult | null {
  const { state } = context;
  const { turn, open, calls } = state.history;
  let result: LoopResult | null = null;
  for (const [index, { tool, effect }] of [...open]) {
    if (mayRepeat({ tool, effect }, context)) continue;
    const about = { kind: "in_doubt_call", turn, index, tool, arguments: calls[index]?.arguments ?? {} } as const;
    const settled = settleInDoubtCall(about, context, deps);
    if (settled.kind === "wait") result ??= waitWith(settled.draft);
    if (settled.kind !== "answered") continue;
    state.record({ type: "tool_call_finished", turn, index, tool, ...settled.answer });
    result ??= stopFor(tool, deps);
  }
  return result;
}

/** Answers every call that the end of a run left without an answer: the run continues with a new turn. */
export function settleInDoubtCalls(context: RunContext, deps: CallDeps): void {
  const { state } = context;
  const { turn, open } = state.history;
  for (const { call, index } of unanswered(state.history)) {
    const inDoubt = open.get(index);
    if (inDoubt && inDoubt.effect !== "read_only") {
      const answer = unknownAnswer(call.name, call.arguments, withToolSet(context), deps);
      state.record({ type: "tool_call_finished", turn, index, tool: call.name, ...answer });
      continue;
    }
    const reason = `${call.name} was not ${inDoubt ? "answered" : "made"}: the run had ended before`;
    state.record({ type: "tool_call_refused", turn, index, tool: call.name, reason });
  }
}

/** Whether a call that was begun may be repeated: by the effect of its tool then, and by its effect now. */
export function mayRepeat({ tool, effect }: OpenCall, { toolSet }: Pick<TurnContext, "toolSet">): boolean {
  if (isBuiltIn(tool)) return true; // a spawn that is repeated finds the run it made
  const now: Effect | null = toolSet.allowed.get(tool)?.effect ?? null;
  return effect === "read_only" ? now !== "effectful" : effect === "idempotent" && now !== null && now !== "effectful";
}

type AboutInDoubtCall = Extract<QuestionAbout, { kind: "in_doubt_call" | "in_doubt_workflow_call" }>;

type SettledCall =
  | { readonly kind: "answered"; readonly answer: KeptAnswer }
  | { readonly kind: "repeat" }
  | { readonly kind: "wait"; readonly draft: QuestionDraft };

/** Settles an in-doubt call by the answer of a person, where the configuration asks one; else its outcome is unknown. */
export function settleInDoubtCall(about: AboutInDoubtCall, context: TurnContext, deps: CallDeps): SettledCall {
  const { tool, arguments: args } = about;
  const unknown = { kind: "answered", answer: unknownAnswer(tool, args, context, deps) } as const;
  if (deps.downstream.afterUnknown(tool).action !== "ask") return unknown;
  const answer = context.state.history.answersTo.get(aboutKey(about));
  if (answer === undefined) return { kind: "wait", draft: toDraft(about) };
  if (answer.text === DID_NOT_HAPPEN) return { kind: "repeat" };
  if (answer.text !== HAPPENED) return unknown;
  const text = `This call had its effect: a person has looked. Its own answer was lost.\nSent: ${shownArguments(args)}`;
  return { kind: "answered", answer: { isError: false, text, milliseconds: 0 } };
}

/** The end of a run after an in-doubt call of this tool; null where the agent decides. */
export function stopFor(tool: string, { downstream }: CallDeps): LoopResult | null {
  if (downstream.afterUnknown(tool).action !== "stop") return null;
  const message = `whether a call of ${tool} had its effect is unknown, and on_unknown is stop: find out, then resume_run with a message that says so`;
  return endWith({ status: "blocked", result: null, error: { code: OUTCOME_UNKNOWN, message } });
}

function toDraft(about: AboutInDoubtCall): QuestionDraft {
  const { tool, arguments: args } = about;
  const text = `A call of ${tool} was cut off: did it have its effect? If it did not happen, it is made now. Sent: ${shownArguments(args)}`;
  return { text, options: [HAPPENED, DID_NOT_HAPPEN, CANNOT_TELL], about, withinSeconds: null };
}

/** The answer that the agent gets for an in-doubt call. */
function unknownAnswer(
  tool: string,
  args: object,
  { toolSet }: Pick<TurnContext, "toolSet">,
  { downstream }: CallDeps,
): KeptAnswer {
  const { probe } = downstream.afterUnknown(tool);
  const find =
    probe !== null && toolSet.allowed.get(probe)?.effect === "read_only"
      ? `Find out with ${probe} before you do anything else about it.`
      : "Find out before you call it again, if your tools can tell.";
  const text = [
    `Outcome unknown: this call of ${tool} was cut off before its answer came. It may or may not have had its effect, and was not repeated.`,
    `Sent: ${shownArguments(args)}`,
    find,
  ].join("\n");
  return { isError: true, code: OUTCOME_UNKNOWN, text, milliseconds: 0 };
}
