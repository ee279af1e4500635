/** A database that somebody deletes or replaces while legwork has it open. */
import { copyFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { call, says, setSandbox, text } from "../support/agents.js";
import { hang } from "../support/gemini-stand-in.js";
import { naming } from "../support/naming.js";
import { spawnRun } from "../support/resuming.js";

const GONE = {
  isError: true,
  structured: { error: { code: "store", message: naming("legwork.db", "replaced", "restart") } },
};

it.each([
  ["deleted", (file: string) => ["", "-wal", "-shm"].forEach((end) => rmSync(file + end, { force: true }))],
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
