/** The person in the tests: answers what runs ask, and waits for what comes of it. */

import { join } from "node:path";
import { expect } from "vitest";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { type QuestionAnswer, type Structured, type TestHost, until, type Workbench } from "./host.js";
import { type Led, tell, type WorkflowSandbox } from "./workflows.js";

/** The run as it is when it asks again or has ended. */
export async function settled(host: TestHost, runId: string): Promise<Structured> {
  const { structured } = await host.call("wait_for_runs", { run_ids: [runId], wait_seconds: 40 }, { timeout: 50_000 });
  const [run] = structured.runs;
  if (!run) throw new Error(`no answer about ${runId}`);
  return run as Structured;
}

/** Says something to a run, which must not be refused, and tells what came of it. */
export async function respond({ host }: Pick<WorkflowSandbox, "host">, { run }: Led, said: object): Promise<Led> {
  const { isError, text } = await host.call("respond_to_run", { run_id: run.run_id, ...said });
  expect(isError, text).toBe(false);
  return await tell(host, await settled(host, run.run_id));
}

/** What a run waits with. */
export function questionOf({ run }: { readonly run: Structured }): QuestionAnswer {
  expect(run.status, JSON.stringify(run)).toBe("waiting");
  if (!run.question) throw new Error("it asks nothing");
  return run.question;
}

/** Lets a run's question go unanswered until its time is up, and tells what comes of it. */
export async function leaveUnanswered(
  { bench, host }: Pick<WorkflowSandbox, "bench" | "host">,
  led: Led,
): Promise<Led> {
  const { run_id } = led.run;
  letExpire(bench, run_id);
  await until(async () => (await host.call("get_run", { run_id })).structured.run.question === undefined);
  return await tell(host, await settled(host, run_id));
}

/** Moves the time limit of a run's open question into the past. */
export function letExpire(bench: Workbench, runId: string): void {
  const database = openSqlite(join(bench.home, "legwork.db"));
  const expire = "UPDATE runs SET question = json_set(question, '$.expiresAt', 1) WHERE id = ? AND status = 'waiting'";
  const { changes } = database.prepare(expire).run(runId);
  database.close();
  expect(changes).toBe(1);
}
