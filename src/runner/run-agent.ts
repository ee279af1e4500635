/** The agent loop: a request in, a stream of facts out. */
import { factsOf, type Surroundings } from "../core/advance.js";
import type { ConditionReader } from "../core/condition.js";
import type { RunEvent } from "../core/event.js";
import { COMPLETE, type History, type ReadReply } from "../core/history.js";
import { canSpawn, firstBreach } from "../core/limits.js";
import type { ToolCall } from "../core/message.js";
import type { Catalog, ServerHold } from "../core/ports.js";
import { type Inquiry, type Question, toQuestion } from "../core/question.js";
import type { Outcome, Run, RunFailure, RunRequest } from "../core/run.js";
import { fillTemplate } from "../core/template.js";
import { untilAborted } from "../core/until-aborted.js";
import type { PrematureStop, Step } from "../core/workflow.js";
import { advanceTurn, advanceWorkflow, approvalForSuccess, unmetIn } from "./advance-workflow.js";
import { type Asked, askModel } from "./ask-model.js";
import { askQuestions } from "./ask-person.js";
import { ASK } from "./built-in-tools.js";
import { callTools } from "./call-tools.js";
import { endWith, type Halt, waitWith } from "./halt.js";
import { createJournal, type Journal } from "./journal.js";
import { type CompleteVerdict, graceOutcome, judgeComplete } from "./judge-complete.js";
import type { Past } from "./load-past.js";
import type { Mailbox } from "./mailbox.js";
import type { CallContext, CallDeps } from "./make-call.js";
import { modelNow } from "./model-now.js";
import { changeBetween, type Offer, type OfferTools, serversFor, usableServers } from "./offer-tools.js";
import { policyInStep } from "./resolve-policy.js";
import type { StopReason } from "./stop.js";
import { settleCutCalls } from "./unknown-outcome.js";

export interface AgentDeps extends CallDeps {
  readonly readReply: ReadReply;
  readonly offerTools: OfferTools;
}

/** The run as its own loop needs it. */
export type AgentRun = Pick<
  Run,
  "id" | "sessionId" | "parentSessionId" | "rootRunId" | "depth" | "project" | "request"
>;

type ReadMail = Pick<Mailbox, "hasNews" | "read">;

const MAX_COMPLETE_REFUSALS = 3;
const MAX_PREMATURE_STOPS = 3; // answers without `complete` that are guided before the run is blocked

/**
 * Runs one agent from where its past has left it until it answers, fails, is stopped or meets a limit.
 * Each yield is one commit, and the next step is taken only after it is saved.
 * Model, tool and limit failures are the last event, never a throw; what throws is a bug.
 */
export async function* runAgent(
  run: AgentRun,
  past: Past,
  mailbox: ReadMail,
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
  mailbox: ReadMail,
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
    if (phase === "asking") hasMail(mailbox, journal); // no commit before the request would tell of it
    if (phase !== "acting") deliverNews();
    if (phase === "between") beginTurn(context);
    const breach = history.grace === null ? null : firstBreach(request.limits, history);
    const asked = phase === "acting" ? lastReply(history) : yield* ask(context, breach !== null, deliverNews, deps);

    if (asked.kind === "stopped") return null;
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
    const mail = hasMail(mailbox, journal);
    if (calls.length === 0 && mail) continue;
    const end = calls.length === 0 ? answered(text, context) : await completed(calls, mail, context, deps);
    if (end) return end;
  }
}

/** What was sent to the agent, as the next thing it reads; false where that is nothing. */
function deliver(mailbox: ReadMail, journal: Journal): boolean {
  const { unread } = journal.history;
  if (mailbox.hasNews) hasMail(mailbox, journal);
  if (unread.size === 0) return false;
  for (const [sent, text] of [...unread]) journal.note({ type: "message_injected", text, sent });
  return true;
}

function hasMail(mailbox: ReadMail, journal: Journal): boolean {
  for (const event of mailbox.read()) journal.learn(event);
  return journal.history.unread.size > 0;
}

/** The next turn, or the agent's one extra reply where a limit has run out. */
function beginTurn({ request, journal }: CallContext): void {
  const { history } = journal;
  const breach = firstBreach(request.limits, history);
  if (breach) journal.note({ type: "message_injected", text: graceNotice(breach) });
  journal.note({ type: "turn_started", turn: history.turn + 1, ...(breach ? { grace: breach.code } : {}) });
}

function ask(context: CallContext, grace: boolean, deliverNews: () => boolean, { providers, readReply }: AgentDeps) {
  const { request, journal, offer, signal } = context;
  const tools = grace ? offer.graceDeclarations : offer.declarations;
  const asking = modelNow(request, journal.step, providers);
  return askModel({ request, tools, grace, ...asking, readReply, journal, signal, deliverNews });
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

/** An answer without calls ends the run where nothing is asked of its end; otherwise only `complete` does, or the workflow's own way with it. */
function answered(text: string, { request, journal, surroundings }: CallContext): Halt | null {
  const { outputSchema, workflow } = request;
  if (outputSchema === null && workflow === null) return endWith({ status: "success", result: text });
  const unmet = unmetIn({ request, journal, surroundings });
  const { action, message } = prematureStop({ request, journal, surroundings });
  const why = message ?? premature(request, unmet);
  const stopped = (status: "blocked" | "partial", reason: string): Halt =>
    endWith({ status, result: text, error: { code: "premature_stop", message: reason } });
  if (action === "block") return stopped("blocked", `the agent answered without calling complete: ${why}`);
  if (action === "warn") {
    if (unmet.length === 0 && outputSchema === null) return endWith({ status: "success", result: text });
    return stopped("partial", `the agent answered without calling complete: ${why}`);
  }
  if (journal.history.prematureStops > MAX_PREMATURE_STOPS)
    return stopped("blocked", `the agent answered ${MAX_PREMATURE_STOPS + 1} times without calling complete`);
  journal.note({ type: "message_injected", text: `Your work has not ended: ${why}` });
  return null;
}

type Standing = Pick<CallContext, "request" | "journal" | "surroundings">;

/** What the workflow does about an answer without calls; one that is not premature by its condition is simply an answer. */
function prematureStop({ request, journal, surroundings }: Standing): Pick<PrematureStop, "action" | "message"> {
  const { workflow } = request;
  if (workflow === null || journal.workflow === null) return { action: "guide", message: null };
  const { action, message: text, condition } = workflow.onPrematureStop;
  const message = text === null ? null : fillTemplate(text, journal.workflow.variables);
  if (condition === null) return { action, message };
  const facts = factsOf(journal.workflow, journal.workflow.last, surroundings.run);
  const verdict = surroundings.evaluate(condition, facts);
  if ("error" in verdict)
    journal.note({ type: "condition_failed", where: "on_premature_stop", condition, error: verdict.error });
  return "holds" in verdict && !verdict.holds ? { action: "warn", message } : { action, message };
}

function premature({ outputSchema, workflow }: RunRequest, unmet: readonly string[]): string {
  const data = outputSchema === null ? "" : " with `data` that fits its schema";
  const call = `call \`complete\`${data}, or with status blocked and the reason.`;
  if (workflow === null || unmet.length === 0) return call;
  return `${unmet.join("; ")}. Go on with the step you are in, or ${call}`;
}

/** `complete` is judged after the other calls of its turn; only the first of a turn counts. */
async function completed(
  calls: readonly ToolCall[],
  hasMail: boolean,
  context: CallContext,
  deps: AgentDeps,
): Promise<Halt | null> {
  const { request, journal } = context;
  const { turn } = journal.history;
  const most = request.workflow?.settings.maxRefusals ?? MAX_COMPLETE_REFUSALS;
  const asked = calls.flatMap((call, index) => (call.name === COMPLETE ? [{ call, index }] : []));
  const unread = unreadBy(calls, hasMail);
  let outcome: Outcome | null = null;
  for (const [position, { call, index }] of asked.entries()) {
    if (journal.history.answers[index] !== undefined) continue;
    if (unread !== null) {
      const text = `complete was put off: ${unread}, and then call it again if your work is done`;
      journal.note({ type: "tool_call_finished", turn, index, tool: COMPLETE, isError: true, text, milliseconds: 0 });
      continue;
    }
    const verdict =
      position === 0
        ? await judgeCompletion(call, context, deps)
        : { accepted: false as const, reason: "complete may be called once in a turn" };
    if ("about" in verdict) return waitWith(verdict);
    if (verdict.accepted) {
      outcome = verdict.outcome;
      noteAccepted(index, context);
      noteCompletion(outcome, context);
      continue;
    }
    const reason = `complete was refused: ${verdict.reason}`;
    journal.note({ type: "tool_call_refused", turn, index, tool: COMPLETE, reason });
    if (outcome === null && journal.history.completeRefusals >= most) {
      const times = journal.history.completeRefusals === 1 ? "once" : `${journal.history.completeRefusals} times`;
      const message = `complete was refused ${times}; the last time: ${verdict.reason}`;
      return endWith({ status: "blocked", result: null, error: { code: "complete_refused", message } });
    }
  }
  return outcome && endWith(outcome);
}

function noteAccepted(index: number, { journal }: CallContext): void {
  const { turn } = journal.history;
  const answer = { isError: false, text: "The run ends.", milliseconds: 0 };
  journal.note({ type: "tool_call_finished", turn, index, tool: COMPLETE, ...answer });
}

/** What the agent has to read before its work can be done; null where there is nothing. */
function unreadBy(calls: readonly ToolCall[], hasMail: boolean): string | null {
  if (calls.some(({ name }) => name === ASK)) return "read the answer to your question first";
  return hasMail ? "read the message that has come for you first" : null;
}

/** Nothing the model says makes a success of a run whose workflow has not come to its end. */
async function judgeCompletion(
  call: ToolCall,
  context: CallContext,
  { schemas }: AgentDeps,
): Promise<CompleteVerdict | Inquiry> {
  const verdict = await judgeComplete(call.arguments, context.request.outputSchema, schemas);
  if (!verdict.accepted || verdict.outcome.status !== "success") return verdict;
  const unmet = unmetIn(context);
  if (unmet.length === 0) return verdict;
  return approvalForSuccess(context) ?? { accepted: false, reason: unmet.join("; ") };
}

function noteCompletion({ result }: Outcome, { request, journal }: CallContext): void {
  if (request.workflow === null) return;
  journal.note({ type: "variable_set", name: "workflow_completed", value: true, done: 0 });
  journal.note({ type: "variable_set", name: "completion_result", value: result, done: 0 });
}

function graceNotice(breach: RunFailure): string {
  return `A limit is reached: ${breach.message}. This is your last reply. Say what you have found and done so far, in text or with \`complete\`; no other tool is left.`;
}

/** After a grace turn the run is partial, whatever came of it. */
async function graceEnd(
  asked: Exclude<Asked, { kind: "stopped" }>,
  context: CallContext,
  breach: RunFailure,
  deps: AgentDeps,
): Promise<Outcome> {
  const { outputSchema } = context.request;
  if (asked.kind === "failed") {
    const message = `${breach.message}; its last reply failed: ${asked.failure.message}`;
    return { status: "partial", result: null, error: { code: breach.code, message } };
  }
  const { text, calls } = asked.content;
  const index = calls.findIndex(({ name }) => name === COMPLETE);
  const call = calls[index];
  if (call) {
    noteAccepted(index, context);
    const asksSuccess = (call.arguments.status ?? "success") === "success";
    const message = [breach.message, ...(asksSuccess ? unmetIn(context) : [])].join("; ");
    return await graceOutcome(call.arguments, outputSchema, deps.schemas, { ...breach, message });
  }
  return { status: "partial", result: text || null, error: breach };
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
