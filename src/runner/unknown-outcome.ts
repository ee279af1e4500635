/** Calls that were under way when their process went away: nobody knows whether they had their effect. */
import { OUTCOME_UNKNOWN } from "../core/event.js";
import { type OpenCall, unanswered } from "../core/history.js";
import type { RunFailure } from "../core/run.js";
import { cutTo } from "../core/text.js";
import { type Effect, isBuiltIn } from "../core/tool.js";
import type { CallContext, CallDeps } from "./make-call.js";

const SHOWN_ARGUMENTS = 4_000; // characters of what was sent

/**
 * Answers the calls of the last reply that may not be made again: the agent is told what was sent and how to find out.
 * The others stay unanswered, to be made again. Returns why the run has to end where the configuration asks for that.
 */
export function settleOpenCalls(context: CallContext, deps: CallDeps): RunFailure | null {
  const { history } = context.journal;
  let stop: RunFailure | null = null;
  for (const [index, { tool, effect }] of [...history.open]) {
    const args = history.calls[index]?.arguments ?? {};
    if (mayRepeat({ tool, effect }, context)) continue;
    noteUnknown(index, tool, args, context, deps);
    stop ??= stopFor(tool, deps);
  }
  return stop;
}

/** Answers every call that an end has cut off: the run goes on from there with a new turn. */
export function settleCutCalls(context: CallContext, deps: CallDeps): void {
  const { journal } = context;
  const { turn, open } = journal.history;
  for (const { call, index } of unanswered(journal.history)) {
    const cut = open.get(index);
    if (cut && cut.effect !== "read_only") {
      noteUnknown(index, call.name, call.arguments, context, deps);
      continue;
    }
    const reason = `${call.name} was not ${cut ? "answered" : "made"}: the run had come to an end before`;
    journal.note({ type: "tool_call_refused", turn, index, tool: call.name, reason });
  }
}

/** Whether a call that was begun may be made once more: as its tool was then, and as it is now. */
export function mayRepeat({ tool, effect }: OpenCall, { offer }: Pick<CallContext, "offer">): boolean {
  if (isBuiltIn(tool)) return true; // a spawn that is repeated finds the run it made
  const now: Effect | null = offer.allowed.get(tool)?.effect ?? null;
  return effect === "read_only" ? now !== "effectful" : effect === "idempotent" && now !== null && now !== "effectful";
}

/** Why the run ends where the outcome of a call of this tool is unknown; null where the agent decides. */
export function stopFor(tool: string, { downstream }: CallDeps): RunFailure | null {
  if (downstream.afterUnknown(tool).action !== "stop") return null;
  const message = `whether a call of ${tool} had its effect is unknown, and on_unknown is stop: find out, then resume_run with a message that says so`;
  return { code: OUTCOME_UNKNOWN, message };
}

/** What the agent is told of a call whose outcome nobody knows. */
export function unknownText(
  tool: string,
  args: Readonly<Record<string, unknown>>,
  { offer }: Pick<CallContext, "offer">,
  { downstream }: CallDeps,
): string {
  const { probe } = downstream.afterUnknown(tool);
  const find =
    probe !== null && offer.allowed.has(probe)
      ? `Find out with ${probe} before you do anything else about it.`
      : "Find out before you call it again, if your tools can tell.";
  return [
    `Outcome unknown: the process that made this call of ${tool} went away before its answer came. It may or may not have had its effect, and was not repeated.`,
    `Sent: ${cutTo(JSON.stringify(args), SHOWN_ARGUMENTS)}`,
    find,
  ].join("\n");
}

function noteUnknown(
  index: number,
  tool: string,
  args: Readonly<Record<string, unknown>>,
  context: CallContext,
  deps: CallDeps,
): void {
  const { journal } = context;
  const text = unknownText(tool, args, context, deps);
  const { turn } = journal.history;
  const answer = { isError: true, code: OUTCOME_UNKNOWN, text, milliseconds: 0 };
  journal.note({ type: "tool_call_finished", turn, index, tool, ...answer });
}
