/** An agent's own runs: started within what it may do itself, waited for, and stopped with it. */
import { z } from "zod";
import { ConfigError, RequestError } from "../core/errors.js";
import type { ToolCall } from "../core/message.js";
import type { ToolAnswer } from "../core/ports.js";
import { isEnded, type ListedRun, RUN_STATUSES, type Run, type RunStatus } from "../core/run.js";
import { CANCEL_RUN, GET_RUN, SPAWN_AGENT, SpawnWish } from "./child-tools.js";
import { endRun } from "./end-run.js";
import type { CallContext } from "./make-call.js";
import type { Runtime } from "./runtime.js";
import { startRun } from "./start-run.js";
import { waitForRuns } from "./wait-for-runs.js";

/** Makes one call of an agent to a tool for its own runs. */
export type CallChildren = (call: ToolCall, index: number, context: CallContext) => Promise<ToolAnswer>;

const MOST_CHILDREN = 20; // of one run, going on at a time
const LONGEST_WAIT_SECONDS = 120; // of one call: the agent is asked again whether it wants to go on waiting
const UNDER_WAY = RUN_STATUSES.filter((status) => !isEnded(status));

export function createChildren(runtime: () => Runtime): CallChildren {
  return async (call, index, context) => {
    try {
      switch (call.name) {
        case SPAWN_AGENT:
          return told(await spawnChild(call, index, context, runtime()));
        case GET_RUN:
          return told(toReport(childNamed(String(call.arguments.run_id), context, runtime())));
        case CANCEL_RUN:
          return told(cancelChild(call, context, runtime()));
        default:
          return told(await waitForChildren(call, context, runtime()));
      }
    } catch (error) {
      if (error instanceof RequestError || error instanceof ConfigError)
        return { isError: true, text: error.message, parts: [] };
      throw error;
    }
  };
}

function told(report: object): ToolAnswer {
  return { isError: false, text: JSON.stringify(report), parts: [] };
}

async function spawnChild(call: ToolCall, index: number, context: CallContext, runtime: Runtime): Promise<object> {
  const { run, journal, offer, signal } = context;
  const key = `${run.id}:${journal.history.turn}:${index}`;
  const parsed = SpawnWish.safeParse(call.arguments);
  if (!parsed.success) throw new RequestError("invalid_arguments", z.prettifyError(parsed.error));
  const args = { ...parsed.data, idempotency_key: key };
  const going = underWay(run.id, MOST_CHILDREN, runtime);
  if (going.length >= MOST_CHILDREN && runtime.store.findRun(run.project, key) === null)
    throw new RequestError("too_many_children", `${MOST_CHILDREN} of your runs go on: wait for one of them first`);
  const started = await startRun(args, { signal, parent: { run, offer, secondsLeft: context.secondsLeft() } }, runtime);
  const { notices } = started;
  return { run_id: started.run.id, status: started.run.status, ...(notices.length > 0 ? { notices } : {}) };
}

async function waitForChildren(call: ToolCall, context: CallContext, runtime: Runtime): Promise<object> {
  const { run_ids: named, mode = "all", wait_seconds: asked = LONGEST_WAIT_SECONDS } = call.arguments;
  const runIds = Array.isArray(named)
    ? [...new Set(named.map((id) => childNamed(String(id), context, runtime).id))]
    : underWay(context.run.id, MOST_CHILDREN, runtime).map(({ id }) => id);
  // Shorter than what counts as a stall of the run that waits.
  const seconds = Math.min(Number(asked), LONGEST_WAIT_SECONDS, context.request.limits.stallSeconds / 2);
  const { signal } = context;
  const wish = { runIds, mode: mode === "any" ? "any" : "all", milliseconds: seconds * 1000, signal } as const;
  const runs = await waitForRuns({ ...wish, untilEnded: true }, runtime);
  const pending = runs.filter(({ status }) => !isEnded(status)).map(({ id }) => id);
  return { runs: runs.map(toReport), pending };
}

function cancelChild(call: ToolCall, context: CallContext, runtime: Runtime): object {
  const { id } = childNamed(String(call.arguments.run_id), context, runtime);
  const reason = call.arguments.reason === undefined ? "" : `: ${String(call.arguments.reason)}`;
  const error = { code: "cancelled", message: `cancelled by the run that started it${reason}` };
  const { was } = endRun(id, { status: "cancelled", result: null, error }, runtime);
  return { was, ...toReport(childNamed(id, context, runtime)) };
}

function childNamed(id: string, { run }: CallContext, { store }: Runtime): Run {
  const child = store.getRun(id);
  if (child === null || child.parentRunId !== run.id)
    throw new RequestError("not_a_child", `${id} is not a run that you have started`);
  return child;
}

function underWay(parentRunId: string, limit: number, { store }: Runtime): readonly ListedRun[] {
  const status: readonly RunStatus[] = UNDER_WAY;
  const all = { agent: null, project: null, parentSessionId: null, since: null, after: null };
  return store.listRuns({ ...all, status, parentRunId, limit });
}

/** A run as the agent that started it is told of it. */
function toReport({ id, title, status, outcome }: Run): object {
  return {
    run_id: id,
    title,
    status,
    ...(outcome === null ? {} : { result: outcome.result }),
    ...(outcome?.data === undefined ? {} : { data: outcome.data }),
    ...(outcome?.artifacts ? { artifacts: outcome.artifacts } : {}),
    ...(outcome?.filesModified ? { files_modified: outcome.filesModified } : {}),
    ...(outcome?.nextSteps ? { next_steps: outcome.nextSteps } : {}),
    ...(outcome?.error ? { error: outcome.error } : {}),
  };
}
