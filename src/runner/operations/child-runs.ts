/** An agent's own runs: started within what it may do itself, waited for, and stopped with it. */
import { z } from "zod";
import { ConfigError, RequestError } from "../../core/errors.js";
import type { ToolAnswer } from "../../core/ports/downstream.js";
import type { RunEvent } from "../../core/run/event.js";
import type { ToolCall } from "../../core/run/message.js";
import { isEnded, type Run } from "../../core/run/run.js";
import { CANCEL_RUN, GET_RUN, SPAWN_AGENT } from "../../core/tools/tool.js";
import type { CallContext } from "../calls/make-call.js";
import type { Runtime } from "../runtime.js";
import { SpawnWish } from "../tools/child-tools.js";
import { endRun } from "./end-run.js";
import { startRun } from "./start-run.js";
import { waitForRuns } from "./wait-for-runs.js";

/** Makes one call of an agent to a tool for its own runs; what it brought about goes to `note`, to be saved with the answer. */
export type CallChildren = (call: ToolCall, index: number, context: CallContext, note: Note) => Promise<ToolAnswer>;
type Note = (fact: RunEvent) => void;

const LONGEST_WAIT_SECONDS = 120; // of one call: the agent is asked again whether it wants to go on waiting

export function createChildRuns(runtime: () => Runtime): CallChildren {
  return async (call, index, context, note) => {
    const report = (child: Run) => {
      const { turn } = context.state.history;
      if (isEnded(child.status)) note({ type: "child_reported", turn, index, child: child.id, status: child.status });
      return toReport(child);
    };
    try {
      switch (call.name) {
        case SPAWN_AGENT:
          return told(await spawnChild(call, index, context, note, runtime()));
        case GET_RUN:
          return told(report(childNamed(String(call.arguments.run_id), context, runtime())));
        case CANCEL_RUN:
          return told(cancelChild(call, report, context, runtime()));
        default:
          return told(await waitForChildren(call, report, context, runtime()));
      }
    } catch (error) {
      if (error instanceof RequestError || error instanceof ConfigError)
        return { isError: true, text: error.message, attachments: [] };
      throw error;
    }
  };
}

function told(report: object): ToolAnswer {
  return { isError: false, text: JSON.stringify(report), attachments: [] };
}

/** The call's place is the child's key: one that is made again after a crash finds the child that it made before. */
async function spawnChild(call: ToolCall, index: number, context: CallContext, note: Note, runtime: Runtime) {
  const { run, state, toolSet, signal } = context;
  const { turn } = state.history;
  const parsed = SpawnWish.safeParse(call.arguments);
  if (!parsed.success) throw new RequestError("invalid_arguments", z.prettifyError(parsed.error));
  const parent = {
    run,
    toolSet,
    step: state.step,
    secondsLeft: context.secondsLeft(),
    usdLeft: context.budget.usdLeft(),
  };
  const wish = { ...parsed.data, idempotency_key: `${run.id}:${turn}:${index}` };
  const { run: child, notices } = await startRun(wish, { signal, parent }, runtime);
  note({ type: "child_spawned", turn, index, child: child.id });
  return { run_id: child.id, status: child.status, ...(notices.length > 0 ? { notices } : {}) };
}

/** Without names all that go on, and those that have ended since without the agent having been told. */
async function waitForChildren(call: ToolCall, report: Report, context: CallContext, runtime: Runtime) {
  const { run_ids: named, mode = "all", wait_seconds: asked = LONGEST_WAIT_SECONDS } = call.arguments;
  const runIds = Array.isArray(named)
    ? [...new Set(named.map((id) => childNamed(String(id), context, runtime).id))]
    : [...context.state.history.children];
  // Shorter than what counts as a stall of the run that waits.
  const seconds = Math.min(Number(asked), LONGEST_WAIT_SECONDS, context.request.limits.stallSeconds / 2);
  const { signal } = context;
  const wish = { runIds, mode: mode === "any" ? "any" : "all", milliseconds: seconds * 1000, signal } as const;
  const runs = await waitForRuns({ ...wish, untilEnded: true }, runtime);
  const pending = runs.filter(({ status }) => !isEnded(status)).map(({ id }) => id);
  return { pending, runs: runs.map(report) }; // what still goes on stands first: a long answer is cut at its end
}

function cancelChild(call: ToolCall, report: Report, context: CallContext, runtime: Runtime): object {
  const { id } = childNamed(String(call.arguments.run_id), context, runtime);
  const reason = call.arguments.reason === undefined ? "" : `: ${String(call.arguments.reason)}`;
  const error = { code: "cancelled", message: `cancelled by the run that started it${reason}` };
  const { was } = endRun(id, { status: "cancelled", result: null, error }, runtime);
  return { was, ...report(childNamed(id, context, runtime)) };
}

function childNamed(id: string, { run }: CallContext, { store }: Runtime): Run {
  const child = store.getRun(id);
  if (child === null || child.parentRunId !== run.id)
    throw new RequestError("not_a_child", `${id} is not a run that you have started`);
  return child;
}

type Report = (child: Run) => object;

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
