/** Makes one tool call and turns its answer into what a model and a journal can hold. */
import { DownstreamError } from "../../core/errors.js";
import type { Attachment, ToolAnswer } from "../../core/ports/downstream.js";
import type { Blob } from "../../core/ports/run-store.js";
import { ATTACHMENT_NOTE, type KeptAnswer, type KeptAttachment } from "../../core/run/event.js";
import type { ToolCall } from "../../core/run/message.js";
import { sha256 } from "../../lib/hash.js";
import { pairSafe } from "../../lib/text.js";
import type { RunState } from "../state/run-state.js";
import type { AdmittedCall, CallDeps, CallHooks, TurnContext } from "../state/turn-context.js";
import { READ_RESULT } from "../tools/built-in-tools.js";

const INLINE_LIMIT = 20_000; // characters of one result in a model request; some 5,000 tokens
const HEAD_LENGTH = 10_000; // of a larger result, and of each read_result

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
    const redacted = deps.redact.value(answer);
    const { kept, blobs } = toKept(redacted, id);
    const milliseconds = deps.clock.now() - begun;
    return {
      answer: { isError: answer.isError, ...(code === undefined ? {} : { code }), ...kept, milliseconds },
      text: redacted.text,
      blobs,
    };
  };
  if (call.name === READ_RESULT) return answered(await readResult(call, state, deps));
  try {
    if (tool === null) {
      const answer = await stall.during(deps.childRuns.call(admitted, context, hooks.onFact));
      return signal.aborted ? null : answered(answer);
    }
    const timeoutMs = request.limits.toolTimeoutSeconds * 1000;
    const files = [...state.history.files].map(([path, stamp]) => ({ path, stamp }));
    const calling = deps.downstream.call(tool, call.arguments, { timeoutMs, signal, files, ...hooks });
    return answered(await stall.during(calling));
  } catch (error) {
    if (signal.aborted) return null;
    if (error instanceof DownstreamError) return answered(failedAnswer(error.message), error.code);
    throw error;
  }
}

function failedAnswer(text: string): ToolAnswer {
  return { isError: true, text: text.toWellFormed(), attachments: [] };
}

/** The answer as the agent gets it: a large text and all attachments are stored as blobs, for read_result. */
function toKept({ text, attachments, files = [] }: ToolAnswer, id: string) {
  const blobs: Blob[] = [];
  const keep = (blob: string) => {
    const hash = sha256(blob);
    blobs.push({ hash, text: blob });
    return hash;
  };
  const kept = attachments.map((attachment, position) => keepAttachment(attachment, `${id}.${position + 1}`, keep));
  const shown = { ...shortened(text, id, keep), ...(files.length > 0 ? { files } : {}) };
  const [first] = kept;
  if (first === undefined) return { kept: shown, blobs };
  const which = kept.length === 1 ? " 1 is" : `s 1 to ${kept.length} are`;
  const note = `${ATTACHMENT_NOTE}${which} kept: ${READ_RESULT}(id: "${first.id}", offset: 0)]`;
  return { kept: { ...shown, text: shown.text + note, attachments: kept }, blobs };
}

type Keep = (text: string) => string;

function keepAttachment({ kind, mimeType, text }: Attachment, id: string, keep: Keep): KeptAttachment {
  return { id, kind, mimeType, size: text.length, blob: keep(text) };
}

function shortened(text: string, id: string, keep: Keep): { text: string; blob?: string; size?: number } {
  if (text.length <= INLINE_LIMIT) return { text };
  const end = pairSafe(text, HEAD_LENGTH);
  const more = `[${text.length - end} of ${text.length} characters left out; read on with ${READ_RESULT}(id: "${id}", offset: ${end})]`;
  return { text: `${text.slice(0, end)}\n${more}`, blob: keep(text), size: text.length };
}

async function readResult(call: ToolCall, { history }: RunState, deps: CallDeps): Promise<ToolAnswer> {
  const id = String(call.arguments.id);
  const hash = history.blobs.get(id);
  const text = hash === undefined ? null : await deps.readBlob(hash);
  if (text === null) return failedAnswer(`there is no shortened result "${id}"`);
  const offset = pairSafe(text, Number(call.arguments.offset));
  if (offset >= text.length)
    return failedAnswer(`the result has ${text.length} characters; offset ${offset} is behind its end`);
  const end = pairSafe(text, Math.min(text.length, offset + HEAD_LENGTH));
  const rest = end < text.length ? `\n[${text.length - end} characters left; read on with offset ${end}]` : "\n[end]";
  return { isError: false, text: text.slice(offset, end) + rest, attachments: [] };
}
