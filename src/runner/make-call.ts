/** Makes one tool call and turns its answer into an event that a model and a journal can hold. */
import { DownstreamError } from "../core/errors.js";
import type { KeptPart, RunEvent } from "../core/event.js";
import { partId, type ReadReply, resultId } from "../core/history.js";
import type { ToolCall } from "../core/message.js";
import type { AnswerPart, CallOptions, Clock, Downstream, Provider, ToolAnswer, ToolProgress } from "../core/ports.js";
import type { Redact } from "../core/redact.js";
import type { RunRequest } from "../core/run.js";
import { cutTo, pairSafe } from "../core/text.js";
import type { CatalogTool } from "../core/tool.js";
import { READ_RESULT } from "./built-in-tools.js";
import type { Inbox } from "./inbox.js";
import type { Journal } from "./journal.js";
import type { JsonSchemas } from "./json-schema.js";
import type { Offer } from "./offer-tools.js";

export interface CallDeps {
  readonly downstream: Downstream;
  readonly provider: Provider;
  readonly schemas: JsonSchemas;
  readonly clock: Clock;
  readonly redact: Redact;
  keepText(text: string): string;
  readText(hash: string): string | null;
}

export interface CallContext {
  readonly request: RunRequest;
  readonly offer: Offer;
  readonly journal: Journal;
  readonly readReply: ReadReply;
  readonly signal: AbortSignal;
}

/** A call that the gate has let through; `tool` is null for read_result. */
export interface AdmittedCall {
  readonly call: ToolCall;
  readonly index: number;
  readonly tool: CatalogTool | null;
}

const INLINE_LIMIT = 20_000; // characters of one result that a model is given; some 5,000 tokens
const HEAD_LENGTH = 10_000; // what it gets of a larger one, and of each read_result
const PROGRESS_EVERY_MS = 1_000; // some servers report each file of thousands
const LONGEST_PROGRESS = 1_000; // characters of what a server says of its progress

/** One call and its answer as an event; null when the run was stopped before the answer came. */
export async function makeCall(
  admitted: AdmittedCall,
  inbox: Inbox,
  sample: CallOptions["sample"],
  context: CallContext,
  deps: CallDeps,
): Promise<RunEvent | null> {
  const { call, index, tool } = admitted;
  const { request, journal, signal } = context;
  const { turn } = journal.history;
  const begun = deps.clock.now();
  const finished = (answer: ToolAnswer, code?: string): RunEvent => ({
    type: "tool_call_finished",
    turn,
    index,
    tool: call.name,
    isError: answer.isError,
    ...(code === undefined ? {} : { code }),
    ...toKept(deps.redact.value(answer), turn, index, deps),
    milliseconds: deps.clock.now() - begun,
  });
  if (tool === null) return finished(readResult(call, journal, deps));
  try {
    const answer = await deps.downstream.call(tool, call.arguments, {
      timeoutMs: request.limits.toolTimeoutSeconds * 1000,
      signal,
      onProgress: reportTo(inbox, { turn, index, tool: call.name }, deps),
      sample,
    });
    return finished(answer);
  } catch (error) {
    if (signal.aborted) return null;
    if (error instanceof DownstreamError) return finished(failedAnswer(error.message), error.code);
    throw error;
  }
}

function failedAnswer(text: string): ToolAnswer {
  return { isError: true, text: text.toWellFormed(), parts: [] };
}

function reportTo(inbox: Inbox, place: { turn: number; index: number; tool: string }, { clock, redact }: CallDeps) {
  let last = Number.NEGATIVE_INFINITY;
  return (progress: ToolProgress) => {
    const now = clock.now();
    if (now - last < PROGRESS_EVERY_MS) return;
    last = now;
    const message = progress.message === null ? null : cutTo(redact.text(progress.message), LONGEST_PROGRESS);
    void inbox.post({ type: "tool_call_progressed", ...place, ...progress, message });
  };
}

/** The answer as the agent gets it: what is too large, or no text, is kept whole aside and can be read with read_result. */
function toKept({ text, parts }: ToolAnswer, turn: number, index: number, deps: CallDeps) {
  const kept = parts.map((part, position) => keepPart(part, partId(turn, index, position + 1), deps));
  const shown = shortened(text, resultId(turn, index), deps);
  if (kept.length === 0) return shown;
  const [first] = kept;
  const which = kept.length === 1 ? "part 1 is" : `parts 1 to ${kept.length} are`;
  return {
    ...shown,
    text: `${shown.text}\n[${which} kept: ${READ_RESULT}(id: "${first?.id}", offset: 0)]`,
    parts: kept,
  };
}

function keepPart({ kind, mimeType, text }: AnswerPart, id: string, deps: CallDeps): KeptPart {
  return { id, kind, mimeType, size: text.length, blob: deps.keepText(text) };
}

function shortened(text: string, id: string, deps: CallDeps): { text: string; blob?: string; size?: number } {
  if (text.length <= INLINE_LIMIT) return { text };
  const end = pairSafe(text, HEAD_LENGTH);
  const more = `[${text.length - end} of ${text.length} characters left out; go on with ${READ_RESULT}(id: "${id}", offset: ${end})]`;
  return { text: `${text.slice(0, end)}\n${more}`, blob: deps.keepText(text), size: text.length };
}

function readResult(call: ToolCall, { history }: Journal, deps: CallDeps): ToolAnswer {
  const id = String(call.arguments.id);
  const hash = history.blobs.get(id);
  const text = hash === undefined ? null : deps.readText(hash);
  if (text === null) return failedAnswer(`there is no shortened result "${id}"`);
  const offset = pairSafe(text, Number(call.arguments.offset));
  if (offset >= text.length)
    return failedAnswer(`the result has ${text.length} characters; offset ${offset} is behind its end`);
  const end = pairSafe(text, Math.min(text.length, offset + HEAD_LENGTH));
  const rest = end < text.length ? `\n[${text.length - end} characters left; go on with offset ${end}]` : "\n[end]";
  return { isError: false, text: text.slice(offset, end) + rest, parts: [] };
}
