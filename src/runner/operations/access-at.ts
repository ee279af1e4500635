/** The tools of a run at a moment of its life, each with its rule: a fold of its events. */

import type { RunEvent } from "../../core/journal/event.js";
import type { RunStore } from "../../core/ports/run-store.js";
import type { Run, RunRequest } from "../../core/run/run.js";
import type { Access } from "../../core/tools/access.js";
import { stepNamed } from "../../core/workflow/workflow.js";
import { policyInStep } from "../request/resolve-policy.js";
import { eventAt } from "./event-at.js";

type Journals = Pick<RunStore, "getRun" | "listEvents" | "lastEvents">;

/** The access right after event `at`; null is now, or the run's end. Throws RequestError where there is no such event. */
export async function accessAt(run: Run, at: number | null, store: Journals): Promise<Access> {
  if (at !== null) await eventAt(run.id, at, store);
  const before = at === null ? null : at + 1;
  const entered = await lastOf("step_entered", run.id, before, store);
  const resolved = await lastOf("tools_resolved", run.id, before, store);
  const source = run.continues === null ? null : await store.getRun(run.continues);
  const firstStep = source?.step ?? null;
  const step = entered?.event.step ?? firstStep;
  const resolvedIn = resolved && (await lastOf("step_entered", run.id, resolved.seq, store));
  const setAt = Math.max(entered?.seq ?? 0, resolved?.seq ?? 0);
  const { workflow } = run.request;
  const rulings = resolved?.event.rulings ?? [];
  return {
    setAt: setAt === 0 ? null : setAt,
    step,
    rules: workflow === null || step === null ? [] : stepNamed(workflow, step).rules,
    tools: rulings.flatMap(({ rule, allowed, tools }) => tools.map((tool) => ({ tool, allowed, rule }))),
    note: noteOf(run.request, step, resolved && { step: resolvedIn?.event.step ?? firstStep }),
  };
}

/** The last event of a type before the event `beforeSeq`, where that is not null. */
async function lastOf<T extends RunEvent["type"]>(type: T, runId: string, beforeSeq: number | null, store: Journals) {
  const [last] = await store.lastEvents(runId, { type, beforeSeq, limit: 1 });
  return last ? { seq: last.seq, event: last.event as Extract<RunEvent, { type: T }> } : null;
}

/** Tools are resolved when a turn begins or the workflow calls one: a step that was just entered has no tool set yet. */
function noteOf(request: RunRequest, step: string | null, resolved: { readonly step: string | null } | null) {
  if (resolved === null) return "no turn has begun, so no tools were resolved";
  if (policyKey(request, step) === policyKey(request, resolved.step)) return null;
  return resolved.step === null
    ? `the tools were not resolved in step "${step}": these are from before the first step`
    : `the tools were not resolved in step "${step}": these are the tools of step "${resolved.step}"`;
}

function policyKey(request: RunRequest, step: string | null): string {
  const { workflow } = request;
  return JSON.stringify(policyInStep(request, workflow === null || step === null ? null : stepNamed(workflow, step)));
}
