/** Makes one tool call and turns its answer into what a model and a journal can hold. */

import { DownstreamError } from "../../core/errors.js";
import type { Clock } from "../../core/ports/clock-and-log.js";
import type { Attachment, CallOptions, Downstream, ToolAnswer } from "../../core/ports/downstream.js";
import type { Redact } from "../../core/redact.js";
import type { KeptAnswer, KeptAttachment, RunEvent } from "../../core/run/event.js";
import type { ReadReply } from "../../core/run/history.js";
import type { ToolCall } from "../../core/run/message.js";
import type { RunRequest } from "../../core/run/run.js";
import type { CatalogTool } from "../../core/tools/tool.js";
import type { ConditionReader } from "../../core/workflow/condition.js";
import type { EngineContext } from "../../core/workflow/engine.js";
import type { JsonSchemas } from "../../json-schema/json-schema.js";
import { pairSafe } from "../../lib/text.js";
import type { AgentRun } from "../loop/run-agent.js";
import type { CallChildren } from "../operations/child-runs.js";
import type { RunProvider } from "../request/model-in-step.js";
import type { Budget, Costs } from "../state/budget.js";
import type { RunState } from "../state/run-state.js";
import { READ_RESULT } from "../tools/built-in-tools.js";
import type { ToolSet } from "../tools/tool-set.js";

export interface CallDeps {
  readonly downstream: Downstream;
  /** By name: those that the run and its steps need. */
  readonly providers: ReadonlyMap<string, RunProvider>;
  readonly schemas: JsonSchemas;
  readonly conditions: ConditionReader;
  readonly clock: Clock;
  readonly redact: Redact;
  readonly callChildren: CallChildren;
  keepText(text: string): string;
  readText(hash: string): string | null;
  readonly costs: Costs;
}

export interface CallContext {
  readonly run: AgentRun;
  readonly request: RunRequest;
  /** What is left of the run's time now. */
  secondsLeft(): number;
  readonly budget: Budget;
  /** What the run is offered in this turn. */
  readonly toolSet: ToolSet;
  readonly state: RunState;
  readonly engineContext: EngineContext;
  readonly readReply: ReadReply;
  readonly signal: AbortSignal;
}

/** A call that the gate has let through; `tool` is null for a tool of legwork itself. */
export interface AdmittedCall {
  readonly call: ToolCall;
  readonly index: number;
  readonly tool: CatalogTool | null;
  /** The id under which what is kept of its answer can be read. */
  readonly id: string;
}

/** What may come of a call while it lasts. */
export type CallHooks = Pick<CallOptions, "onProgress" | "sample"> & {
  /** What the call has brought about in the run itself, to be saved with its answer. */
  onFact(fact: RunEvent): void;
};

const INLINE_LIMIT = 20_000; // characters of one result that a model is given; some 5,000 tokens
const HEAD_LENGTH = 10_000; // what it gets of a larger one, and of each read_result

/** Makes one call, once; null when the run was stopped before the answer came. */
export async function makeCall(
  { call, index, tool, id }: AdmittedCall,
  hooks: CallHooks,
  context: CallContext,
  deps: CallDeps,
): Promise<KeptAnswer | null> {
  const { request, state, signal } = context;
  const begun = deps.clock.now();
  const answered = (answer: ToolAnswer, code?: string): KeptAnswer => ({
    isError: answer.isError,
    ...(code === undefined ? {} : { code }),
    ...toKept(deps.redact.value(answer), id, deps),
    milliseconds: deps.clock.now() - begun,
  });
  if (call.name === READ_RESULT) return answered(readResult(call, state, deps));
  try {
    if (tool === null) {
      const answer = await deps.callChildren(call, index, context, hooks.onFact);
      return signal.aborted ? null : answered(answer);
    }
    const timeoutMs = request.limits.toolTimeoutSeconds * 1000;
    return answered(await deps.downstream.call(tool, call.arguments, { timeoutMs, signal, ...hooks }));
  } catch (error) {
    if (signal.aborted) return null;
    if (error instanceof DownstreamError) return answered(failedAnswer(error.message), error.code);
    throw error;
  }
}

function failedAnswer(text: string): ToolAnswer {
  return { isError: true, text: text.toWellFormed(), attachments: [] };
}

/** The answer as the agent gets it: what is too large, or no text, is kept whole aside and can be read with read_result. */
function toKept({ text, attachments }: ToolAnswer, id: string, deps: CallDeps) {
  const kept = attachments.map((part, position) => keepPart(part, `${id}.${position + 1}`, deps));
  const shown = shortened(text, id, deps);
  if (kept.length === 0) return shown;
  const [first] = kept;
  const which = kept.length === 1 ? "part 1 is" : `parts 1 to ${kept.length} are`;
  return {
    ...shown,
    text: `${shown.text}\n[${which} kept: ${READ_RESULT}(id: "${first?.id}", offset: 0)]`,
    parts: kept,
  };
}

function keepPart({ kind, mimeType, text }: Attachment, id: string, deps: CallDeps): KeptAttachment {
  return { id, kind, mimeType, size: text.length, blob: deps.keepText(text) };
}

function shortened(text: string, id: string, deps: CallDeps): { text: string; blob?: string; size?: number } {
  if (text.length <= INLINE_LIMIT) return { text };
  const end = pairSafe(text, HEAD_LENGTH);
  const more = `[${text.length - end} of ${text.length} characters left out; go on with ${READ_RESULT}(id: "${id}", offset: ${end})]`;
  return { text: `${text.slice(0, end)}\n${more}`, blob: deps.keepText(text), size: text.length };
}

function readResult(call: ToolCall, { history }: RunState, deps: CallDeps): ToolAnswer {
  const id = String(call.arguments.id);
  const hash = history.blobs.get(id);
  const text = hash === undefined ? null : deps.readText(hash);
  if (text === null) return failedAnswer(`there is no shortened result "${id}"`);
  const offset = pairSafe(text, Number(call.arguments.offset));
  if (offset >= text.length)
    return failedAnswer(`the result has ${text.length} characters; offset ${offset} is behind its end`);
  const end = pairSafe(text, Math.min(text.length, offset + HEAD_LENGTH));
  const rest = end < text.length ? `\n[${text.length - end} characters left; go on with offset ${end}]` : "\n[end]";
  return { isError: false, text: text.slice(offset, end) + rest, attachments: [] };
}
