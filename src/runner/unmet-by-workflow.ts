/** What a run's workflow still asks for, told from outside its loop: by a fold of its journal. */
import { unmetForSuccess } from "../core/advance.js";
import { REDACT_NOTHING } from "../core/redact.js";
import type { Run } from "../core/run.js";
import { createJournal } from "./journal.js";
import { ownVariables, surroundingsOf } from "./run-agent.js";
import type { Runtime } from "./runtime.js";

const MOST_EVENTS = 100_000;

/** Why the run may not end in success now; empty without a workflow. Throws ConfigError. */
export async function unmetByWorkflow(run: Run, runtime: Runtime): Promise<readonly string[]> {
  const { request, id } = run;
  if (request.workflow === null) return [];
  const { conditions } = await runtime.setup();
  const journal = createJournal(request, ownVariables(run), runtime.readReply, REDACT_NOTHING);
  for (const { event } of runtime.store.listEvents(id, { afterSeq: 0, limit: MOST_EVENTS })) journal.note(event);
  if (journal.workflow === null) return [];
  return unmetForSuccess(request.workflow, journal.workflow, surroundingsOf(run, conditions));
}
