/** The agent loop: a request in, a stream of facts out. */
import type { RunEvent } from "../core/event.js";
import { COMPLETE, type ReadReply } from "../core/history.js";
import { firstBreach } from "../core/limits.js";
import type { ToolCall } from "../core/message.js";
import type { ServerHold } from "../core/ports.js";
import type { Outcome, RunFailure, RunRequest } from "../core/run.js";
import { untilAborted } from "../core/until-aborted.js";
import { type Asked, askModel } from "./ask-model.js";
import { callTools } from "./call-tools.js";
import { createJournal, type Journal } from "./journal.js";
import { graceOutcome, judgeComplete } from "./judge-complete.js";
import type { CallDeps } from "./make-call.js";
import { changeBetween, type Offer, type OfferTools, serversFor, usableServers } from "./offer-tools.js";
import type { StopReason } from "./stop.js";

export interface AgentDeps extends CallDeps {
  readonly readReply: ReadReply;
  readonly offerTools: OfferTools;
}

const MAX_COMPLETE_REFUSALS = 3;
const MAX_PREMATURE_STOPS = 3; // answers without `complete` that are guided before the run is blocked

/**
 * Runs one agent until it answers, fails, is stopped or meets a limit.
 * Each yield is one commit, and the next step is taken only after it is saved.
 * Model, tool and limit failures are the last event, never a throw; what throws is a bug.
 */
export async function* runAgent(
  request: RunRequest,
  signal: AbortSignal,
  deps: AgentDeps,
): AsyncGenerator<readonly RunEvent[], void> {
  const journal = createJournal(request.prompt, deps.readReply, deps.redact);
  const hold = deps.downstream.hold(usableServers(request, deps.downstream));
  try {
    const outcome = yield* workUntilEnd(request, signal, journal, hold, deps);
    const end = outcome ?? endedBy(signal.reason as StopReason, request);
    if (end === null) return;
    journal.note({ type: "run_finished", outcome: end });
    yield journal.take();
  } finally {
    hold.release();
  }
}

/** The turns. Returns how the run ended, or null when it was stopped from outside. */
async function* workUntilEnd(
  request: RunRequest,
  signal: AbortSignal,
  journal: Journal,
  hold: ServerHold,
  deps: AgentDeps,
): AsyncGenerator<readonly RunEvent[], Outcome | null> {
  const { history } = journal;
  const servers = serversFor(request, deps.downstream.servers);
  await untilAborted(hold.ready, signal).catch(() => {});
  if (signal.aborted) return null;
  let offer: Offer | null = null;

  for (;;) {
    offer = currentOffer(request, servers, offer, journal, deps);
    const breach = firstBreach(request.limits, history);
    if (breach) journal.note({ type: "message_injected", text: graceNotice(breach) });
    journal.note({ type: "turn_started", turn: history.turn + 1, ...(breach ? { grace: breach.code } : {}) });
    const tools = breach ? offer.graceDeclarations : offer.declarations;
    const { provider, readReply } = deps;
    const asked = yield* askModel({ request, tools, grace: breach !== null, provider, readReply, journal, signal });

    if (asked.kind === "stopped") return null;
    if (breach) return await graceEnd(asked, request, breach, deps);
    if (asked.kind === "failed") return { status: "error", result: null, error: asked.failure };
    const { text, calls } = asked.content;

    const stuck = yield* callTools(calls, { request, offer, journal, readReply, signal }, deps);
    if (stuck) return { status: "blocked", result: null, error: stuck };
    if (signal.aborted) return null;

    const end = calls.length === 0 ? answered(text, request, journal) : await completed(calls, request, journal, deps);
    if (end) return end;
  }
}

/** What the run is offered in the turn that begins; a change is recorded, and told to the agent. */
function currentOffer(
  request: RunRequest,
  servers: readonly string[],
  before: Offer | null,
  journal: Journal,
  { downstream, offerTools }: AgentDeps,
): Offer {
  const offer = offerTools(downstream.catalog(servers), request);
  if (offer === before) return offer;
  journal.note({ type: "tools_resolved", rulings: offer.rulings, warnings: offer.warnings });
  const change = before && changeBetween(before, offer);
  if (change !== null) journal.note({ type: "message_injected", text: change });
  return offer;
}

/** An answer without calls ends the run, unless its outcome has to have a shape: then only `complete` does. */
function answered(text: string, request: RunRequest, journal: Journal): Outcome | null {
  if (request.outputSchema === null) return { status: "success", result: text };
  if (journal.history.prematureStops > MAX_PREMATURE_STOPS) {
    const message = `the agent answered ${MAX_PREMATURE_STOPS + 1} times without calling complete`;
    return { status: "blocked", result: text, error: { code: "premature_stop", message } };
  }
  journal.note({
    type: "message_injected",
    text: "Your work has not ended: call `complete` with `data` that fits its schema, or with status blocked and the reason.",
  });
  return null;
}

/** `complete` is judged after the other calls of its turn; only the first of a turn counts. */
async function completed(
  calls: readonly ToolCall[],
  { outputSchema }: RunRequest,
  journal: Journal,
  deps: AgentDeps,
): Promise<Outcome | null> {
  const { turn } = journal.history;
  const asked = calls.flatMap((call, index) => (call.name === COMPLETE ? [{ call, index }] : []));
  let outcome: Outcome | null = null;
  for (const [position, { call, index }] of asked.entries()) {
    const verdict =
      position === 0
        ? await judgeComplete(call.arguments, outputSchema, deps.schemas)
        : { accepted: false as const, reason: "complete may be called once in a turn" };
    if (verdict.accepted) {
      outcome = verdict.outcome;
      const answer = { isError: false, text: "The run ends.", milliseconds: 0 };
      journal.note({ type: "tool_call_finished", turn, index, tool: COMPLETE, ...answer });
      continue;
    }
    const reason = `complete was refused: ${verdict.reason}`;
    journal.note({ type: "tool_call_refused", turn, index, tool: COMPLETE, reason });
    if (outcome === null && journal.history.completeRefusals >= MAX_COMPLETE_REFUSALS) {
      const message = `complete was refused ${MAX_COMPLETE_REFUSALS} times; the last time: ${verdict.reason}`;
      return { status: "blocked", result: null, error: { code: "complete_refused", message } };
    }
  }
  return outcome;
}

function graceNotice(breach: RunFailure): string {
  return `A limit is reached: ${breach.message}. This is your last reply. Say what you have found and done so far, in text or with \`complete\`; no other tool is left.`;
}

/** After a grace turn the run is partial, whatever came of it. */
async function graceEnd(
  asked: Exclude<Asked, { kind: "stopped" }>,
  { outputSchema }: RunRequest,
  breach: RunFailure,
  deps: AgentDeps,
): Promise<Outcome> {
  if (asked.kind === "failed") {
    const message = `${breach.message}; its last reply failed: ${asked.failure.message}`;
    return { status: "partial", result: null, error: { code: breach.code, message } };
  }
  const { text, calls } = asked.content;
  const call = calls.find(({ name }) => name === COMPLETE);
  if (call) return await graceOutcome(call.arguments, outputSchema, deps.schemas, breach);
  return { status: "partial", result: text || null, error: breach };
}

/** The end that a stop from outside asks this loop to record; null where others record it. */
function endedBy(reason: StopReason, { limits }: RunRequest): Outcome | null {
  switch (reason) {
    case "timeout": {
      const message = `the run did not end within ${limits.timeoutSeconds} s (timeout_seconds)`;
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
