/** The recovery of interrupted runs: requirements, time since the interruption, and free slots. */
import { join } from "node:path";
import type Database from "better-sqlite3";
import { expect, it } from "vitest";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { call, says, setSandbox, text } from "../support/agents.js";
import { hang } from "../support/gemini-stand-in.js";
import { type Structured, type TestHost, until, type Workbench } from "../support/host.js";
import { naming } from "../support/naming.js";
import { answerTextIn, endOf, eventTypes, resumeToEnd, spawnRun } from "../support/resuming.js";

type Listed = Structured["runs"][number] & { readonly missing?: readonly string[] };

async function listed(host: TestHost, args: Record<string, unknown> = {}): Promise<readonly Listed[]> {
  return (await host.call("list_runs", { limit: 100, ...args })).structured.runs;
}

function inDatabase<R>({ home }: Workbench, act: (database: Database.Database) => R): R {
  const database = openSqlite(join(home, "legwork.db"));
  try {
    return act(database);
  } finally {
    database.close();
  }
}

it("a process that misses a requirement of a run skips it and lists the requirement; one that misses none resumes it", async () => {
  const sandbox = await setSandbox([says(call("effects__add_line", { text: "x" })), hang(), says(text("Done."))]);
  const { bench, host, standIn, anotherHost } = sandbox;
  const runId = await spawnRun(host);
  await standIn.arrived(2);
  process.kill(host.pid, "SIGKILL");

  const missing = async (options: Parameters<typeof anotherHost>[0] = {}) => {
    const other = await anotherHost(options);
    expect(await endOf(other, runId)).toMatchObject({ status: "interrupted" });
    return (await listed(other, { scope: "all" }))[0]?.missing;
  };
  const good = bench.read("config.yaml");
  expect(await missing({ cwd: bench.root })).toEqual([naming(bench.project)]);
  expect(await missing({ env: { GEMINI_API_KEY: "" } })).toEqual([naming("provider gemini", "GEMINI_API_KEY")]);
  bench.configure("mcpServers: { workspace: { disabled: true } }");
  expect(await missing()).toEqual([naming('server "effects"')]);
  bench.configure(`mcpServers: { effects: { command: "$${"{NOT_SET}"}" } }`);
  expect(await missing()).toEqual([expect.stringContaining("NOT_SET")]);
  bench.configure("mcpServer: {}");
  expect(await missing()).toEqual([naming("config.yaml:1:1:", '"mcpServer"')]);
  expect(standIn.requests).toHaveLength(2);

  bench.configure(good);
  expect(await endOf(await anotherHost(), runId)).toMatchObject({ status: "success", result: "Done." });
  expect(sandbox.effects()).toEqual(["x"]);
}, 120_000);

it("no process resumes a run that was interrupted more than an hour ago, until resume_run asks for it", async () => {
  const { bench, host, standIn, anotherHost } = await setSandbox([hang(), says(text("Late."))]);
  const runId = await spawnRun(host);
  await standIn.arrived(1);
  await host.close();
  inDatabase(bench, (database) => {
    const hourAgo = Date.now() - 3_600_000 - 1;
    expect(database.prepare("update runs set interrupted_at = ?").run(hourAgo).changes).toBe(1);
  });
  const other = await anotherHost();
  expect(await endOf(other, runId)).toMatchObject({ status: "interrupted" });
  const { next } = (await other.call("get_run", { run_id: runId })).structured.run;
  expect(next).toEqual(naming("more than an hour ago", `resume_run(run_id: "${runId}")`));
  expect(next).not.toContain("automatically");
  expect(standIn.requests).toHaveLength(1);
  expect(await resumeToEnd(other, runId)).toMatchObject({ status: "success", result: "Late." });
});

it("processes with free slots share the runs of a process that was killed, each within its slots", async () => {
  let release = () => {};
  const released = new Promise<void>((settle) => {
    release = settle;
  });
  const { bench, host, standIn, anotherHost } = await setSandbox(
    (_, n) => (n <= 3 ? hang() : released.then(() => says(text("Done.")))),
    { config: "limits: { max_concurrent_runs: 3 }" },
  );
  const ids: string[] = [];
  for (let n = 1; n <= 12; n++) ids.push(await spawnRun(host));
  await standIn.arrived(3);
  const others = [await anotherHost(), await anotherHost()];
  await Promise.all(others.map((other) => other.call("list_runs")));
  process.kill(host.pid, "SIGKILL");
  await standIn.arrived(9);
  const owners = () =>
    inDatabase(bench, (database) =>
      database.prepare("select count(*) n from runs where status = 'running' group by owner").all(),
    );
  expect(owners()).toEqual([{ n: 3 }, { n: 3 }]);
  release();
  const [first] = others as [TestHost];
  const { structured } = await first.call("wait_for_runs", { run_ids: ids, wait_seconds: 40 }, { timeout: 60_000 });
  expect(structured.runs.map(({ status }) => status)).toEqual(ids.map(() => "success"));
  expect(standIn.requests).toHaveLength(3 + 12);
}, 120_000);

it("an owner that was suspended finds its run resumed elsewhere when it wakes, and writes and does nothing more", async () => {
  let release = () => {};
  const released = new Promise<void>((settle) => {
    release = settle;
  });
  const { host, standIn, effects, anotherHost } = await setSandbox((_, n) => {
    if (n === 1) return released.then(() => says(call("effects__add_line", { text: "old" })));
    return n === 2 ? says(call("effects__add_line", { text: "new" })) : says(text("Done."));
  });
  const runId = await spawnRun(host);
  await standIn.arrived(1);
  process.kill(host.pid, "SIGSTOP");
  release(); // its reply waits for it
  const other = await anotherHost();
  await until(async () => (await listed(other))[0]?.status === "success", 60_000);
  const before = await eventTypes(other, runId);
  process.kill(host.pid, "SIGCONT");
  expect((await listed(host))[0]).toMatchObject({ run_id: runId, status: "success" });
  await host.close();
  expect(await eventTypes(other, runId)).toEqual(before);
  expect(before.filter((type) => type === "run_finished")).toHaveLength(1);
  expect(effects()).toEqual(["new"]);
}, 120_000);

it("a process that waits for a run of another one waits on while a third one resumes that run", async () => {
  const { host, standIn, anotherHost } = await setSandbox([hang(), says(text("Done."))]);
  const runId = await spawnRun(host);
  await standIn.arrived(1);
  const [waiting, taking] = [await anotherHost(), await anotherHost()];
  await taking.call("list_runs");
  const end = endOf(waiting, runId);
  process.kill(host.pid, "SIGKILL");
  expect(await end).toMatchObject({ status: "success", result: "Done." });
  expect(await eventTypes(taking, runId)).toContain("run_resumed");
}, 60_000);

it("any process can cancel an interrupted run, and no process resumes it then", async () => {
  const { bench, host, standIn, anotherHost } = await setSandbox([
    says(call("effects__slow_add_line", { text: "x", ms: 60_000 })),
  ]);
  const runId = await spawnRun(host);
  await until(async () => (await eventTypes(host, runId)).includes("tool_call_started"));
  await host.close();
  const elsewhere = await anotherHost({ cwd: bench.root });
  expect(await elsewhere.call("cancel_run", { run_id: runId, reason: "enough" })).toMatchObject({
    structured: { was: "interrupted", status: "cancelled", effects: [{ outcome: "unknown" }] },
  });
  const other = await anotherHost();
  expect(await endOf(other, runId)).toMatchObject({ status: "cancelled" });
  expect(standIn.requests).toHaveLength(1);
  expect(answerTextIn(standIn.requests[0])).toBe("[]");
});
