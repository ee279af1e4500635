/** Why a workflow does not let its run end in success, asked from outside the loop: by a fold of the journal. */

import type { ReadReply } from "../../core/journal/history-state.js";
import type { RunStore } from "../../core/ports/run-store.js";
import { REDACT_NOTHING } from "../../core/redact.js";
import type { Run } from "../../core/run/run.js";
import { unmetForSuccess } from "../../core/workflow/exits.js";
import type { GetSetup } from "../request/setup.js";
import { loadReplay, loadTexts } from "../state/replay.js";
import { createRunState } from "../state/run-state.js";
import { engineContextOf } from "../state/turn-context.js";

export interface UnmetDeps {
  readonly store: Pick<RunStore, "listEvents" | "getRun" | "getBlob">;
  readonly readReply: ReadReply;
  readonly setup: GetSetup;
}

/** Empty without a workflow. Throws ConfigError. */
export async function unmetByWorkflow(run: Run, { store, readReply, setup }: UnmetDeps): Promise<readonly string[]> {
  const { request } = run;
  if (request.workflow === null) return [];
  const { conditions } = await setup();
  const replay = await loadReplay(run, store);
  const texts = await loadTexts(replay, store.getBlob);
  const state = createRunState(run, replay, readReply, REDACT_NOTHING, texts);
  if (state.workflow === null) return [];
  return unmetForSuccess(request.workflow, state.workflow, engineContextOf(run, conditions));
}
