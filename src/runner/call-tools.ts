/** Makes the tool calls of one turn: order kept, adjacent read-only calls together, each gated when it is its turn. */
import type { RunEvent } from "../core/event.js";
import { judgeTool } from "../core/gate.js";
import { COMPLETE, isSameCall, repetitionsOf } from "../core/history.js";
import type { ToolCall } from "../core/message.js";
import { didYouMean } from "../core/nearest.js";
import type { RunFailure } from "../core/run.js";
import type { CatalogTool } from "../core/tool.js";
import { READ_RESULT, readResultTool } from "./built-in-tools.js";
import { createInbox } from "./inbox.js";
import { type CallContext, type CallDeps, makeCall } from "./make-call.js";
import { absenceOf, type Offer } from "./offer-tools.js";
import { createSampler } from "./sample-model.js";

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
    const inbox = createInbox(journal);
    const sample = createSampler(inbox, context, deps);
    const answers = admitted.map((call) => makeCall(call, inbox, sample, context, deps));
    const finished = yield* inbox.until(Promise.all(answers));
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
  const now = offered && deps.downstream.current(offered);
  const isGone = now !== null && "gone" in now;
  const tool = isGone ? null : now;
  const reason = isGone ? `${call.name} is not allowed: ${now.gone}` : await refusalOf(item, tool, context, deps);
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
    const known = offer.catalog.find(({ name }) => name === call.name);
    if (known) return `${call.name} is not allowed: ${judgeTool(request.policy, known).rule}`;
    const absence = absenceOf(call.name, offer);
    if (absence !== null) return `${call.name} is not allowed: ${absence}`;
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
