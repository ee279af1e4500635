/** Several servers at work on one file: nobody hears that it was locked. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { TestHost } from "../support/host.js";
import { effectServer, rehearseCalls, setBench, setHost } from "../support/rehearsals.js";

const SERVERS = 3;
const RUNS = 10; // of each server

it(`${SERVERS} servers with ${RUNS} runs each end all of them in success, and list them all the while`, {
  timeout: 120_000,
}, async () => {
  const bench = setBench();
  bench.configure(`mcpServers: { workspace: { disabled: true }, effects: ${effectServer()} }`);
  const calls = [1, 2, 3].map((n) => ({ tool: "effects__big", arguments: { n: 200 + n } }));
  rehearseCalls(bench, "load", calls);
  const hosts = await Promise.all(Array.from({ length: SERVERS }, () => setHost(bench)));
  const ended = await Promise.all(hosts.map(spawnAndList));
  expect(ended.flat().filter((status) => status !== "success")).toEqual([]);
  const [first] = hosts;
  const all = await first?.call("list_runs", { status: "success", limit: 100 });
  const next = await first?.call("list_runs", {
    status: "success",
    limit: 100,
    cursor: all?.structured.next_cursor ?? undefined,
  });
  const seen = [...(all?.structured.runs ?? []), ...(next?.structured.runs ?? [])].map(({ run_id }) => run_id);
  expect(new Set(seen).size).toBe(SERVERS * RUNS);
  const log = join(bench.home, "logs", "legwork.log");
  expect(existsSync(log) ? readFileSync(log, "utf8") : "").not.toMatch(/SQLITE|"level":50/);
});

/** The statuses in which the runs of one host ended. */
async function spawnAndList(host: TestHost): Promise<readonly string[]> {
  const request = { prompt: "play", provider: "rehearsal", model: "load" };
  const spawned = await Promise.all(Array.from({ length: RUNS }, () => host.call("spawn_agent", request)));
  expect(spawned.filter(({ isError }) => isError)).toEqual([]);
  const run_ids = spawned.map(({ structured }) => structured.run_id);
  const work = host.call("wait_for_runs", { run_ids, wait_seconds: 50 }, { timeout: 60_000 });
  let working = true;
  void work.finally(() => {
    working = false;
  });
  while (working) {
    const listed = await host.call("list_runs", { scope: "all", limit: 100 });
    expect(listed.isError, listed.text).toBe(false);
  }
  return (await work).structured.runs.map(({ status }) => status);
}
