/** The context of a loop: the run, its state and tools, and the adapters behind them. */

import type { RunEvent } from "../../core/journal/event.js";
import type { ReadReply } from "../../core/journal/history-state.js";
import type { Clock } from "../../core/ports/clock-and-log.js";
import type { CallOptions, Downstream, ToolAnswer } from "../../core/ports/downstream.js";
import type { JsonSchemas } from "../../core/ports/json-schemas.js";
import type { ModelActivity } from "../../core/ports/provider.js";
import type { RunStore } from "../../core/ports/run-store.js";
import type { Redact } from "../../core/redact.js";
import type { ToolCall } from "../../core/run/message.js";
import type { PatternSource, Run, RunRequest } from "../../core/run/run.js";
import type { CatalogTool } from "../../core/tools/tool.js";
import type { ConditionReader } from "../../core/workflow/condition.js";
import type { EngineContext } from "../../core/workflow/facts.js";
import type { RunProvider } from "../request/model-in-step.js";
import type { ResolveToolSet, ToolSet } from "../tools/tool-set.js";
import type { Allowances, Budget, Costs } from "./budget.js";
import type { BudgetLines } from "./budget-lines.js";
import type { Journals } from "./recorded-answer.js";
import type { RunState } from "./run-state.js";
import type { StallWatch } from "./stall-timer.js";

/** A run as its loop needs it. */
export type AgentRun = Pick<
  Run,
  "id" | "sessionId" | "parentSessionId" | "parentRunId" | "rootRunId" | "depth" | "project" | "request"
>;

/** The adapters that calls need. */
export interface CallDeps {
  readonly downstream: Downstream;
  /** By name: the providers of the run and its steps. */
  readonly providers: ReadonlyMap<string, RunProvider>;
  readonly schemas: JsonSchemas;
  readonly conditions: ConditionReader;
  readonly clock: Clock;
  readonly redact: Redact;
  readonly childRuns: ChildRuns;
  readonly readBlob: RunStore["getBlob"];
  readonly journals: Journals;
}

/** The adapters that a whole loop needs. */
export interface AgentDeps extends CallDeps {
  readonly readReply: ReadReply;
  readonly resolveToolSet: ResolveToolSet;
  readonly costs: Costs;
  readonly budgetLines: BudgetLines;
  /** The limits of the configuration for a session and a day, as this process has read it. */
  readonly allowances: Allowances;
  /** The blocks of the configuration as this process has read it: the run may be older. */
  readonly blockedNow: readonly PatternSource[];
}

/** The facts of a run that hold in all its turns. */
export interface RunContext {
  readonly run: AgentRun;
  readonly request: RunRequest;
  /** The rest of the run's working time, in seconds. */
  secondsLeft(): number;
  readonly budget: Budget;
  readonly budgetLines: BudgetLines;
  readonly state: RunState;
  readonly engineContext: EngineContext;
  readonly readReply: ReadReply;
  readonly signal: AbortSignal;
  readonly stall: StallWatch;
  /** Hears of parts of the model's replies as they arrive. */
  onActivity(activity: ModelActivity): void;
  /** Resolves the tool set of the step that the run is in; records a change, also as a message to the agent. */
  refreshToolSet(): ToolSet;
}

/** The same with the tool set of one turn, or of one call of the workflow. */
export interface TurnContext extends RunContext {
  readonly toolSet: ToolSet;
}

export function withToolSet(context: RunContext): TurnContext {
  return { ...context, toolSet: context.refreshToolSet() };
}

/** A call with its place among the calls of its turn. */
export interface IndexedCall {
  readonly call: ToolCall;
  readonly index: number;
}

/** A call that the gate has admitted; `tool` is null for a tool of legwork itself. */
export interface AdmittedCall extends IndexedCall {
  readonly tool: CatalogTool | null;
  /** The id under which the agent reads the rest of its answer. */
  readonly id: string;
}

/** Listeners of a call while it lasts. */
export type CallHooks = Pick<CallOptions, "onProgress" | "sample"> & {
  /** Takes a change that the call made to the run itself, to be saved with its answer. */
  onFact(fact: RunEvent): void;
};

/** The runs of an agent: how its calls reach the operations that started the run itself. */
export interface ChildRuns {
  /** Makes one call to a tool for child runs. A refusal is an answer, never a throw. */
  call(admitted: IndexedCall, context: TurnContext, onFact: CallHooks["onFact"]): Promise<ToolAnswer>;
}

/** The facts about a run that conditions see, and their evaluation. */
export function engineContextOf({ id, depth, request }: AgentRun, { evaluate }: ConditionReader): EngineContext {
  const { agent, model } = request;
  return { run: { id, depth, agent, model }, evaluate };
}
