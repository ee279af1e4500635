/** Calls in which process after process has died: they are given up, so that the run does not take the next one along. */
import { PROCESS_DIED } from "../../core/journal/event.js";
import { deathsHere, nextCall, timesDeadly } from "../../core/journal/history.js";
import type { ToolCall } from "../../core/run/message.js";
import { WAIT_FOR_RUNS } from "../../core/tools/tool.js";
import type { RunContext } from "../state/turn-context.js";

const DEADLY_AT = 2; // deaths: one may be chance
const REFUSED_AT = 2; // times that the same call was given up

/** Answers the next call of the last reply where processes have died in it, instead of making it. */
export function giveUpDeadlyCall({ state }: RunContext): void {
  const { history } = state;
  const next = nextCall(history);
  if (next === undefined || !isDeadlyHere({ state }) || next.call.name === WAIT_FOR_RUNS) return;
  const { call, index } = next;
  const place = { turn: history.turn, index, tool: call.name, code: PROCESS_DIED } as const;
  const text = deadlyText(call.name);
  if (history.open.has(index))
    state.record({ type: "tool_call_finished", ...place, isError: true, text, milliseconds: 0 });
  else state.record({ type: "tool_call_refused", ...place, reason: text });
}

/** Whether processes have died where the run stands. */
export function isDeadlyHere({ state }: Pick<RunContext, "state">): boolean {
  return deathsHere(state.history) >= DEADLY_AT;
}

/** Why a call is not made that was given up before; null for all others. */
export function deadlyRefusal({ state }: RunContext, call: ToolCall): string | null {
  if (timesDeadly(state.history, call) < REFUSED_AT) return null;
  return `${call.name} is not allowed with these arguments: ${REFUSED_AT * DEADLY_AT} processes of legwork have died while they checked or made this call`;
}

/** The answer to a call that is given up. */
export function deadlyText(tool: string): string {
  return `Not made again: ${DEADLY_AT} processes of legwork in a row have died here, the last while it checked or made this call of ${tool}. Do it in another way.`;
}
