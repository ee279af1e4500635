/** The agent loop: a run in, a stream of commits out. */

import type { RunEvent } from "../../core/journal/event.js";
import { COMPLETE } from "../../core/journal/history.js";
import type { History } from "../../core/journal/history-state.js";
import type { Catalog, ServerLease } from "../../core/ports/downstream.js";
import type { Commit } from "../../core/ports/run-store.js";
import { canSpawn, firstBreach } from "../../core/run/limits.js";
import { toQuestion } from "../../core/run/question.js";
import type { Outcome, RunFailure } from "../../core/run/run.js";
import type { Step } from "../../core/workflow/workflow.js";
import { untilAborted } from "../../lib/until-aborted.js";
import { callFirstGroup } from "../calls/call-tools.js";
import { giveUpDeadlyCall } from "../calls/deadly-calls.js";
import { settleInDoubtCalls, settleOpenCalls } from "../calls/in-doubt-calls.js";
import { askQuestions } from "../calls/permission.js";
import { modelInStep } from "../request/model-in-step.js";
import { policyInStep, withBlocksOfNow } from "../request/resolve-policy.js";
import { type Breach, createBudget } from "../state/budget.js";
import { endWith, type LoopResult, STOPPED, waitWith } from "../state/loop-result.js";
import type { Mailbox } from "../state/mailbox.js";
import { loadTexts, type Replay } from "../state/replay.js";
import { createRunState, type RunState } from "../state/run-state.js";
import type { StopReason } from "../state/stop.js";
import {
  type AgentDeps,
  type AgentRun,
  engineContextOf,
  type IndexedCall,
  type RunContext,
  type TurnContext,
  withToolSet,
} from "../state/turn-context.js";
import { ASK, REQUEST_STEP } from "../tools/built-in-tools.js";
import { idleList } from "../tools/idle-lists.js";
import { tooManyTools } from "../tools/too-many-tools.js";
import { changeBetween, serversFor, startingNotice, type ToolSet, usableServers } from "../tools/tool-set.js";
import { createUsableCatalogs } from "../tools/usable-catalog.js";
import { advanceTurn, advanceWorkflow } from "./advance-workflow.js";
import { callModel, type ModelResult } from "./call-model.js";
import { graceEnd, graceNotice, judgeAnswer, judgeCompletions } from "./judge-end.js";
import { planOf } from "./reserve-request.js";

const JUDGED_LATER = new Set([COMPLETE, REQUEST_STEP, ASK]); // after the turn's other calls

type Mail = Pick<Mailbox, "hasNews" | "read">;

/** How a run is watched and stopped from outside its loop. */
type Watch = Pick<RunContext, "signal" | "stall" | "onActivity">;

/**
 * Runs one agent, from the end of its replay, until it answers, fails, is stopped or meets a limit.
 * Each yield is one commit: the loop continues only after the commit is saved.
 * Failures of the model, of tools and of limits are the last event, never a throw; a throw is a bug.
 */
export async function* runAgent(
  begun: AgentRun,
  replay: Replay,
  mailbox: Mail,
  watch: Watch,
  deps: AgentDeps,
): AsyncGenerator<Commit, void> {
  const run = { ...begun, request: withBlocksOfNow(begun.request, deps.blockedNow) };
  const texts = run.request.workflow === null ? undefined : await loadTexts(replay, deps.readBlob);
  const state = createRunState(run, replay, deps.readReply, deps.redact, texts);
  const lease = deps.downstream.acquire(usableServers(run.request, deps.downstream));
  try {
    const context = createContext(run, replay, state, watch, deps);
    const result = yield* runTurns(context, mailbox, lease, deps);
    const last = lastEvent(result, context, deps);
    if (last === null) return;
    state.record(last);
    yield state.flush();
  } finally {
    lease.release();
  }
}

function createContext(
  run: AgentRun,
  { millisecondsLeft }: Replay,
  state: RunState,
  watch: Watch,
  deps: AgentDeps,
): RunContext {
  const { request } = run;
  const deadline = deps.clock.now() + millisecondsLeft;
  return {
    run,
    request,
    secondsLeft: () => (deadline - deps.clock.now()) / 1000,
    budget: createBudget(run, state.history, deps.costs, deps.allowances),
    budgetLines: deps.budgetLines,
    state,
    engineContext: engineContextOf(run, deps.conditions),
    readReply: deps.readReply,
    ...watch,
    refreshToolSet: createToolSetRefresh(run, state, deps),
  };
}

/** The turns, each in its phases: reply, calls, workflow, end. */
async function* runTurns(
  context: RunContext,
  mailbox: Mail,
  lease: ServerLease,
  deps: AgentDeps,
): AsyncGenerator<Commit, LoopResult> {
  const { state, signal, stall } = context;
  const { history } = state;
  await stall.during(untilAborted(lease.ready, signal)).catch(() => {});
  if (signal.aborted) return STOPPED;
  // Its servers may have listed their tools only now.
  const idle = history.turn === 0 ? idleList(context.request, context.run.depth, deps.downstream) : null;
  if (idle !== null) return endWith({ status: "error", result: null, error: idle });
  let { phase } = history;
  if (phase === "between") {
    settleInDoubtCalls(context, deps);
    const result = yield* advanceWorkflow(context, deps);
    if (result) return result;
  }
  for (; ; phase = "between") {
    const turn = withToolSet(context);
    const reply = phase === "acting" ? replyOf(history) : yield* takeReply(phase, turn, mailbox, deps);
    if (reply.kind === "over") return reply.result;
    if (reply.kind === "spent") continue; // the next turn is the grace turn
    const calls = reply.content.calls.map((call, index): IndexedCall => ({ call, index }));

    const result = (yield* makeCalls(calls, turn, deps)) ?? (yield* advanceTurn(calls, context, deps));
    if (result) return result;

    const end = await judgeTurn(reply.content.text, calls, mailbox, context, deps);
    if (end) return end;
  }
}

type Reply =
  | Extract<ModelResult, { kind: "replied" | "spent" }>
  | { readonly kind: "over"; readonly result: LoopResult };

/** The reply that was saved before the process changed: it is not asked for twice. */
function replyOf({ messages }: History): Reply {
  const reply = messages.findLast((message) => message.role === "assistant");
  if (!reply) throw new Error("a run cannot act on a reply that it does not have");
  return { kind: "replied", content: reply.content };
}

/** Begins the turn, where the replay has not begun it already, and takes its reply; that of a grace turn ends the run. */
async function* takeReply(
  phase: History["phase"],
  turn: TurnContext,
  mailbox: Mail,
  deps: AgentDeps,
): AsyncGenerator<Commit, Reply> {
  const { state } = turn;
  if (phase === "asking") await readMail(mailbox, state); // no commit before the request would show new mail
  await deliverMail(mailbox, state);
  if (phase === "between" || (await isUnaffordable(turn, deps))) await beginTurn(turn, deps);
  const breach = state.history.grace === null ? null : await breachNow(turn, deps);
  const reply = yield* askModel(turn, breach !== null, mailbox, deps);
  if (reply.kind === "spent" && breach) return over(endWith({ status: "partial", result: null, error: breach }));
  if (reply.kind === "spent") return reply;
  if (reply.kind === "stopped") return over(STOPPED);
  if (breach) return over(endWith(await graceEnd(reply, turn, breach, deps)));
  if (reply.kind === "failed") return over(endWith({ status: "error", result: null, error: reply.failure }));
  return reply;
}

function over(result: LoopResult): Reply {
  return { kind: "over", result };
}

/**
 * The calls of the turn, less those that are judged later; then the agent's questions to a person. The workflow goes on as
 * soon as a group of calls has ended, so that the next group is judged in the step that the run is in by then.
 */
async function* makeCalls(
  calls: readonly IndexedCall[],
  begun: TurnContext,
  deps: AgentDeps,
): AsyncGenerator<Commit, LoopResult | null> {
  const { state, signal } = begun;
  const { answers } = state.history;
  const batch = calls.filter(({ call }) => !JUDGED_LATER.has(call.name));
  const unsettled = settleOpenCalls(begun, deps);
  if (unsettled) return unsettled;
  giveUpDeadlyCall(begun);
  for (let turn = begun; ; ) {
    // Calls that are made again after a crash end before anything follows from the calls in front of them.
    if (state.history.open.size === 0 && batch.some(({ index }) => answers[index] !== undefined)) {
      const { step } = state;
      const result = yield* advanceWorkflow(turn, deps);
      if (result) return result;
      if (state.step !== step) turn = withToolSet(turn);
    }
    const left = batch.filter(({ index }) => answers[index] === undefined);
    if (left.length === 0) break;
    const result = yield* callFirstGroup(left, turn, deps);
    if (result) return result;
  }
  if (signal.aborted) return STOPPED;
  const draft = await askQuestions(calls, begun, deps);
  return draft && waitWith(draft);
}

/** Whether the turn ends the run: an answer without calls, or `complete`. Mail that came meanwhile puts it off. */
async function judgeTurn(
  text: string,
  calls: readonly IndexedCall[],
  mailbox: Mail,
  context: RunContext,
  deps: AgentDeps,
): Promise<LoopResult | null> {
  if (calls.length > 0 && !calls.some(({ call }) => call.name === COMPLETE)) return null;
  const hasMail = await readMail(mailbox, context.state);
  if (calls.length > 0) return await judgeCompletions(calls, hasMail, context, deps);
  return hasMail ? null : judgeAnswer(text, context);
}

/** Records the messages to the agent as the next thing that it reads; false where there is none. */
async function deliverMail(mailbox: Mail, state: RunState): Promise<boolean> {
  const { unread } = state.history;
  if (mailbox.hasNews) await readMail(mailbox, state);
  if (unread.size === 0) return false;
  for (const [sent, text] of [...unread]) state.record({ type: "message_injected", text, sent });
  return true;
}

/** Takes in the messages since the last look; true while the agent has not read all of them. */
async function readMail(mailbox: Mail, state: RunState): Promise<boolean> {
  for (const event of await mailbox.read()) state.apply(event);
  return state.history.unread.size > 0;
}

/** Whether the money has run out before the request of a turn that had been begun. */
async function isUnaffordable(turn: TurnContext, deps: AgentDeps): Promise<boolean> {
  const { history } = turn.state;
  return history.phase === "asking" && history.grace === null && (await spentBy(turn, deps)) !== null;
}

/** The limit on money or tokens that leaves too little for the next request, or null. */
async function spentBy(turn: TurnContext, { providers }: AgentDeps): Promise<Breach | null> {
  const { request, state, toolSet, budget } = turn;
  return await budget.breach(() => {
    const asked = modelInStep(request, state.step, providers, state.history.refusedModels);
    return planOf({ request, state, asked, tools: toolSet.declarations, grace: false });
  });
}

/** The limit that leaves no room for another turn, or null. */
async function breachNow(turn: TurnContext, deps: AgentDeps): Promise<RunFailure | null> {
  const { request, state } = turn;
  return firstBreach(request.limits, state.history) ?? (await spentBy(turn, deps))?.failure ?? null;
}

/** The next turn; where a limit has run out, the grace turn. */
async function beginTurn(turn: TurnContext, deps: AgentDeps): Promise<void> {
  const { state } = turn;
  const breach = await breachNow(turn, deps);
  if (breach) state.record({ type: "message_injected", text: graceNotice(breach) });
  state.record({ type: "turn_started", turn: state.history.turn + 1, ...(breach ? { grace: breach.code } : {}) });
}

/** Asks the model of the step, and the next where it refuses to serve. */
async function* askModel(
  turn: TurnContext,
  grace: boolean,
  mailbox: Mail,
  { providers, readBlob, journals }: AgentDeps,
): AsyncGenerator<Commit, Exclude<ModelResult, { kind: "replaced" }>> {
  const { request, state, toolSet } = turn;
  for (;;) {
    const asked = modelInStep(request, state.step, providers, state.history.refusedModels);
    const excess = grace ? null : tooManyTools(toolSet, asked, state.step?.name ?? null);
    if (excess !== null) return { kind: "failed", failure: excess };
    const tools = grace ? toolSet.graceDeclarations : toolSet.declarations;
    const mail = { deliverMail: () => deliverMail(mailbox, state) };
    const { lastEvents } = journals;
    const result = yield* callModel({ ...turn, asked, tools, grace, readBlob, lastEvents, ...mail });
    if (result.kind !== "replaced") return result;
  }
}

/** Works out a tool set anew only where the catalog or the step has changed. */
function createToolSetRefresh(
  { depth, request }: AgentRun,
  state: RunState,
  { downstream, resolveToolSet, schemas }: AgentDeps,
): () => ToolSet {
  const usable = createUsableCatalogs(schemas.givenUp);
  const servers = serversFor(request, downstream.status());
  const known = state.history.knownTools; // to the agent, before this process
  let last: { readonly catalog: Catalog; readonly step: Step | null; readonly toolSet: ToolSet } | null = null;
  return () => {
    const [catalog, step] = [usable(downstream.catalog(servers)), state.step];
    if (last && last.catalog === catalog && last.step === step) return last.toolSet;
    const before = last?.toolSet ?? null;
    const toolSet = resolveToolSet(catalog, policyInStep(request, step), request, canSpawn(depth, request.limits));
    last = { catalog, step, toolSet };
    if (toolSet === before) return toolSet;
    const { rulings, warnings, builtIns } = toolSet;
    state.record({ type: "tools_resolved", rulings, warnings, builtIns });
    const seen = before
      ? { names: new Set(before.allowed.keys()), problems: before.problems }
      : { names: known ?? toolSet.allowed, problems: [] };
    const change = changeBetween(seen, toolSet) ?? (before ? null : startingNotice(toolSet));
    if (change !== null) state.record({ type: "message_injected", text: change });
    return toolSet;
  };
}

/** The event by which the run ends or waits; null where others record the end. */
function lastEvent(result: LoopResult, context: RunContext, { clock }: AgentDeps): RunEvent | null {
  const { state, signal } = context;
  if (result.kind === "end") return { type: "run_finished", outcome: result.outcome };
  if (result.kind === "wait" && !signal.aborted)
    return { type: "question_asked", question: toQuestion(result.draft, state.history.questions + 1, clock.now()) };
  const outcome = stoppedOutcome(signal.reason as StopReason, context);
  return outcome && { type: "run_finished", outcome };
}

/** The end after a stop that this loop has to record; null where others record it. */
function stoppedOutcome(reason: StopReason, { request: { limits }, state }: RunContext): Outcome | null {
  switch (reason) {
    case "timeout": {
      const seconds = limits.timeoutSeconds + state.history.moreSeconds;
      const message = `the run did not end within ${seconds} s (timeout_seconds)`;
      return { status: "timeout", result: null, error: { code: "timeout", message } };
    }
    case "stalled": {
      const message = `nothing happened in the run for ${limits.stallSeconds} s (stall_seconds)`;
      return { status: "error", result: null, error: { code: "stalled", message } };
    }
    default:
      return null;
  }
}
