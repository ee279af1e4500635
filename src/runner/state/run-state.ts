/** The events that a loop has made and not yet handed over to be saved, and the state they lead to. */

import type { Redact } from "../../core/redact.js";
import type { RunEvent } from "../../core/run/event.js";
import { createHistory, type History, type ReadReply, recordEvent } from "../../core/run/history.js";
import type { RunRequest } from "../../core/run/run.js";
import { type Json, type Step, stepNamed } from "../../core/workflow/workflow.js";
import { beginWorkflow, type WorkflowState, workflowAfter } from "../../core/workflow/workflow-state.js";
import type { Past } from "./replay.js";

export interface Journal {
  readonly history: History;
  /** Where the run stands in its workflow; null without one. */
  readonly workflow: WorkflowState | null;
  /** The step the run is in; null without a workflow, and before the first is entered. */
  readonly step: Step | null;
  /** Takes an event into history and workflow, without the secrets in it; it is not saved yet. */
  note(event: RunEvent): void;
  /** Takes in an event that somebody else has saved. */
  learn(event: RunEvent): void;
  /** All events since the last take, to be saved in one commit. */
  take(): readonly RunEvent[];
  /** True while the answer of a tool call waits to be saved. */
  hasUnsavedAnswers(): boolean;
}

/** Where a run stands after its past. `facts` are the variables that legwork itself sets. */
export function createJournal(
  request: RunRequest,
  past: Past,
  facts: Readonly<Record<string, Json>>,
  readReply: ReadReply,
  redact: Redact,
): Journal {
  const history = createHistory(past.opening);
  const definition = request.workflow;
  let workflow = definition && beginWorkflow(definition, { ...request.variables, ...facts });
  let unsaved: RunEvent[] = [];

  function fold(event: RunEvent): void {
    recordEvent(history, event, readReply);
    if (!definition || !workflow) return;
    const args = event.type === "tool_call_finished" ? history.calls[event.index]?.arguments : undefined;
    workflow = workflowAfter(definition, workflow, event, args);
  }

  for (const event of past.events) fold(event);
  return {
    history,
    get workflow() {
      return workflow;
    },
    get step() {
      return definition && workflow?.step ? stepNamed(definition, workflow.step) : null;
    },
    note(given) {
      const event = redact.value(given);
      fold(event);
      unsaved.push(event);
    },
    learn: fold,
    take() {
      const taken = unsaved;
      unsaved = [];
      return taken;
    },
    hasUnsavedAnswers: () =>
      unsaved.some(({ type }) => type === "tool_call_finished" || type === "workflow_call_finished"),
  };
}
