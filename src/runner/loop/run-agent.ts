/** The agent loop: a request in, a stream of facts out. */

import type { Catalog, ServerLease } from "../../core/ports/downstream.js";
import type { RunEvent } from "../../core/run/event.js";
import { COMPLETE, type History, type ReadReply } from "../../core/run/history.js";
import { canSpawn, firstBreach } from "../../core/run/limits.js";
import { type Question, type QuestionDraft, toQuestion } from "../../core/run/question.js";
import type { Outcome, Run, RunFailure, RunRequest } from "../../core/run/run.js";
import type { ConditionReader } from "../../core/workflow/condition.js";
import type { EngineContext } from "../../core/workflow/engine.js";
import type { Step } from "../../core/workflow/workflow.js";
import { untilAborted } from "../../lib/until-aborted.js";
import { callTools } from "../calls/call-tools.js";
import { settleInDoubtCalls } from "../calls/in-doubt-calls.js";
import type { CallContext, CallDeps } from "../calls/make-call.js";
import { askQuestions } from "../calls/permission.js";
import { modelInStep } from "../request/model-in-step.js";
import { policyInStep } from "../request/resolve-policy.js";
import { createBudget } from "../state/budget.js";
import { endWith, type LoopResult, waitWith } from "../state/loop-result.js";
import type { Mailbox } from "../state/mailbox.js";
import type { Replay } from "../state/replay.js";
import { createRunState, type RunState } from "../state/run-state.js";
import type { StopReason } from "../state/stop.js";
import { changeBetween, type ResolveToolSet, serversFor, type ToolSet, usableServers } from "../tools/tool-set.js";
import { advanceTurn, advanceWorkflow } from "./advance-workflow.js";
import { callModel, type ModelResult } from "./call-model.js";
import { answered, completed, graceEnd, graceNotice } from "./judge-end.js";

export interface AgentDeps extends CallDeps {
  readonly readReply: ReadReply;
  readonly resolveToolSet: ResolveToolSet;
}

/** The run as its own loop needs it. */
export type AgentRun = Pick<
  Run,
  "id" | "sessionId" | "parentSessionId" | "parentRunId" | "rootRunId" | "depth" | "project" | "request"
>;

type Mail = Pick<Mailbox, "hasNews" | "read">;

/**
 * Runs one agent from where its past has left it until it answers, fails, is stopped or meets a limit.
 * Each yield is one commit, and the next step is taken only after it is saved.
 * Model, tool and limit failures are the last event, never a throw; what throws is a bug.
 */
export async function* runAgent(
  run: AgentRun,
  replay: Replay,
  mailbox: Mail,
  signal: AbortSignal,
  deps: AgentDeps,
): AsyncGenerator<readonly RunEvent[], void> {
  const { request } = run;
  const state = createRunState(request, replay, ownVariables(run), deps.readReply, deps.redact);
  const lease = deps.downstream.acquire(usableServers(request, deps.downstream));
  try {
    const result = yield* workUntilHalt(run, replay, mailbox, signal, state, lease, deps);
    const asks = result?.kind === "wait" && !signal.aborted;
    if (asks) state.record({ type: "question_asked", question: nextQuestion(result.draft, state, deps) });
    const end =
      result?.kind === "end" ? result.outcome : asks ? null : endedBy(signal.reason as StopReason, request, state);
    if (end) state.record({ type: "run_finished", outcome: end });
    if (asks || end) yield state.flush();
  } finally {
    lease.release();
  }
}

function nextQuestion(draft: QuestionDraft, { history }: RunState, { clock }: AgentDeps): Question {
  return toQuestion(draft, history.questions + 1, clock.now());
}

/** The turns. Returns how the run ended or why it waits, or null when it was stopped from outside. */
async function* workUntilHalt(
  run: AgentRun,
  { millisecondsLeft }: Replay,
  mailbox: Mail,
  signal: AbortSignal,
  state: RunState,
  lease: ServerLease,
  deps: AgentDeps,
): AsyncGenerator<readonly RunEvent[], LoopResult | null> {
  const { request } = run;
  const { history } = state;
  const { readReply } = deps;
  const engineContext = engineContextOf(run, deps.conditions);
  const servers = serversFor(request, deps.downstream.servers);
  await untilAborted(lease.ready, signal).catch(() => {});
  if (signal.aborted) return null;
  const offerNow = createOffering(run, servers, state, deps);
  const until = deps.clock.now() + millisecondsLeft;

  /** What holds at any moment: what is offered is that of the step the run is in then. */
  const now: CallContext = {
    run,
    request,
    secondsLeft: () => (until - deps.clock.now()) / 1000,
    budget: createBudget(run, history, deps.costs),
    state,
    engineContext,
    readReply,
    signal,
    get toolSet() {
      return offerNow();
    },
  };

  let { phase } = history; // where the past has left it
  if (phase === "between") {
    settleInDoubtCalls(now, deps);
    const result = yield* advanceWorkflow(now, deps);
    if (result || signal.aborted) return result;
  }
  for (; ; phase = "between") {
    const context: CallContext = { ...now }; // one offer for the whole turn
    const deliverNews = () => deliver(mailbox, state);
    if (phase === "asking") readMail(mailbox, state); // no commit before the request would tell of it
    if (phase !== "acting") deliverNews();
    if (phase === "between" || isUnaffordable(context)) beginTurn(context);
    const breach = history.grace === null ? null : breachNow(context);
    const asked = phase === "acting" ? lastReply(history) : yield* ask(context, breach !== null, deliverNews, deps);

    if (asked.kind === "stopped") return null;
    if (asked.kind === "spent") continue;
    if (breach) return endWith(await graceEnd(asked, context, breach, deps));
    if (asked.kind === "failed") return endWith({ status: "error", result: null, error: asked.failure });
    const { text, calls } = asked.content;

    const result = yield* callTools(calls, context, deps);
    if (result || signal.aborted) return result;

    const draft = await askQuestions(calls, context, deps);
    if (draft) return waitWith(draft);

    const haltByWorkflow = yield* advanceTurn(calls, now, deps);
    if (haltByWorkflow || signal.aborted) return haltByWorkflow;

    if (calls.length > 0 && !calls.some(({ name }) => name === COMPLETE)) continue;
    // A message that came meanwhile may change what is left to do.
    const mail = readMail(mailbox, state);
    if (calls.length === 0 && mail) continue;
    const end = calls.length === 0 ? answered(text, context) : await completed(calls, mail, context, deps);
    if (end) return end;
  }
}

/** What was sent to the agent, as the next thing it reads; false where that is nothing. */
function deliver(mailbox: Mail, state: RunState): boolean {
  const { unread } = state.history;
  if (mailbox.hasNews) readMail(mailbox, state);
  if (unread.size === 0) return false;
  for (const [sent, text] of [...unread]) state.record({ type: "message_injected", text, sent });
  return true;
}

/** Takes in what was sent since the last look; true where the agent has not got all of it yet. */
function readMail(mailbox: Mail, state: RunState): boolean {
  for (const event of mailbox.read()) state.apply(event);
  return state.history.unread.size > 0;
}

/** Whether the money has run out before the request of a turn that had been begun. */
function isUnaffordable({ state: { history }, budget }: CallContext): boolean {
  return history.phase === "asking" && history.grace === null && budget.breach() !== null;
}

/** The limit that leaves no room for another turn, or null. */
function breachNow({ request, state, budget }: CallContext): RunFailure | null {
  return firstBreach(request.limits, state.history) ?? budget.breach()?.failure ?? null;
}

/** The next turn, or the agent's one extra reply where a limit has run out. */
function beginTurn(context: CallContext): void {
  const { state } = context;
  const { history } = state;
  const breach = breachNow(context);
  if (breach) state.record({ type: "message_injected", text: graceNotice(breach) });
  state.record({ type: "turn_started", turn: history.turn + 1, ...(breach ? { grace: breach.code } : {}) });
}

function ask(context: CallContext, grace: boolean, deliverNews: () => boolean, { providers, readReply }: AgentDeps) {
  const { request, state, toolSet, signal, budget } = context;
  const tools = grace ? toolSet.graceDeclarations : toolSet.declarations;
  const asking = modelInStep(request, state.step, providers);
  return callModel({ request, tools, grace, ...asking, readReply, state, signal, budget, deliverNews });
}

/** The reply that was on disk before the run was taken up again: it is not asked for twice. */
function lastReply({ messages }: History): ModelResult {
  const reply = messages.findLast((message) => message.role === "assistant");
  if (!reply) throw new Error("a run cannot act on a reply that it has not got");
  return { kind: "replied", content: reply.content };
}

/**
 * What the run is offered, whenever it is asked for; a change is recorded, and told to the agent.
 * Worked out anew only where the catalog or the step has changed.
 */
function createOffering(
  { depth, request }: AgentRun,
  servers: readonly string[],
  state: RunState,
  { downstream, resolveToolSet }: AgentDeps,
): () => ToolSet {
  let last: { readonly catalog: Catalog; readonly step: Step | null; readonly toolSet: ToolSet } | null = null;
  const seenBefore = state.history.offered;
  return () => {
    const [catalog, step] = [downstream.catalog(servers), state.step];
    if (last && last.catalog === catalog && last.step === step) return last.toolSet;
    const before = last?.toolSet ?? null;
    const toolSet = resolveToolSet(catalog, policyInStep(request, step), request, canSpawn(depth, request.limits));
    last = { catalog, step, toolSet };
    if (toolSet === before) return toolSet;
    state.record({ type: "tools_resolved", rulings: toolSet.rulings, warnings: toolSet.warnings });
    const seen = before ? { names: new Set(before.allowed.keys()), problems: before.problems } : null;
    const change = changeBetween(seen ?? { names: seenBefore ?? toolSet.allowed, problems: [] }, toolSet);
    if (change !== null) state.record({ type: "message_injected", text: change });
    return toolSet;
  };
}

/** What the workflow's conditions are told of the run, and who evaluates them. */
export function engineContextOf({ id, depth, request }: AgentRun, { evaluate }: ConditionReader): EngineContext {
  const { agent, model } = request;
  return { run: { id, depth, agent, model }, evaluate };
}

/** The variables that legwork itself sets. */
export function ownVariables({ depth, parentSessionId, request }: AgentRun) {
  return {
    agent_depth: depth,
    max_agent_depth: request.limits.maxDepth,
    can_spawn: canSpawn(depth, request.limits),
    parent_session_id: parentSessionId,
    workflow_completed: false,
    completion_result: null,
  };
}

/** The end that a stop from outside asks this loop to record; null where others record it. */
function endedBy(reason: StopReason, { limits }: RunRequest, { history }: RunState): Outcome | null {
  switch (reason) {
    case "timeout": {
      const seconds = limits.timeoutSeconds + history.moreSeconds;
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
