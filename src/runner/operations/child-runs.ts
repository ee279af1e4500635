/** An agent's own runs: started within its own rights, waited for, and stopped with it. */
import { ConfigError, isNewerVersion, RequestError } from "../../core/errors.js";
import type { RunEvent } from "../../core/journal/event.js";
import type { ToolAnswer } from "../../core/ports/downstream.js";
import type { RunStore } from "../../core/ports/run-store.js";
import { isEnded, type Run, type RunRequest } from "../../core/run/run.js";
import { CANCEL_RUN, GET_RUN, SPAWN_AGENT } from "../../core/tools/tool.js";
import type { Json } from "../../core/workflow/workflow.js";
import { isRecord } from "../../lib/is-record.js";
import type { ChildRuns, IndexedCall, TurnContext } from "../state/turn-context.js";
import { ChildArguments, faultInArguments } from "../tools/arguments.js";
import { type EndDeps, endRun } from "./end-run.js";
import { type StartDeps, startRun } from "./start-run.js";
import { type WaitDeps, waitForRuns } from "./wait-for-runs.js";

export type ChildRunsDeps = StartDeps & WaitDeps & EndDeps & { readonly store: Pick<RunStore, "listRuns"> };

const MOST_LISTED = 10_000; // children of one run
const LONGEST_WAIT_SECONDS = 120; // of one call: the agent then decides whether to wait longer

/** `deps` is called at the first use: the operations and their child runs need each other. */
export function createChildRuns(deps: () => ChildRunsDeps): ChildRuns {
  return {
    async call(indexed, context, onFact) {
      try {
        return answerOf(await callChildTool({ indexed, context, onFact, deps: deps() }));
      } catch (error) {
        if (error instanceof RequestError || error instanceof ConfigError || isNewerVersion(error))
          return { isError: true, text: error.message, attachments: [] };
        throw error;
      }
    },
  };
}

/** One call of an agent, and where its facts go. */
interface ChildCall {
  readonly indexed: IndexedCall;
  readonly context: TurnContext;
  readonly deps: ChildRunsDeps;
  onFact(fact: RunEvent): void;
}

function answerOf(report: object): ToolAnswer {
  return { isError: false, text: JSON.stringify(report), attachments: [] };
}

async function callChildTool(childCall: ChildCall): Promise<object> {
  const { call } = childCall.indexed;
  switch (call.name) {
    case SPAWN_AGENT:
      return await spawnChild(childCall);
    case GET_RUN:
      return reportOf(await childNamed(String(call.arguments.run_id), childCall), childCall);
    case CANCEL_RUN:
      return await cancelChild(childCall);
    default:
      return await waitForChildren(childCall);
  }
}

/** The call's place is the child's key: a call that is repeated after a crash finds the child that it made before. */
async function spawnChild({ indexed, context, onFact, deps }: ChildCall): Promise<object> {
  const { call, index } = indexed;
  const { run, state, toolSet, signal } = context;
  const { turn } = state.history;
  const parsed = ChildArguments.safeParse(call.arguments, { reportInput: true });
  if (!parsed.success) throw new RequestError("invalid_arguments", faultInArguments(parsed.error));
  const parent = {
    run,
    toolSet,
    step: state.step,
    secondsLeft: context.secondsLeft(),
    left: await context.budget.left(),
  };
  const args = { ...parsed.data, idempotency_key: `${run.id}:${turn}:${index}` };
  const { run: child, notices } = await startRun(args, { kind: "agent", signal, parent }, deps);
  onFact({ type: "child_spawned", turn, index, child: child.id });
  return { run_id: child.id, status: child.status, ...(notices.length > 0 ? { notices } : {}) };
}

/** Without names: all living children, and all that have ended since without the agent having learned of it. */
async function waitForChildren(childCall: ChildCall): Promise<object> {
  const { context, deps } = childCall;
  const { run_ids: named, mode = "all", wait_seconds: asked = LONGEST_WAIT_SECONDS } = childCall.indexed.call.arguments;
  const runIds = Array.isArray(named) ? await idsOf(named.map(String), childCall) : await unreportedChildren(childCall);
  const seconds = Math.min(Number(asked), LONGEST_WAIT_SECONDS);
  const { signal } = context;
  const request = { runIds, mode: mode === "any" ? "any" : "all", milliseconds: seconds * 1000, signal } as const;
  const runs = await waitForRuns({ ...request, untilEnded: true }, deps);
  const pending = runs.filter(({ status }) => !isEnded(status)).map(({ id }) => id);
  return { pending, runs: runs.map((run) => reportOf(run, childCall)) }; // pending first: a long answer is cut at its end
}

/** Also a child whose spawn was cut off by the end of this run before its answer named it. */
async function unreportedChildren({ context, deps }: ChildCall): Promise<readonly string[]> {
  const { children, reportedChildren } = context.state.history;
  const filter = { status: null, agent: null, project: null, parentSessionId: null, since: null, after: null };
  const stored = await deps.store.listRuns({ ...filter, parentRunId: context.run.id, limit: MOST_LISTED });
  const unknown = stored.map(({ id }) => id).filter((id) => !children.has(id) && !reportedChildren.has(id));
  return [...children, ...unknown];
}

async function idsOf(names: readonly string[], childCall: ChildCall): Promise<readonly string[]> {
  const ids = new Set<string>();
  for (const name of names) ids.add((await childNamed(name, childCall)).id);
  return [...ids];
}

async function cancelChild(childCall: ChildCall): Promise<object> {
  const { call } = childCall.indexed;
  const { store } = childCall.deps;
  const { id } = await childNamed(String(call.arguments.run_id), childCall);
  const reason = call.arguments.reason === undefined ? "" : `: ${String(call.arguments.reason)}`;
  const message = `cancelled by the run that started it${reason}`;
  const outcome = { status: "cancelled", result: null, error: { code: "cancelled", message } } as const;
  const { was } = await endRun(id, outcome, childCall.deps);
  const now = await store.getRun(id);
  return { was, ...(now ? reportOf(now, childCall) : {}) };
}

async function childNamed(id: string, { context, deps }: ChildCall): Promise<Run> {
  const child = await deps.store.getRun(id);
  if (child === null || child.parentRunId !== context.run.id)
    throw new RequestError("not_a_child", `${id} is not a run that you have started`);
  return child;
}

/** A run as the agent that started it reads it; records that the agent has learned of its end. */
function reportOf({ id, title, status, request, outcome }: Run, { indexed, context, onFact }: ChildCall): object {
  const { turn } = context.state.history;
  const { agent } = request;
  const workflow = workflowOf(request);
  if (isEnded(status)) {
    const about = { child: id, status, agent, workflow, data: shortFields(outcome?.data) };
    onFact({ type: "child_reported", turn, index: indexed.index, ...about });
  }
  return {
    run_id: id,
    title,
    agent,
    ...(workflow === null ? {} : { workflow }),
    status,
    ...(outcome === null ? {} : { result: outcome.result }),
    ...(outcome?.data === undefined ? {} : { data: outcome.data }),
    ...(outcome?.artifacts ? { artifacts: outcome.artifacts } : {}),
    ...(outcome?.filesModified ? { files_modified: outcome.filesModified } : {}),
    ...(outcome?.nextSteps ? { next_steps: outcome.nextSteps } : {}),
    ...(outcome?.error ? { error: outcome.error } : {}),
  };
}

/** The workflow that a run follows by its name; null where its caller has put another schema of data in place of its own. */
function workflowOf({ workflow, outputSchema }: RunRequest): string | null {
  if (workflow === null) return null;
  const isOwn = JSON.stringify(outputSchema) === JSON.stringify(workflow.settings.outputSchema);
  return isOwn ? workflow.name : null;
}

const MOST_FIELDS = 50;
const LONGEST_FIELD = 200; // characters

/** The fields of a child's data that conditions can compare: single values, no lists, maps or long texts. */
function shortFields(data: unknown): Readonly<Record<string, Json>> {
  if (!isRecord(data)) return {};
  const isShort = (value: unknown) =>
    typeof value === "string" ? value.length <= LONGEST_FIELD : typeof value === "number" || typeof value === "boolean";
  const fields = Object.entries(data).filter(([, value]) => isShort(value));
  return Object.fromEntries(fields.slice(0, MOST_FIELDS)) as Readonly<Record<string, Json>>;
}
