/** Continues a run at the request of a caller: the same run where it is not done, a new run with its history where it is. */
import { RequestError } from "../../core/errors.js";
import type { Grants, RunEvent } from "../../core/journal/event.js";
import { historyWith } from "../../core/journal/history.js";
import type { ReadReply } from "../../core/journal/history-state.js";
import type { HostSession, RunStore } from "../../core/ports/run-store.js";
import type { Redact } from "../../core/redact.js";
import { addCosts } from "../../core/run/cost.js";
import { firstBreach } from "../../core/run/limits.js";
import type { Run, RunRequest } from "../../core/run/run.js";
import type { EventBus } from "../live/event-bus.js";
import type { LiveRuns } from "../live/live-runs.js";
import type { OpenAgent } from "../live/open-agent.js";
import { type JournalVersions, newerFault } from "../request/newer-runs.js";
import { requirementsOf } from "../request/requirements.js";
import type { GetSetup } from "../request/setup.js";
import { type Breach, type Costs, createBudget } from "../state/budget.js";
import { loadReplay, type Replay, replayOf } from "../state/replay.js";
import { createRunState } from "../state/run-state.js";
import { refusal, titleFrom } from "./start-run.js";

const REPAIR_WITHIN_MS = 1_000; // longer than any commit of another process

export interface ResumeDeps {
  readonly project: string;
  readonly store: JournalVersions &
    Costs &
    Pick<RunStore, "listEvents" | "lastEvents" | "statusOf" | "reopen" | "createRun" | "interruptAll">;
  readonly live: Pick<LiveRuns, "begin" | "closing">;
  readonly bus: Pick<EventBus, "publish">;
  readonly readReply: ReadReply;
  readonly redact: Redact;
  readonly setup: GetSetup;
  readonly openAgent: OpenAgent;
  newId(prefix: "run" | "ses"): string;
}

/** The arguments of a caller, by their public names. */
export interface ResumeArguments {
  /** For the agent; the next task where the run had ended in success. */
  readonly message?: string | undefined;
  readonly more_turns?: number | undefined;
  readonly more_seconds?: number | undefined;
  readonly more_cost_usd?: number | undefined;
  readonly more_tokens?: number | undefined;
}

export interface ResumedRun {
  readonly run: Run;
  /** Providers and servers that the run could use before and that are missing here; one sentence each. */
  readonly notices: readonly string[];
}

export interface ResumeCaller {
  readonly session: HostSession;
  readonly signal: AbortSignal;
}

/** Throws RequestError, ConfigError or StoreError; then nothing was written, or the run is interrupted. */
export async function resumeRun(
  run: Run,
  asked: ResumeArguments,
  caller: ResumeCaller,
  deps: ResumeDeps,
): Promise<ResumedRun> {
  const { project, store, live, bus, redact } = deps;
  if (asked.message?.trim() === "")
    throw new RequestError("invalid_arguments", "message: it is empty; write something in it, or leave it out");
  refuseStatus(run, asked);
  refuseUnlimited(run, asked);
  if (run.project !== project)
    throw new RequestError(
      "other_project",
      `${run.id} belongs to the project ${run.project}: resume it from there; if that folder was moved here, "legwork runs adopt ${run.id}" in a terminal of this folder brings its runs along`,
    );
  const newer = await newerFault(run, store);
  if (newer !== null) throw newer;
  const args = redact.value(asked);
  const setup = await deps.setup();
  const { entries, missing } = await requirementsOf(run, setup, store);
  if (entries.size === 0) throw new RequestError("missing_provider", `${run.id} cannot continue here: ${missing[0]}`);
  const agent = await deps.openAgent(entries, setup);
  const before = await loadReplay(run, store); // before any write: a run whose journal cannot be read cannot continue
  const { resumed, replay } =
    run.status === "success"
      ? await continueRun(run, args, caller, deps)
      : await reopenRun(run, before, args, caller, deps);
  live.begin(resumed, replay, agent);
  bus.publish(resumed.id, []);
  return { run: resumed, notices: missing };
}

function refuseStatus({ id, status, question }: Run, { message }: ResumeArguments): void {
  const refuse = (why: string) => new RequestError("not_resumable", `${id} ${why}`);
  if (status === "pending" || status === "running") throw refuse(`is ${status}: wait_for_runs waits for its end`);
  if (status === "waiting" && question !== null)
    throw refuse('waits for an answer: give it with respond_to_run, or with "legwork runs respond" in a terminal');
  if (status === "cancelled") throw refuse("was cancelled, and stays so: spawn_agent starts a new run");
  if (status === "success" && message === undefined)
    throw refuse("ended in success: pass a message that says what to do next");
}

function refuseUnlimited({ id, request }: Run, { more_cost_usd, more_tokens }: ResumeArguments): void {
  const { maxCostUsd, maxTokens } = request.limits;
  const refuse = (field: string, what: string) =>
    new RequestError("invalid_arguments", `${field}: ${id} has no limit on ${what}, so leave it out`);
  if (more_cost_usd !== undefined && maxCostUsd === null) throw refuse("more_cost_usd", "money");
  if (more_tokens !== undefined && maxTokens === null) throw refuse("more_tokens", "tokens");
}

function refuseGone({ signal }: ResumeCaller, live: ResumeDeps["live"]): void {
  if (live.closing.aborted || signal.aborted) throw refusal({ kind: "refused", reason: "aborted" }, live);
}

interface Reopened {
  readonly resumed: Run;
  readonly replay: Replay;
}

/** The run with its replay; a run whose replay cannot be read is interrupted again, for nobody would work on it. */
async function withReplay(resumed: Run, load: () => Promise<Replay>, store: ResumeDeps["store"]): Promise<Reopened> {
  try {
    return { resumed, replay: await load() };
  } catch (error) {
    const lease = { runId: resumed.id, epoch: resumed.epoch };
    await store.interruptAll([lease], "its journal could not be read", { withinMs: REPAIR_WITHIN_MS });
    throw error;
  }
}

/** The same run, with the grants on top of its limits. */
async function reopenRun(
  run: Run,
  before: Replay,
  args: ResumeArguments,
  caller: ResumeCaller,
  deps: ResumeDeps,
): Promise<Reopened> {
  const { store, live } = deps;
  await refuseUsedUp(run, before, args, deps);
  const resumed: RunEvent = { type: "run_resumed", by: "request", ...toGrants(args) };
  const messages = [endNotice(run), args.message].flatMap((text): readonly RunEvent[] =>
    text == null ? [] : [{ type: "message_injected", text }],
  );
  refuseGone(caller, live);
  const reopened = await store.reopen({ runId: run.id, epoch: run.epoch }, [resumed, ...messages]);
  if (reopened) return await withReplay(reopened.run, () => replayOf(reopened.run, reopened.events, store), store);
  const now = await store.statusOf(run.id);
  throw new RequestError("not_resumable", `${run.id} is ${now} now: another caller was first`);
}

function toGrants({
  more_turns: moreTurns,
  more_seconds: moreSeconds,
  more_cost_usd: moreCostUsd,
  more_tokens: moreTokens,
}: ResumeArguments): Grants {
  return {
    ...(moreTurns === undefined ? {} : { moreTurns }),
    ...(moreSeconds === undefined ? {} : { moreSeconds }),
    ...(moreCostUsd === undefined ? {} : { moreCostUsd }),
    ...(moreTokens === undefined ? {} : { moreTokens }),
  };
}

/** The agent had called complete, or knew that its last reply was due; null where it noticed no end. */
function endNotice({ status }: Run): string | null {
  return status === "interrupted" || status === "waiting"
    ? null
    : `This run had ended as ${status}. It continues now, with its tools.`;
}

/** A run without turns, time or money would end at once, against the expectation of its caller. */
async function refuseUsedUp(run: Run, replay: Replay, args: ResumeArguments, deps: ResumeDeps): Promise<void> {
  const { more_seconds = 0 } = args;
  const refuse = (why: string) => new RequestError("used_up", `${run.id} cannot continue: ${why}`);
  const state = createRunState(run, replay, deps.readReply, deps.redact);
  const history = historyWith(toGrants(args), state.history);
  const breach = firstBreach(run.request.limits, history);
  if (breach) throw refuse(`${breach.message}; pass more_turns`);
  if (replay.millisecondsLeft + more_seconds * 1000 <= 0)
    throw refuse("its time is up (timeout_seconds); pass more_seconds");
  const { settings } = await deps.setup();
  const spent = await createBudget(run, history, deps.store, settings.allowances).breach();
  if (spent) throw refuse(`${spent.failure.message}; ${budgetRemedy(spent, run)}`);
}

function budgetRemedy({ runId, isKnown, failure }: Breach, { id }: Run): string {
  if (runId === null) return "raise that limit in your config.yaml, or wait until it counts anew";
  if (!isKnown) return "spawn_agent starts a new run";
  const more = failure.code === "max_tokens" ? "more_tokens" : "more_cost_usd";
  return runId === id ? `pass ${more}` : `resume ${runId} with ${more}, or start a new run with spawn_agent`;
}

/** A new run that begins where the other has ended. */
async function continueRun(
  run: Run,
  args: ResumeArguments,
  { session, signal }: ResumeCaller,
  deps: ResumeDeps,
): Promise<Reopened> {
  const { store, live, project, newId } = deps;
  const message = args.message ?? "";
  const id = newId("run");
  const newRun = {
    id,
    sessionId: newId("ses"),
    parentSessionId: session.id,
    hostSession: session,
    parentRunId: null,
    rootRunId: id,
    continues: run.id,
    depth: 1,
    project,
    title: titleFrom(message),
    request: { ...run.request, prompt: message, context: null, limits: withMore(run.request.limits, args) },
    message,
    step: run.step,
    idempotency: null,
  };
  const created = await store.createRun(newRun, {
    signal: AbortSignal.any([signal, live.closing]),
    maxChildren: Number.POSITIVE_INFINITY,
  });
  if (created.kind === "refused") throw refusal(created, live);
  return await withReplay(created.run, () => loadReplay(created.run, store), store);
}

function withMore(limits: RunRequest["limits"], args: ResumeArguments): RunRequest["limits"] {
  const { more_turns = 0, more_seconds = 0, more_cost_usd = 0, more_tokens = 0 } = args;
  return {
    ...limits,
    maxTurns: limits.maxTurns + more_turns,
    timeoutSeconds: limits.timeoutSeconds + more_seconds,
    maxCostUsd: addCosts(limits.maxCostUsd, more_cost_usd),
    maxTokens: limits.maxTokens === null ? null : limits.maxTokens + more_tokens,
  };
}
