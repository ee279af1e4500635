/** What a run may use at a moment of its life, and by which rule: a fold of its events. */

import { RequestError } from "../../core/errors.js";
import type { RunStore } from "../../core/ports/run-store.js";
import type { RunEvent } from "../../core/run/event.js";
import type { Run, RunRequest } from "../../core/run/run.js";
import { type Rule, stepNamed } from "../../core/workflow/workflow.js";
import { policyInStep } from "../request/resolve-policy.js";

export interface Access {
  /** The seq of the event that set it so; null where nothing has yet. */
  readonly setAt: number | null;
  readonly step: string | null;
  /** The rules of the step in their order: they judge single calls of the tools that are allowed. */
  readonly rules: readonly Rule[];
  /** Each tool with what decided, in the order of the decisions. */
  readonly tools: readonly { readonly tool: string; readonly allowed: boolean; readonly rule: string }[];
  /** Why the tools may be others than those of the step, in a sentence; null where they are its own. */
  readonly note: string | null;
}

/** As it was right after event `at`; null is now, or the run's end. Throws RequestError where there is no such event. */
export function accessAt(
  run: Run,
  at: number | null,
  store: Pick<RunStore, "getRun" | "listEvents" | "lastEvents">,
): Access {
  if (at !== null && store.listEvents(run.id, { afterSeq: at - 1, limit: 1 })[0]?.seq !== at)
    throw new RequestError("unknown_event", `at: ${run.id} has no event ${at} so far: its events say their numbers`);
  const before = at === null ? null : at + 1;
  const entered = lastOf("step_entered", run.id, before, store);
  const resolved = lastOf("tools_resolved", run.id, before, store);
  const begun = run.continues === null ? null : (store.getRun(run.continues)?.step ?? null);
  const step = entered?.event.step ?? begun;
  const resolvedIn = resolved && lastOf("step_entered", run.id, resolved.seq, store);
  const setAt = Math.max(entered?.seq ?? 0, resolved?.seq ?? 0);
  const { workflow } = run.request;
  const rulings = resolved?.event.rulings ?? [];
  return {
    setAt: setAt === 0 ? null : setAt,
    step,
    rules: workflow === null || step === null ? [] : stepNamed(workflow, step).rules,
    tools: rulings.flatMap(({ rule, allowed, tools }) => tools.map((tool) => ({ tool, allowed, rule }))),
    note: noteOf(run.request, step, resolved && { step: resolvedIn?.event.step ?? begun }),
  };
}

/** The last event of a type before the event `beforeSeq`, where that is not null. */
function lastOf<T extends RunEvent["type"]>(
  type: T,
  runId: string,
  beforeSeq: number | null,
  store: Pick<RunStore, "lastEvents">,
) {
  const [last] = store.lastEvents(runId, { type, beforeSeq, limit: 1 });
  return last ? { seq: last.seq, event: last.event as Extract<RunEvent, { type: T }> } : null;
}

/** Tools are resolved when a turn begins or the workflow calls one, so a step that has just been entered has none of its own. */
function noteOf(request: RunRequest, step: string | null, resolved: { readonly step: string | null } | null) {
  if (resolved === null) return "no turn has begun, so no tools were resolved";
  if (policyKey(request, step) === policyKey(request, resolved.step)) return null;
  return resolved.step === null
    ? `the tools were not resolved in step "${step}": these are those from before it`
    : `the tools were not resolved in step "${step}": these are those of step "${resolved.step}"`;
}

function policyKey(request: RunRequest, step: string | null): string {
  const { workflow } = request;
  return JSON.stringify(policyInStep(request, workflow === null || step === null ? null : stepNamed(workflow, step)));
}
