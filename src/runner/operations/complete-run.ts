/** Ends a run by hand, with an outcome that is judged like the agent's own `complete`. */
import { RequestError } from "../../core/errors.js";
import type { JsonSchemas } from "../../core/ports/json-schemas.js";
import type { EndedRun, RunStore } from "../../core/ports/run-store.js";
import type { Run } from "../../core/run/run.js";
import { judgeComplete } from "../loop/judge-complete.js";
import { type UnmetDeps, unmetByWorkflow } from "../loop/unmet-by-workflow.js";
import { refuseNewer } from "../request/newer-runs.js";
import type { Completion } from "../tools/arguments.js";
import { type EndDeps, endRun } from "./end-run.js";

export type CompleteDeps = EndDeps &
  UnmetDeps & {
    readonly store: Pick<RunStore, "hasNewerEvents">;
    readonly schemas: JsonSchemas;
    /** Resolves when `redact` knows all secrets of the configuration. */
    secretsKnown(): Promise<void>;
  };

/** Throws RequestError where the run is not at work, or may not end so. */
export async function completeRun(run: Run, completion: Completion, deps: CompleteDeps): Promise<Omit<EndedRun, "id">> {
  const refuse = (status: string) =>
    new RequestError("not_running", `${run.id} is ${status}: only a running or waiting run can be completed`);
  if (run.status !== "running" && run.status !== "waiting") throw refuse(run.status);
  await refuseNewer(run.id, deps.store);
  await deps.secretsKnown(); // the outcome of a host is stored
  const verdict = await judgeComplete(completion, run.request.outputSchema, deps.schemas);
  if (verdict.kind === "refused") throw new RequestError("invalid_arguments", verdict.reason);
  const unmet = verdict.outcome.status === "success" ? await unmetByWorkflow(run, deps) : [];
  if (unmet.length > 0)
    throw new RequestError(
      "not_done",
      `${run.id} cannot end in success: ${unmet.join("; ")}; pass status partial or blocked, or let it continue`,
    );
  const ended = await endRun(run.id, verdict.outcome, deps);
  if (!ended.ended) throw refuse(ended.was); // it came to another end in the meantime
  return ended;
}
