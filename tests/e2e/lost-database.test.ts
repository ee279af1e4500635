/** A database that somebody deletes, replaces or holds while legwork has it open. */
import { copyFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { call, says, setSandbox, text } from "../support/agents.js";
import { hang } from "../support/gemini-stand-in.js";
import { until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { spawnRun } from "../support/resuming.js";

const HELD_MS = 9_000; // shorter than writes wait for the lock, far longer than SQLite does by itself

const GONE = {
  isError: true,
  structured: { error: { code: "store", message: naming("legwork.db", "replaced", "restart") } },
};

it.each([
  [
    "deleted",
    (file: string) => {
      for (const end of ["", "-wal", "-shm"]) rmSync(file + end, { force: true });
    },
  ],
  [
    "replaced by a copy",
    (file: string) => {
      copyFileSync(file, `${file}.copy`);
      renameSync(`${file}.copy`, file);
    },
  ],
])(
  "is noticed within seconds when it is %s: the run stops, and every call says so",
  async (_, lose) => {
    const { bench, host, standIn, effects, anotherHost } = await setSandbox([
      says(call("effects__add_line", { text: "before" })),
      hang(),
      says(text("Hello.")),
    ]);
    const runId = await spawnRun(host);
    const cut = await standIn.arrived(2);
    const waiting = host.call("wait_for_runs", { run_ids: [runId], wait_seconds: 50 });
    lose(join(bench.home, "legwork.db"));
    expect(await waiting).toMatchObject(GONE);
    await cut.closed;
    expect(await host.call("spawn_agent", { prompt: "more" })).toMatchObject(GONE);
    expect(await host.call("list_runs")).toMatchObject(GONE);
    expect(effects()).toEqual(["before"]);
    const fresh = await anotherHost();
    expect((await fresh.call("spawn_agent", { prompt: "anew", wait_seconds: 20 })).isError).toBe(false);
  },
  60_000,
);

it("keeps no event from being written, small or large, where another program holds it for seconds", async () => {
  let answer = () => {};
  const held = new Promise<void>((settle) => {
    answer = settle;
  });
  const { bench, host, standIn, effects } = await setSandbox(async ({ contents }) => {
    if (contents.length > 1) return says(text("ok"));
    await held;
    const isLarge = JSON.stringify(contents).includes("large");
    return says(isLarge ? call("effects__big", { n: 25_000 }) : call("effects__add_line", { text: "held" }));
  });
  const run_ids = await Promise.all(["small", "large"].map((prompt) => spawnRun(host, { prompt, tools: ["*"] })));
  await standIn.arrived(2);
  const database = openSqlite(join(bench.home, "legwork.db"));
  onTestFinished(() => void database.close());
  database.exec("BEGIN IMMEDIATE");
  answer();
  setTimeout(() => database.open && database.exec("ROLLBACK"), HELD_MS);
  await until(async () => {
    const { runs } = (await host.call("wait_for_runs", { run_ids, wait_seconds: 20 })).structured;
    for (const { error } of runs) expect(error ?? null).toBeNull(); // nor has one been stopped
    return runs.length === 2 && runs.every(({ status }) => status === "success");
  });
  expect(effects()).toEqual(["held"]);
});
