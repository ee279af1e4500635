/** A disk that is full, and one that can only be read, as a host meets them. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { CAN_MOUNT, fillDisk, onFullDisk, onReadOnlyDisk, onSmallDisk, seenBy } from "../support/disks.js";
import { processExists, until, type Workbench } from "../support/host.js";
import { naming } from "../support/naming.js";
import { effectServer, rehearse, runScript, setBench, setHost } from "../support/rehearsals.js";

const SMALL_DISK = 12_288; // KiB: room for the log up to its checkpoint
const go = { prompt: "play", provider: "rehearsal" };

function setTalk(): Workbench {
  const bench = setBench();
  bench.configure(`mcpServers: { workspace: { disabled: true }, effects: ${effectServer()} }`);
  rehearse(bench, "talk", [{ text: "hello" }]);
  return bench;
}

describe.skipIf(!CAN_MOUNT)("a disk that is full", () => {
  it("stops a run with its reason; once there is room the run continues, and new ones work", {
    timeout: 60_000,
  }, async () => {
    const bench = setTalk();
    const calls = Array.from({ length: 150 }, (_, n) => ({
      delay_ms: 20,
      calls: [{ tool: "effects__echo", arguments: { n } }],
    }));
    rehearse(bench, "long", [...calls, { text: "done" }]);
    const host = await setHost(bench, { wrapper: onSmallDisk(bench.home, SMALL_DISK) });
    const home = seenBy(host.pid, bench.home);
    await runScript(host, "talk");
    const long = { ...go, model: "long", tools: ["effects__echo"], max_turns: 1000 };
    const { run_id } = (await host.call("spawn_agent", long)).structured;
    const seen = async () => (await host.call("get_run", { run_id })).structured.run;
    await until(async () => Number(Reflect.get(await seen(), "turns_used")) >= 3);

    const empty = fillDisk(home);
    const full = naming(`${bench.home}/legwork.db`, "SQLITE_FULL");
    const waited = await host.call("wait_for_runs", { run_ids: [run_id], wait_seconds: 40 });
    expect(waited.structured).toMatchObject({
      pending: [],
      runs: [{ run_id, error: { code: "store", message: full } }],
    });
    expect(await seen()).toMatchObject({ status: "running", error: { code: "store", message: full } });
    expect((await seen()).next).toEqual(expect.any(String));
    const refused = await host.call("spawn_agent", { ...go, model: "talk" });
    expect(refused).toMatchObject({ isError: true, structured: { error: { code: "store", message: full } } });
    const [newest, ...others] = (await host.call("list_runs")).structured.runs as object[];
    expect(newest).toMatchObject({ run_id, error: { message: full } });
    expect(others).toHaveLength(1);
    expect((await host.call("get_run", { run_id, view: "events" })).structured.events).not.toHaveLength(0);

    empty();
    await until(async () => (await seen()).status === "success");
    expect(await seen()).toMatchObject({ result: "done", error: null, tool_calls_count: 150 });
    expect(await runScript(host, "talk")).toMatchObject({ status: "success", result: "hello" });
    // SQLite follows links by name, and so would not find the host's own disk: it looks at a copy.
    for (const name of ["legwork.db", "legwork.db-wal"]) copyFileSync(join(home, name), join(bench.root, name));
    const database = openSqlite(join(bench.root, "legwork.db"));
    expect(database.pragma("integrity_check", { simple: true })).toBe("ok");
    const counts = "SELECT last_seq AS last, (SELECT count(*) FROM run_events WHERE run_id = id) AS events FROM runs";
    const rows = database.prepare(counts).all() as { last: number; events: number }[];
    const turns = "SELECT type, data FROM run_events WHERE type IN ('run_interrupted', 'run_resumed') ORDER BY seq";
    expect(database.prepare(turns).all()).toMatchObject([
      { type: "run_interrupted", data: naming("database") },
      { type: "run_resumed" },
    ]);
    database.close();
    expect(rows).toHaveLength(3);
    for (const { last, events } of rows) expect(events).toBe(last);
  });
});

describe.skipIf(!CAN_MOUNT)("a disk that is full before legwork starts", () => {
  it.each(["properly", "by kill -9"])(
    "serves the runs of a process that ended %s, and says why it starts none",
    async (end) => {
      const bench = setTalk();
      const before = await setHost(bench);
      const { run_id } = await runScript(before, "talk");
      if (end === "properly") await before.close();
      else process.kill(before.pid, "SIGKILL");
      await until(() => !processExists(before.pid));
      const host = await setHost(bench, { wrapper: onFullDisk(bench.home, 1_024) });
      expect((await host.call("list_runs")).structured.runs).toMatchObject([{ run_id, status: "success" }]);
      expect((await host.call("get_run", { run_id })).structured.run).toMatchObject({ result: "hello" });
      const refused = await host.call("spawn_agent", { ...go, model: "talk" });
      expect(refused).toMatchObject({
        isError: true,
        structured: { error: { code: "store", message: naming(`${bench.home}/legwork.db`, "full", "restart") } },
      });
    },
  );
});

describe.skipIf(!CAN_MOUNT)("a read-only home", () => {
  it("after every process has ended serves the earlier runs and refuses new ones", async () => {
    const bench = setTalk();
    const before = await setHost(bench);
    const { run_id } = await runScript(before, "talk");
    await before.close();
    await expectReadsOnly(bench, run_id);
  });

  it("while another process writes serves the runs of that process", async () => {
    const bench = setTalk();
    const writer = await setHost(bench);
    const { run_id } = await runScript(writer, "talk");
    const reader = await expectReadsOnly(bench, run_id);
    const later = await runScript(writer, "talk");
    const { structured } = await reader.call("get_run", { run_id: later.run_id });
    expect(structured.run).toMatchObject({ status: "success", result: "hello" });
  });

  it("after its process was killed serves the runs of that process", async () => {
    const bench = setTalk();
    const killed = await setHost(bench);
    const { run_id } = await runScript(killed, "talk");
    process.kill(killed.pid, "SIGKILL");
    await until(() => !processExists(killed.pid));
    await expectReadsOnly(bench, run_id);
  });

  async function expectReadsOnly(bench: Workbench, runId: string) {
    const host = await setHost(bench, { wrapper: onReadOnlyDisk(bench.home) });
    expect((await host.call("list_runs")).structured.runs).toMatchObject([{ run_id: runId, status: "success" }]);
    const { run } = (await host.call("get_run", { run_id: runId })).structured;
    expect(run).toMatchObject({ result: "hello" });
    const refused = await host.call("spawn_agent", { ...go, model: "talk" });
    expect(refused.isError).toBe(true);
    expect(refused.structured.error).toMatchObject({
      code: "store",
      message: naming(`${bench.home}/legwork.db`, "writable"),
    });
    expect((await host.call("list_runs")).structured.runs).toHaveLength(1);
    return host;
  }
});
