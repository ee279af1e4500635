/** The state of a run in its loop: its history and workflow, and the events that are not saved yet. */

import { ATTACHMENT_NOTE, type KeptAnswer, type RunEvent } from "../../core/journal/event.js";
import { recordEvent } from "../../core/journal/history.js";
import { createHistory, type History, type ReadReply } from "../../core/journal/history-state.js";
import type { Blob, Commit } from "../../core/ports/run-store.js";
import type { Redact } from "../../core/redact.js";
import type { Reservation } from "../../core/run/budget.js";
import { canSpawn } from "../../core/run/limits.js";
import type { Run } from "../../core/run/run.js";
import { type Json, type Step, stepNamed } from "../../core/workflow/workflow.js";
import { beginWorkflow, type WorkflowState, workflowAfter } from "../../core/workflow/workflow-state.js";
import { createKeptBlobs } from "./kept-blobs.js";
import type { Replay, Texts } from "./replay.js";

export interface RunState {
  readonly history: History;
  /** Where the run stands in its workflow; null without one. */
  readonly workflow: WorkflowState | null;
  /** The step of the run; null without a workflow, and before the first step is entered. */
  readonly step: Step | null;
  /** Applies an event, without its secrets, and keeps it with its blobs for the next flush. */
  record(event: RunEvent, blobs?: readonly Blob[]): void;
  /** Applies an event that another writer has saved. */
  apply(event: RunEvent): void;
  /** Counts a blob among those that the run keeps; false where that would be more than `most` bytes. */
  keeps(blob: Blob, most: number): boolean;
  /** The events and blobs since the last flush, to be saved in one commit. */
  flush(reservation?: Reservation): Commit;
  /** True while the answer of a tool call waits to be saved. */
  hasUnsavedAnswers(): boolean;
}

const NO_TEXTS: Texts = new Map();

/** The state of a run after its replay. Where conditions are judged on it, `texts` are those that the replay leaves in part. */
export function createRunState(
  run: Pick<Run, "depth" | "parentSessionId" | "request">,
  replay: Replay,
  readReply: ReadReply,
  redact: Redact,
  texts: Texts = NO_TEXTS,
): RunState {
  const { request } = run;
  const history = createHistory(replay.firstMessage);
  const definition = request.workflow;
  let workflow = definition && beginWorkflow(definition, { ...request.variables, ...ownVariables(run) });
  const kept = createKeptBlobs();
  let events: RunEvent[] = [];
  let blobs: Blob[] = [];

  function apply(event: RunEvent, withBlobs: readonly Blob[] = []): void {
    recordEvent(history, event, readReply);
    if (!definition || !workflow) return;
    if (event.type !== "tool_call_finished") {
      workflow = workflowAfter(definition, workflow, event);
      return;
    }
    const whole = withBlobs.find(({ hash }) => hash === event.blob)?.text ?? texts.get(event.blob ?? "");
    const args = history.calls[event.index]?.arguments;
    workflow = workflowAfter(definition, workflow, event, args, whole ?? withoutNote(event));
  }

  for (const event of replay.events) {
    apply(event);
    kept.replay(event);
  }
  return {
    history,
    get workflow() {
      return workflow;
    },
    get step() {
      return definition && workflow?.step ? stepNamed(definition, workflow.step) : null;
    },
    record(event, withBlobs = []) {
      const redacted = redact.value(event);
      apply(redacted, withBlobs);
      events.push(redacted);
      blobs.push(...withBlobs);
    },
    apply: (event) => apply(event),
    keeps: kept.keeps,
    flush(reservation) {
      const commit = { events, blobs, ...(reservation && { reservation }) };
      events = [];
      blobs = [];
      return commit;
    },
    hasUnsavedAnswers: () =>
      events.some(({ type }) => type === "tool_call_finished" || type === "workflow_call_finished"),
  };
}

/** The text of an answer without the note for the agent about its attachments. */
function withoutNote({ text, attachments = [] }: KeptAnswer): string {
  return attachments.length === 0 ? text : text.slice(0, Math.max(0, text.lastIndexOf(ATTACHMENT_NOTE)));
}

/** The variables that legwork itself sets. */
function ownVariables({ depth, parentSessionId, request }: Pick<Run, "depth" | "parentSessionId" | "request">) {
  return {
    agent_depth: depth,
    max_agent_depth: request.limits.maxDepth,
    can_spawn: canSpawn(depth, request.limits),
    parent_session_id: parentSessionId,
    workflow_completed: false,
    completion_result: null,
  } satisfies Readonly<Record<string, Json>>;
}
