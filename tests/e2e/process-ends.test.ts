/** The end of a process: the state on disk, its time, and the processes that are left. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { call, createHome, keysFor, linesIn, says, setSandbox, text } from "../support/agents.js";
import { hang, type Script, startGeminiStandIn } from "../support/gemini-stand-in.js";
import { createWorkbench, INITIALIZE, spawnRaw, until, type Workbench } from "../support/host.js";
import { AT_ONCE_MS, CLOSE_BUDGET_MS } from "../support/in-time.js";
import { processesOf } from "../support/leftovers.js";

function bareBench(): Workbench {
  const bench = createWorkbench();
  onTestFinished(() => bench.remove());
  return bench;
}

/** A home and a stand-in without a host. */
async function setHome(script: Script) {
  const [bench, standIn] = [createHome(), await startGeminiStandIn(script)];
  onTestFinished(async () => {
    await standIn.close();
    bench.remove();
  });
  return { bench, standIn, keys: keysFor(standIn) };
}

function readRuns(bench: Workbench) {
  const database = openSqlite(join(bench.home, "legwork.db"), { readonly: true });
  const rows = database.prepare("SELECT id, status, owner, epoch FROM runs").all() as { id: string; status: string }[];
  const interruptedAt = database
    .prepare("SELECT at FROM run_events WHERE type = 'run_interrupted'")
    .pluck()
    .all() as number[];
  const health = database.pragma("integrity_check", { simple: true });
  database.close();
  return { rows, interruptedAt, health };
}

/** A raw peer with one run that is inside a slow tool call. */
async function withSlowRun() {
  const { bench, keys } = await setHome([says(call("effects__slow", { ms: 60_000 }))]);
  const slowStages = () => linesIn(bench, "stages");
  const peer = spawnRaw(bench, keys);
  peer.send(INITIALIZE);
  peer.send({ jsonrpc: "2.0", method: "notifications/initialized" });
  peer.send({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "spawn_agent", arguments: { prompt: "go" } },
  });
  await until(() => slowStages().includes("started"));
  return { bench, peer, slowStages };
}

it.each([
  ["stdin closes", (peer: ReturnType<typeof spawnRaw>) => peer.child.stdin.end()],
  ["SIGTERM", (peer: ReturnType<typeof spawnRaw>) => peer.child.kill("SIGTERM")],
  ["SIGINT", (peer: ReturnType<typeof spawnRaw>) => peer.child.kill("SIGINT")],
  ["SIGHUP", (peer: ReturnType<typeof spawnRaw>) => peer.child.kill("SIGHUP")],
  [
    "stdin closes, SIGTERM and SIGINT all at once",
    (peer: ReturnType<typeof spawnRaw>) => {
      peer.child.stdin.end();
      peer.child.kill("SIGTERM");
      peer.child.kill("SIGINT");
    },
  ],
])("%s: the run is interrupted on disk at once, the process gone within 2 s, no child left", async (_name, end) => {
  const { bench, peer, slowStages } = await withSlowRun();
  const begun = Date.now();
  end(peer);
  expect(await peer.exited).toBe(0);
  expect(Date.now() - begun).toBeLessThan(CLOSE_BUDGET_MS);
  const { rows, interruptedAt, health } = readRuns(bench);
  expect(rows).toMatchObject([{ status: "interrupted", owner: null, epoch: 2 }]);
  expect(interruptedAt).toHaveLength(1);
  expect((interruptedAt[0] ?? 0) - begun).toBeLessThan(AT_ONCE_MS);
  expect(health).toBe("ok");
  expect(slowStages()).toContain("cancelled");
  expect(processesOf(bench)).toEqual([]);
});

it("a host that stops reading ends the server in the same way", async () => {
  const { bench, peer } = await withSlowRun();
  peer.child.stdout.destroy();
  peer.send({ jsonrpc: "2.0", id: 2, method: "tools/list" }); // the answer meets a closed pipe
  peer.send({ jsonrpc: "2.0", id: 3, method: "tools/list" });
  await peer.exited;
  expect(readRuns(bench).rows).toMatchObject([{ status: "interrupted" }]);
  await until(() => processesOf(bench).length === 0);
});

it("after kill -9 the next process interrupts the dead process's runs at its first call", async () => {
  const { bench, peer } = await withSlowRun();
  peer.child.kill("SIGKILL");
  await peer.exited;
  expect(readRuns(bench)).toMatchObject({ rows: [{ status: "running" }], health: "ok" });

  const next = spawnRaw(bench);
  next.send(INITIALIZE);
  next.send({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  await until(() => next.stdout().includes('"id":1'));
  expect(readRuns(bench).rows).toMatchObject([{ status: "running" }]); // not at start: hosts start servers only to look
  next.send({ jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "list_runs", arguments: {} } });
  await until(() => next.stdout().includes('"id":2'));
  expect(readRuns(bench).rows).toMatchObject([{ status: "interrupted" }]);
  next.child.stdin.end();
  await next.exited;
});

it("text and effects of a run survive kill -9", async () => {
  const { bench, host, slowStages, anotherHost } = await setSandbox([
    says(text("A line first."), call("effects__add_line", { text: "x" })),
    says(call("effects__slow", { ms: 60_000 })),
  ]);
  const { run_id } = (await host.call("spawn_agent", { prompt: "go", tools: ["*"] })).structured;
  await until(() => slowStages().includes("started"));
  process.kill(host.pid, "SIGKILL");
  const other = await anotherHost();
  const { run } = (await other.call("get_run", { run_id })).structured;
  expect(run).toMatchObject({
    status: "interrupted",
    partial_text: "A line first.",
    effects: [{ tool: "effects__add_line", outcome: "done" }],
    turns_used: 2,
  });
  expect(readRuns(bench).health).toBe("ok");
});

it.each([
  ["nothing at all", []],
  ["server/discover", [{ jsonrpc: "2.0", id: 9, method: "server/discover", params: {} }]],
])("end of input before initialize, after %s, leaves no trace on disk", async (_name, messages) => {
  const bench = bareBench();
  const peer = spawnRaw(bench);
  for (const message of messages) peer.send(message);
  if (messages.length > 0) await until(() => peer.stdout().includes('"id":9'));
  peer.child.stdin.end();
  expect(await peer.exited).toBe(0);
  expect(existsSync(bench.home)).toBe(false);
  if (messages.length > 0) expect(JSON.parse(peer.stdout())).toMatchObject({ id: 9, error: { code: -32601 } });
});

it("initialize and tools/list leave no trace on disk either", async () => {
  const bench = bareBench();
  const peer = spawnRaw(bench);
  peer.send(INITIALIZE);
  peer.send({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  await until(() => peer.stdout().includes('"id":1'));
  peer.child.stdin.end();
  expect(await peer.exited).toBe(0);
  expect(existsSync(bench.home)).toBe(false);
});

it("the server answers a call that came in just before the end of input", async () => {
  const bench = bareBench();
  const peer = spawnRaw(bench);
  peer.send(INITIALIZE);
  peer.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "list_runs", arguments: {} } });
  peer.child.stdin.end();
  expect(await peer.exited).toBe(0);
  expect(peer.stdout()).toContain('"id":1');
});

it("a wait in progress is answered when the end comes, with the run as interrupted", async () => {
  const { host, standIn } = await setSandbox([hang()]);
  const { run_id } = (await host.call("spawn_agent", { prompt: "go" })).structured;
  await standIn.arrived(1);
  const waiting = host.call("wait_for_runs", { run_ids: [run_id] });
  execFileSync("kill", ["-TERM", String(host.pid)]);
  expect((await waiting).structured.runs).toMatchObject([{ status: "interrupted" }]);
});

it("runs that are just being created when their process ends are interrupted too", async () => {
  const { bench, standIn, keys } = await setHome(() => hang());
  const peer = spawnRaw(bench, keys);
  const gone = new Promise((resolve) => peer.child.once("exit", resolve));
  const spawn = (id: number) =>
    peer.send({
      jsonrpc: "2.0",
      id,
      method: "tools/call",
      params: { name: "spawn_agent", arguments: { prompt: "go" } },
    });
  peer.send(INITIALIZE);
  peer.send({ jsonrpc: "2.0", method: "notifications/initialized" });
  spawn(1);
  await until(() => standIn.requests.length === 1);
  for (let id = 2; id <= 40; id++) spawn(id);
  await until(() => readRuns(bench).rows.length > 2);
  peer.child.kill("SIGTERM");
  await gone;
  const { rows } = readRuns(bench);
  expect(rows.map(({ status }) => status)).toEqual(rows.map(() => "interrupted"));
});
