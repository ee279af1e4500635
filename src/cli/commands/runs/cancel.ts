/** `legwork runs cancel`: stops a run, whichever process works on it. */
import { toRunView } from "../../../views/run-view.js";
import { defineCommand, jsonOption, text } from "../../command.js";
import { OK_EXIT } from "../../render/command-end.js";
import { visibleJson } from "../../render/visible.js";
import type { Installation, RunRecords, SecretFilter } from "../../services.js";
import { findRun, runArgument } from "./find-run.js";

export const cancelRun = defineCommand({
  name: "cancel",
  summary: "Stop a run, whichever process works on it",
  description: "Ends a run and every run that it started. Its process notices and stops its work.",
  examples: ['legwork runs cancel ID --reason "not needed"'],
  arguments: { id: runArgument },
  options: { reason: text("TEXT", "The reason, which is stored with the run"), json: jsonOption },
  async run({ id: name, reason, json }, services: RunRecords & Installation & SecretFilter) {
    const { store, readReply } = await services.openRuns();
    const { id } = await findRun(name, store, services.project);
    const why = reason === null ? "" : `: ${await services.redactSecrets(reason)}`;
    const message = `cancelled by the user${why}`;
    const outcome = { status: "cancelled", result: null, error: { code: "cancelled", message } } as const;
    const was = (await store.endTree(id, outcome)).find((run) => run.id === id)?.was;
    const now = await store.getRun(id);
    if (now === null || was === undefined) throw new Error(`run ${id} is gone`);
    const sentence =
      was === now.status ? `${id} had ended before: ${was}` : `${id} was ${was} and is ${now.status} now`;
    if (!json) return { text: `${sentence}\n`, exitCode: OK_EXIT };
    const run = await toRunView(now, { store, readReply }, Number.POSITIVE_INFINITY);
    return { text: visibleJson({ was, run }), exitCode: OK_EXIT };
  },
});
