/** Makes one tool call. */
import { DownstreamError } from "../../core/errors.js";
import type { KeptAnswer } from "../../core/journal/event.js";
import type { History } from "../../core/journal/history-state.js";
import type { ToolAnswer } from "../../core/ports/downstream.js";
import type { Blob } from "../../core/ports/run-store.js";
import type { ToolCall } from "../../core/run/message.js";
import { READ_RESULT } from "../../core/tools/tool.js";
import { pairSafe } from "../../lib/text.js";
import { recordedAnswer } from "../state/recorded-answer.js";
import type { AdmittedCall, CallDeps, CallHooks, TurnContext } from "../state/turn-context.js";
import { HEAD_LENGTH, keepAnswer } from "./keep-answer.js";

/** An answer as the journal holds it, and the texts that are stored beside it. */
export interface MadeCall {
  readonly answer: KeptAnswer;
  /** The text as it came: the answer may hold a part of it, or a note about attachments behind it. */
  readonly text: string;
  readonly blobs: readonly Blob[];
}

/** Makes one call, once; null where the run was stopped before the answer came. */
export async function makeCall(
  admitted: AdmittedCall,
  hooks: CallHooks,
  context: TurnContext,
  deps: CallDeps,
): Promise<MadeCall | null> {
  const { call, tool, id } = admitted;
  const { request, state, signal, stall } = context;
  const begun = deps.clock.now();
  const answered = (answer: ToolAnswer, code?: string): MadeCall => {
    const { kept, text, blobs } = keepAnswer(answer, id, { limits: request.limits, state, redact: deps.redact });
    const milliseconds = deps.clock.now() - begun;
    return { answer: { ...(code === undefined ? {} : { code }), ...kept, milliseconds }, text, blobs };
  };
  if (call.name === READ_RESULT) return answered(await readResult(call, context, deps));
  try {
    if (tool === null) {
      const answer = await stall.during(deps.childRuns.call(admitted, context, hooks.onFact));
      return signal.aborted ? null : answered(answer);
    }
    const { toolTimeoutSeconds, progressExtension: mostExtension } = request.limits;
    const timeoutMs = toolTimeoutSeconds * 1000;
    const files = [...state.history.files].map(([path, stamp]) => ({ path, stamp }));
    const options = { timeoutMs, mostExtension, signal, files, ...hooks };
    return answered(await stall.during(deps.downstream.call(tool, call.arguments, options)));
  } catch (error) {
    if (signal.aborted) return null;
    if (error instanceof DownstreamError) return answered(failedAnswer(error.message), error.code);
    throw error;
  }
}

function failedAnswer(text: string): ToolAnswer {
  return { isError: true, text: text.toWellFormed(), attachments: [] };
}

async function folded(
  id: string,
  { foldedTo }: History,
  runId: string,
  { journals }: CallDeps,
): Promise<string | null> {
  return foldedTo === 0 ? null : await recordedAnswer(id, runId, journals);
}

async function readResult(call: ToolCall, { run, state }: TurnContext, deps: CallDeps): Promise<ToolAnswer> {
  const id = String(call.arguments.id);
  const hash = state.history.blobs.get(id);
  const isKept = hash !== undefined;
  // Before a fold the agent sees each answer as the journal holds it.
  const text = isKept ? await deps.readBlob(hash) : await folded(id, state.history, run.id, deps);
  if (text === null) return failedAnswer(`there is no shortened result "${id}"`);
  const offset = pairSafe(text, Number(call.arguments.offset));
  if (offset >= text.length)
    return failedAnswer(`the result has ${text.length} characters; offset ${offset} is behind its end`);
  const end = pairSafe(text, Math.min(text.length, offset + HEAD_LENGTH));
  const rest = end < text.length ? `\n[${text.length - end} characters left; read on with offset ${end}]` : "\n[end]";
  return { isError: false, text: text.slice(offset, end) + rest, attachments: [] };
}
