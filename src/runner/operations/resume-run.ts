/** Continues a run because a caller asks for it: the same run where it is not done, a new one with its history where it is. */

import { RequestError } from "../../core/errors.js";
import type { HostSession } from "../../core/ports/run-store.js";
import { addCosts } from "../../core/run/cost.js";
import type { RunEvent } from "../../core/run/event.js";
import { firstBreach } from "../../core/run/limits.js";
import type { Run, RunRequest } from "../../core/run/run.js";
import { ownVariables } from "../loop/run-agent.js";
import { openAgentDeps } from "../request/agent-deps.js";
import { requirementsOf } from "../request/requirements.js";
import type { Runtime } from "../runtime.js";
import { type CostBreach, createBudget } from "../state/budget.js";
import { loadReplay, type Replay } from "../state/replay.js";
import { createRunState } from "../state/run-state.js";
import { titleFrom } from "./start-run.js";

export interface ResumeArguments {
  /** What the agent is told; what it works on next where the run had ended in success. */
  readonly message?: string | undefined;
  readonly moreTurns?: number | undefined;
  readonly moreSeconds?: number | undefined;
  readonly moreCostUsd?: number | undefined;
}

export interface ResumedRun {
  readonly run: Run;
  /** What the run could use before and is not there now, one sentence each. */
  readonly notices: readonly string[];
}

interface Caller {
  readonly session: HostSession;
  readonly signal: AbortSignal;
}

/** Throws RequestError, ConfigError or StoreError, and then nothing was written. */
export async function resumeRun(
  run: Run,
  given: ResumeArguments,
  caller: Caller,
  runtime: Runtime,
): Promise<ResumedRun> {
  refuseStatus(run, given);
  refuseUnlimited(run, given);
  if (run.project !== runtime.project)
    throw new RequestError("other_project", `${run.id} belongs to the project ${run.project}: resume it from there`);
  const args = runtime.redact.value(given);
  const setup = await runtime.setup();
  const { entries, missing } = await requirementsOf(run, setup, runtime.store);
  if (entries.size === 0) throw new RequestError("missing_provider", `${run.id} cannot go on here: ${missing[0]}`);
  const agent = await openAgentDeps(entries, setup, runtime);
  const before = loadReplay(run, runtime.store); // what cannot be read cannot go on
  refuseGone(caller, runtime);
  const { resumed, replay } =
    run.status === "success" ? await continueRun(run, args, caller, runtime) : reopenRun(run, before, args, runtime);
  runtime.live.begin(resumed, replay, agent);
  runtime.bus.publish(resumed.id, []);
  return { run: resumed, notices: missing };
}

function refuseGone({ signal }: Caller, { live }: Runtime): void {
  if (live.closed) throw new RequestError("shutting_down", "legwork is shutting down: resume the run in a new process");
  if (signal.aborted) throw new RequestError("cancelled", "the call was cancelled before the run was resumed");
}

function refuseStatus({ id, status, question }: Run, { message }: ResumeArguments): void {
  const refuse = (why: string) => new RequestError("not_resumable", `${id} ${why}`);
  if (status === "pending" || status === "running") throw refuse(`is ${status}: wait_for_runs waits for its end`);
  if (status === "waiting")
    throw refuse(
      question === null ? "has its answer, and goes on by itself" : "waits for an answer: respond_to_run gives it",
    );
  if (status === "cancelled") throw refuse("was cancelled, and stays so: spawn_agent starts a new run");
  if (status === "success" && message === undefined)
    throw refuse("ended in success: pass a message that says what to do next");
}

function refuseUnlimited({ id, request }: Run, { moreCostUsd }: ResumeArguments): void {
  if (moreCostUsd === undefined || request.limits.maxCostUsd !== null) return;
  throw new RequestError("invalid_arguments", `more_cost_usd: ${id} has no limit on money, so leave it out`);
}

interface Reopened {
  readonly resumed: Run;
  readonly replay: Replay;
}

/** The same run, with what is granted on top of its limits; held only if its past can be read. */
function reopenRun(run: Run, before: Replay, given: ResumeArguments, runtime: Runtime): Reopened {
  const { moreTurns, moreSeconds, moreCostUsd, message } = given;
  const { store } = runtime;
  refuseUsedUp(run, before, given, runtime);
  const resumed: RunEvent = {
    type: "run_resumed",
    by: "request",
    ...(moreTurns === undefined ? {} : { moreTurns }),
    ...(moreSeconds === undefined ? {} : { moreSeconds }),
    ...(moreCostUsd === undefined ? {} : { moreCostUsd }),
  };
  const told = [endNotice(run), message].flatMap((text): readonly RunEvent[] =>
    text == null ? [] : [{ type: "message_injected", text }],
  );
  const reopened = store.together((): Reopened | null => {
    const taken = store.claim({ runId: run.id, epoch: run.epoch }, [resumed, ...told]);
    return taken && { resumed: taken, replay: loadReplay(taken, store) };
  });
  if (reopened) return reopened;
  const now = store.getRun(run.id)?.status;
  throw new RequestError("not_resumable", `${run.id} is ${now} now: somebody else was first`);
}

/** The agent thought that it was done, or had been told that its last reply was due; null where it noticed no end. */
function endNotice({ status }: Run): string | null {
  return status === "interrupted" ? null : `This run had ended as ${status} and goes on now, with its tools.`;
}

/** A run without turns, time or money would end at once, and not as its caller expects. */
function refuseUsedUp(run: Run, replay: Replay, given: ResumeArguments, runtime: Runtime): void {
  const { moreTurns = 0, moreSeconds = 0, moreCostUsd = 0 } = given;
  const refuse = (why: string) => new RequestError("used_up", `${run.id} cannot go on: ${why}`);
  const { history } = createRunState(run.request, replay, ownVariables(run), runtime.readReply, runtime.redact);
  history.moreTurns += moreTurns;
  history.moreCostUsd += moreCostUsd;
  const breach = firstBreach(run.request.limits, history);
  if (breach) throw refuse(`${breach.message}; pass more_turns`);
  if (replay.millisecondsLeft + moreSeconds * 1000 <= 0)
    throw refuse("its time is up (timeout_seconds); pass more_seconds");
  const spent = createBudget(run, history, runtime.store).breach();
  if (spent) throw refuse(`${spent.failure.message}; ${moneyRemedy(spent, run)}`);
}

function moneyRemedy({ runId, isKnown }: CostBreach, { id }: Run): string {
  if (!isKnown) return "spawn_agent starts a new run";
  return runId === id
    ? "pass more_cost_usd"
    : `resume ${runId} with more_cost_usd, or start a new run with spawn_agent`;
}

/** A new run that begins where the other has ended. */
async function continueRun(run: Run, given: ResumeArguments, caller: Caller, runtime: Runtime): Promise<Reopened> {
  const { session } = caller;
  const { store } = runtime;
  const message = given.message ?? "";
  const id = runtime.newId("run");
  const created = await runtime.live.create(
    {
      id,
      sessionId: runtime.newId("ses"),
      parentSessionId: session.id,
      hostSession: session,
      parentRunId: null,
      rootRunId: id,
      continues: run.id,
      depth: 1,
      project: runtime.project,
      title: titleFrom(message),
      request: { ...run.request, prompt: message, context: null, limits: withMore(run.request.limits, given) },
      message,
      step: run.step,
      idempotency: null,
    },
    () => {
      refuseGone(caller, runtime);
      if (store.getRun(run.id) === null)
        throw new RequestError("unknown_run", `${run.id} was deleted meanwhile: spawn_agent starts a new run`);
    },
  );
  return { resumed: created.run, replay: loadReplay(created.run, store) };
}

function withMore(limits: RunRequest["limits"], given: ResumeArguments): RunRequest["limits"] {
  const { moreTurns = 0, moreSeconds = 0, moreCostUsd = 0 } = given;
  return {
    ...limits,
    maxTurns: limits.maxTurns + moreTurns,
    timeoutSeconds: limits.timeoutSeconds + moreSeconds,
    maxCostUsd: addCosts(limits.maxCostUsd, moreCostUsd),
  };
}
