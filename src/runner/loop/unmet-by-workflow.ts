/** What a run's workflow still asks for, told from outside its loop: by a fold of its journal. */

import { REDACT_NOTHING } from "../../core/redact.js";
import type { Run } from "../../core/run/run.js";
import { unmetForSuccess } from "../../core/workflow/engine.js";
import type { Runtime } from "../runtime.js";
import { loadReplay } from "../state/replay.js";
import { createRunState } from "../state/run-state.js";
import { engineContextOf, ownVariables } from "./run-agent.js";

/** Why the run may not end in success now; empty without a workflow. Throws ConfigError. */
export async function unmetByWorkflow(run: Run, runtime: Runtime): Promise<readonly string[]> {
  const { request } = run;
  if (request.workflow === null) return [];
  const { conditions } = await runtime.setup();
  const replay = loadReplay(run, runtime.store);
  const state = createRunState(request, replay, ownVariables(run), runtime.readReply, REDACT_NOTHING);
  if (state.workflow === null) return [];
  return unmetForSuccess(request.workflow, state.workflow, engineContextOf(run, conditions));
}
