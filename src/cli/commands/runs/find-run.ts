/** The run that the user names. */
import { ConfigError } from "../../../core/errors.js";
import type { RunStore } from "../../../core/ports/run-store.js";
import type { Run } from "../../../core/run/run.js";
import { one } from "../../command.js";

/** The argument of commands that work on one run. */
export const runArgument = one("ID", "The run", "name one run");

/** Throws ConfigError where there is none, StoreError. */
export async function findRun(id: string, store: Pick<RunStore, "getRun">): Promise<Run> {
  const run = await store.getRun(id);
  if (run === null) throw new ConfigError(`there is no run "${id}": "legwork runs list" shows those of this project`);
  return run;
}
