/** Makes the tool calls of one turn: order kept, adjacent read-only calls together, each gated when it is its turn. */
import { DownstreamError } from "../core/errors.js";
import type { RunEvent } from "../core/event.js";
import { judgeTool } from "../core/gate.js";
import { COMPLETE, isSameCall, repetitionsOf, resultId } from "../core/history.js";
import type { ToolCall } from "../core/message.js";
import { didYouMean } from "../core/nearest.js";
import type { Clock, Downstream } from "../core/ports.js";
import type { RunFailure, RunRequest } from "../core/run.js";
import { pairSafe } from "../core/text.js";
import type { CatalogTool } from "../core/tool.js";
import { READ_RESULT, readResultTool } from "./built-in-tools.js";
import type { Journal } from "./journal.js";
import type { JsonSchemas } from "./json-schema.js";
import type { Offer } from "./offer-tools.js";

export interface CallDeps {
  readonly downstream: Downstream;
  readonly schemas: JsonSchemas;
  readonly clock: Clock;
  keepText(text: string): string;
  readText(hash: string): string | null;
}

export interface CallContext {
  readonly request: RunRequest;
  readonly offer: Offer;
  readonly journal: Journal;
  readonly signal: AbortSignal;
}

const INLINE_LIMIT = 20_000; // characters of one result that a model is given; some 5,000 tokens
const HEAD_LENGTH = 10_000; // what it gets of a larger one, and of each read_result
const TOLD_AT = 5; // the same call with the same answer so often: refused and told
const BLOCKED_AT = 8; // so often: it will not stop by itself

/**
 * Makes all calls of the last reply but `complete`, yielding commits.
 * Returns why the run has to end, if one of them says so; after an abort it returns at once.
 */
export async function* callTools(
  calls: readonly ToolCall[],
  context: CallContext,
  deps: CallDeps,
): AsyncGenerator<readonly RunEvent[], RunFailure | null> {
  const { journal, signal } = context;
  for (const group of inGroups(calls, context.offer)) {
    // What an earlier group did is on disk before this one is even looked at.
    if (journal.hasUnsavedAnswers()) yield journal.take();
    const items = withRepetitions(group, context);
    const stuck = stuckIn(items);
    if (stuck) return stuck;
    const admitted: Admitted[] = [];
    for (const item of items) {
      const admission = await admit(item, context, deps);
      journal.note(admission.event);
      if (admission.event.type === "tool_call_started") admitted.push(admission);
    }
    if (admitted.length === 0) continue;
    yield journal.take();
    if (signal.aborted) return null;
    const finished = await Promise.all(admitted.map((call) => makeCall(call, context, deps)));
    for (const event of finished) if (event) journal.note(event);
    if (signal.aborted) return null;
  }
  return null;
}

interface Call {
  readonly call: ToolCall;
  readonly index: number;
}

interface Item extends Call {
  /** How often in a row this call has just got the same answer. */
  readonly repetitions: number;
}

/** Neighbours that only read form one group; every other call is a group of its own. */
function inGroups(calls: readonly ToolCall[], offer: Offer): readonly (readonly Call[])[] {
  const groups: { readsOnly: boolean; calls: Call[] }[] = [];
  for (const [index, call] of calls.entries()) {
    if (call.name === COMPLETE) continue;
    const readsOnly = effectOfCall(call.name, offer) === "read_only";
    const last = groups.at(-1);
    if (readsOnly && last?.readsOnly) last.calls.push({ call, index });
    else groups.push({ readsOnly, calls: [{ call, index }] });
  }
  return groups.map((group) => group.calls);
}

function effectOfCall(name: string, offer: Offer) {
  return name === READ_RESULT ? "read_only" : (offer.allowed.get(name)?.effect ?? "effectful");
}

/** Counted when the group's turn has come; another call before it in the group breaks the row. */
function withRepetitions(group: readonly Call[], { journal }: CallContext): readonly Item[] {
  const first = group[0]?.call;
  return group.map((item) => {
    const unbroken = first !== undefined && isSameCall(first, item.call);
    return { ...item, repetitions: unbroken ? repetitionsOf(journal.history, item.call) : 0 };
  });
}

function stuckIn(group: readonly Item[]): RunFailure | null {
  const item = group.find(({ repetitions }) => repetitions >= BLOCKED_AT - 1);
  if (!item) return null;
  return {
    code: "repeated_call",
    message: `the agent called ${item.call.name} ${BLOCKED_AT} times in a row with the same arguments and the same answer`,
  };
}

type Admitted = Item & { readonly tool: CatalogTool | null };
type Admission = Admitted & { readonly event: RunEvent };

/** The gate at the call: what was not offered, does not fit the tool's schema or leads nowhere is refused with its rule. */
async function admit(item: Item, context: CallContext, deps: CallDeps): Promise<Admission> {
  const { call, index } = item;
  const turn = context.journal.history.turn;
  const offered = context.offer.allowed.get(call.name) ?? null;
  const tool = offered && deps.downstream.current(offered);
  const reason = await refusalOf(item, tool, context, deps);
  const event: RunEvent =
    reason === null
      ? { type: "tool_call_started", turn, index, tool: call.name, effect: tool?.effect ?? "read_only" }
      : { type: "tool_call_refused", turn, index, tool: call.name, reason };
  return { ...item, tool, event };
}

async function refusalOf(
  { call, repetitions }: Item,
  tool: CatalogTool | null,
  { request, offer }: CallContext,
  { schemas, downstream }: CallDeps,
): Promise<string | null> {
  if (tool === null && call.name !== READ_RESULT) {
    if (offer.allowed.has(call.name)) return `${call.name} is not allowed: its server has withdrawn it`;
    const known = offer.catalog.find(({ name }) => name === call.name);
    if (known) return `${call.name} is not allowed: ${judgeTool(request.policy, known).rule}`;
    return `${call.name} is not allowed: there is no such tool${didYouMean(call.name, offer.allowed.keys())}`;
  }
  // Its server may have declared it anew since the run began.
  const verdict = tool && judgeTool(request.policy, tool);
  if (verdict?.allowed === false) return `${call.name} is not allowed: ${verdict.rule}`;
  if (repetitions >= TOLD_AT)
    return `${call.name} is not allowed: the same call has got the same answer ${TOLD_AT} times in a row; do something else or call complete`;
  const misfit = await schemas.checkArguments(tool?.inputSchema ?? readResultTool.inputSchema, call.arguments);
  if (misfit !== null) return `${call.name} was not called: its arguments do not fit: ${misfit}`;
  const objection = tool === null ? null : await downstream.objection(tool, call.arguments);
  return objection === null ? null : `${call.name} is not allowed: ${objection}`;
}

/** One call and its answer as an event; null when the run was stopped before the answer came. */
async function makeCall(
  { call, index, tool }: Admitted,
  { request, journal, signal }: CallContext,
  deps: CallDeps,
): Promise<RunEvent | null> {
  const { turn } = journal.history;
  const begun = deps.clock.now();
  const finished = (isError: boolean, text: string, code?: string): RunEvent => ({
    type: "tool_call_finished",
    turn,
    index,
    tool: call.name,
    isError,
    ...(code === undefined ? {} : { code }),
    ...shortened(text, resultId(turn, index), deps),
    milliseconds: deps.clock.now() - begun,
  });
  if (tool === null) return finished(...readResult(call, journal, deps));
  try {
    const timeoutMs = request.limits.toolTimeoutSeconds * 1000;
    const answer = await deps.downstream.call(tool, call.arguments, { timeoutMs, signal });
    return finished(answer.isError, answer.text);
  } catch (error) {
    if (signal.aborted) return null;
    if (error instanceof DownstreamError) return finished(true, error.message, error.code);
    throw error;
  }
}

/** The text as the agent gets it; a large one is kept whole aside and can be read on with read_result. */
function shortened(text: string, id: string, deps: CallDeps): { text: string; blob?: string; size?: number } {
  if (text.length <= INLINE_LIMIT) return { text };
  const end = pairSafe(text, HEAD_LENGTH);
  const more = `[${text.length - end} of ${text.length} characters left out; go on with ${READ_RESULT}(id: "${id}", offset: ${end})]`;
  return { text: `${text.slice(0, end)}\n${more}`, blob: deps.keepText(text), size: text.length };
}

function readResult(call: ToolCall, { history }: Journal, deps: CallDeps): [boolean, string] {
  const id = String(call.arguments.id);
  const hash = history.blobs.get(id);
  const text = hash === undefined ? null : deps.readText(hash);
  if (text === null) return [true, `there is no shortened result "${id}"`];
  const offset = pairSafe(text, Number(call.arguments.offset));
  if (offset >= text.length)
    return [true, `the result has ${text.length} characters; offset ${offset} is behind its end`];
  const end = pairSafe(text, Math.min(text.length, offset + HEAD_LENGTH));
  const rest = end < text.length ? `\n[${text.length - end} characters left; go on with offset ${end}]` : "\n[end]";
  return [false, text.slice(offset, end) + rest];
}
