/** The events that a loop has made and not yet handed over to be saved, and the state they lead to. */

import type { Redact } from "../../core/redact.js";
import type { RunEvent } from "../../core/run/event.js";
import { createHistory, type History, type ReadReply, recordEvent } from "../../core/run/history.js";
import type { RunRequest } from "../../core/run/run.js";
import { type Json, type Step, stepNamed } from "../../core/workflow/workflow.js";
import { beginWorkflow, type WorkflowState, workflowAfter } from "../../core/workflow/workflow-state.js";
import type { Replay } from "./replay.js";

export interface RunState {
  readonly history: History;
  /** Where the run stands in its workflow; null without one. */
  readonly workflow: WorkflowState | null;
  /** The step the run is in; null without a workflow, and before the first is entered. */
  readonly step: Step | null;
  /** Takes an event into history and workflow, without the secrets in it; it is not saved yet. */
  record(event: RunEvent): void;
  /** Takes in an event that somebody else has saved. */
  apply(event: RunEvent): void;
  /** All events since the last take, to be saved in one commit. */
  flush(): readonly RunEvent[];
  /** True while the answer of a tool call waits to be saved. */
  hasUnsavedAnswers(): boolean;
}

/** Where a run stands after its past. `facts` are the variables that legwork itself sets. */
export function createRunState(
  request: RunRequest,
  replay: Replay,
  facts: Readonly<Record<string, Json>>,
  readReply: ReadReply,
  redact: Redact,
): RunState {
  const history = createHistory(replay.firstMessage);
  const definition = request.workflow;
  let workflow = definition && beginWorkflow(definition, { ...request.variables, ...facts });
  let unsaved: RunEvent[] = [];

  function fold(event: RunEvent): void {
    recordEvent(history, event, readReply);
    if (!definition || !workflow) return;
    const args = event.type === "tool_call_finished" ? history.calls[event.index]?.arguments : undefined;
    workflow = workflowAfter(definition, workflow, event, args);
  }

  for (const event of replay.events) fold(event);
  return {
    history,
    get workflow() {
      return workflow;
    },
    get step() {
      return definition && workflow?.step ? stepNamed(definition, workflow.step) : null;
    },
    record(given) {
      const event = redact.value(given);
      fold(event);
      unsaved.push(event);
    },
    apply: fold,
    flush() {
      const taken = unsaved;
      unsaved = [];
      return taken;
    },
    hasUnsavedAnswers: () =>
      unsaved.some(({ type }) => type === "tool_call_finished" || type === "workflow_call_finished"),
  };
}
