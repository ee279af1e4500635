/** The agent loop: a request in, a stream of facts out. */

import type { Catalog, ServerHold } from "../../core/ports/ports.js";
import type { RunEvent } from "../../core/run/event.js";
import { COMPLETE, type History, type ReadReply } from "../../core/run/history.js";
import { canSpawn, firstBreach } from "../../core/run/limits.js";
import { type Inquiry, type Question, toQuestion } from "../../core/run/question.js";
import type { Outcome, Run, RunFailure, RunRequest } from "../../core/run/run.js";
import type { ConditionReader } from "../../core/workflow/condition.js";
import type { Surroundings } from "../../core/workflow/engine.js";
import type { Step } from "../../core/workflow/workflow.js";
import { untilAborted } from "../../lib/until-aborted.js";
import { callTools } from "../calls/call-tools.js";
import { settleCutCalls } from "../calls/in-doubt-calls.js";
import type { CallContext, CallDeps } from "../calls/make-call.js";
import { askQuestions } from "../calls/permission.js";
import { modelNow } from "../request/model-in-step.js";
import { policyInStep } from "../request/resolve-policy.js";
import { createSpending } from "../state/budget.js";
import { endWith, type Halt, waitWith } from "../state/loop-result.js";
import type { Mailbox } from "../state/mailbox.js";
import type { Past } from "../state/replay.js";
import { createJournal, type Journal } from "../state/run-state.js";
import type { StopReason } from "../state/stop.js";
import { changeBetween, type Offer, type OfferTools, serversFor, usableServers } from "../tools/tool-set.js";
import { advanceTurn, advanceWorkflow } from "./advance-workflow.js";
import { type Asked, askModel } from "./call-model.js";
import { answered, completed, graceEnd, graceNotice } from "./judge-end.js";

export interface AgentDeps extends CallDeps {
  readonly readReply: ReadReply;
  readonly offerTools: OfferTools;
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
  past: Past,
  mailbox: Mail,
  signal: AbortSignal,
  deps: AgentDeps,
): AsyncGenerator<readonly RunEvent[], void> {
  const { request } = run;
  const journal = createJournal(request, past, ownVariables(run), deps.readReply, deps.redact);
  const hold = deps.downstream.hold(usableServers(request, deps.downstream));
  try {
    const halt = yield* workUntilHalt(run, past, mailbox, signal, journal, hold, deps);
    const asks = halt?.kind === "wait" && !signal.aborted;
    if (asks) journal.note({ type: "question_asked", question: nextQuestion(halt.inquiry, journal, deps) });
    const end =
      halt?.kind === "end" ? halt.outcome : asks ? null : endedBy(signal.reason as StopReason, request, journal);
    if (end) journal.note({ type: "run_finished", outcome: end });
    if (asks || end) yield journal.take();
  } finally {
    hold.release();
  }
}

function nextQuestion(inquiry: Inquiry, { history }: Journal, { clock }: AgentDeps): Question {
  return toQuestion(inquiry, history.questions + 1, clock.now());
}

/** The turns. Returns how the run ended or why it waits, or null when it was stopped from outside. */
async function* workUntilHalt(
  run: AgentRun,
  { millisecondsLeft }: Past,
  mailbox: Mail,
  signal: AbortSignal,
  journal: Journal,
  hold: ServerHold,
  deps: AgentDeps,
): AsyncGenerator<readonly RunEvent[], Halt | null> {
  const { request } = run;
  const { history } = journal;
  const { readReply } = deps;
  const surroundings = surroundingsOf(run, deps.conditions);
  const servers = serversFor(request, deps.downstream.servers);
  await untilAborted(hold.ready, signal).catch(() => {});
  if (signal.aborted) return null;
  const offerNow = createOffering(run, servers, journal, deps);
  const until = deps.clock.now() + millisecondsLeft;

  /** What holds at any moment: what is offered is that of the step the run is in then. */
  const now: CallContext = {
    run,
    request,
    secondsLeft: () => (until - deps.clock.now()) / 1000,
    spending: createSpending(run, history, deps.costs),
    journal,
    surroundings,
    readReply,
    signal,
    get offer() {
      return offerNow();
    },
  };

  let { phase } = history; // where the past has left it
  if (phase === "between") {
    settleCutCalls(now, deps);
    const halt = yield* advanceWorkflow(now, deps);
    if (halt || signal.aborted) return halt;
  }
  for (; ; phase = "between") {
    const context: CallContext = { ...now }; // one offer for the whole turn
    const deliverNews = () => deliver(mailbox, journal);
    if (phase === "asking") readMail(mailbox, journal); // no commit before the request would tell of it
    if (phase !== "acting") deliverNews();
    if (phase === "between" || isUnaffordable(context)) beginTurn(context);
    const breach = history.grace === null ? null : breachNow(context);
    const asked = phase === "acting" ? lastReply(history) : yield* ask(context, breach !== null, deliverNews, deps);

    if (asked.kind === "stopped") return null;
    if (asked.kind === "spent") continue;
    if (breach) return endWith(await graceEnd(asked, context, breach, deps));
    if (asked.kind === "failed") return endWith({ status: "error", result: null, error: asked.failure });
    const { text, calls } = asked.content;

    const halt = yield* callTools(calls, context, deps);
    if (halt || signal.aborted) return halt;

    const inquiry = await askQuestions(calls, context, deps);
    if (inquiry) return waitWith(inquiry);

    const haltByWorkflow = yield* advanceTurn(calls, now, deps);
    if (haltByWorkflow || signal.aborted) return haltByWorkflow;

    if (calls.length > 0 && !calls.some(({ name }) => name === COMPLETE)) continue;
    // A message that came meanwhile may change what is left to do.
    const mail = readMail(mailbox, journal);
    if (calls.length === 0 && mail) continue;
    const end = calls.length === 0 ? answered(text, context) : await completed(calls, mail, context, deps);
    if (end) return end;
  }
}

/** What was sent to the agent, as the next thing it reads; false where that is nothing. */
function deliver(mailbox: Mail, journal: Journal): boolean {
  const { unread } = journal.history;
  if (mailbox.hasNews) readMail(mailbox, journal);
  if (unread.size === 0) return false;
  for (const [sent, text] of [...unread]) journal.note({ type: "message_injected", text, sent });
  return true;
}

/** Takes in what was sent since the last look; true where the agent has not got all of it yet. */
function readMail(mailbox: Mail, journal: Journal): boolean {
  for (const event of mailbox.read()) journal.learn(event);
  return journal.history.unread.size > 0;
}

/** Whether the money has run out before the request of a turn that had been begun. */
function isUnaffordable({ journal: { history }, spending }: CallContext): boolean {
  return history.phase === "asking" && history.grace === null && spending.breach() !== null;
}

/** The limit that leaves no room for another turn, or null. */
function breachNow({ request, journal, spending }: CallContext): RunFailure | null {
  return firstBreach(request.limits, journal.history) ?? spending.breach()?.failure ?? null;
}

/** The next turn, or the agent's one extra reply where a limit has run out. */
function beginTurn(context: CallContext): void {
  const { journal } = context;
  const { history } = journal;
  const breach = breachNow(context);
  if (breach) journal.note({ type: "message_injected", text: graceNotice(breach) });
  journal.note({ type: "turn_started", turn: history.turn + 1, ...(breach ? { grace: breach.code } : {}) });
}

function ask(context: CallContext, grace: boolean, deliverNews: () => boolean, { providers, readReply }: AgentDeps) {
  const { request, journal, offer, signal, spending } = context;
  const tools = grace ? offer.graceDeclarations : offer.declarations;
  const asking = modelNow(request, journal.step, providers);
  return askModel({ request, tools, grace, ...asking, readReply, journal, signal, spending, deliverNews });
}

/** The reply that was on disk before the run was taken up again: it is not asked for twice. */
function lastReply({ messages }: History): Asked {
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
  journal: Journal,
  { downstream, offerTools }: AgentDeps,
): () => Offer {
  let last: { readonly catalog: Catalog; readonly step: Step | null; readonly offer: Offer } | null = null;
  const seenBefore = journal.history.offered;
  return () => {
    const [catalog, step] = [downstream.catalog(servers), journal.step];
    if (last && last.catalog === catalog && last.step === step) return last.offer;
    const before = last?.offer ?? null;
    const offer = offerTools(catalog, policyInStep(request, step), request, canSpawn(depth, request.limits));
    last = { catalog, step, offer };
    if (offer === before) return offer;
    journal.note({ type: "tools_resolved", rulings: offer.rulings, warnings: offer.warnings });
    const seen = before ? { names: new Set(before.allowed.keys()), problems: before.problems } : null;
    const change = changeBetween(seen ?? { names: seenBefore ?? offer.allowed, problems: [] }, offer);
    if (change !== null) journal.note({ type: "message_injected", text: change });
    return offer;
  };
}

/** What the workflow's conditions are told of the run, and who evaluates them. */
export function surroundingsOf({ id, depth, request }: AgentRun, { evaluate }: ConditionReader): Surroundings {
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
function endedBy(reason: StopReason, { limits }: RunRequest, { history }: Journal): Outcome | null {
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
