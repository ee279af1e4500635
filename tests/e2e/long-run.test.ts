/** A run that is far longer than the context window of its model. */
import { expect, it, onTestFinished } from "vitest";
import { createHome, keysFor } from "../support/agents.js";
import { startGeminiStandIn } from "../support/gemini-stand-in.js";
import { openHost, type TestHost, until } from "../support/host.js";
import { createWindowModel } from "../support/small-window.js";

const TURNS = 2_000;
const WINDOW = 32_000; // tokens
const LONGEST_MS = 15 * 60_000;

it(
  "of 2,000 turns ends in success where the vendor refuses more than 32,000 tokens, also after kill -9 in the middle",
  async () => {
    const model = createWindowModel({ window: WINDOW, turns: TURNS, noteLength: 400 });
    const standIn = await startGeminiStandIn((body) => model.answer(body), { check: false, record: false });
    const bench = createHome({ config: `context_windows: { gemini: { "*": ${WINDOW} } }` });
    const hosts: TestHost[] = [];
    const open = async () => {
      const host = await openHost(bench, { env: keysFor(standIn) });
      hosts.push(host);
      return host;
    };
    onTestFinished(async () => {
      await Promise.allSettled(hosts.map((host) => host.close()));
      await standIn.close();
      bench.remove();
    });

    const first = await open();
    const args = { prompt: "Count.", tools: ["*"], max_turns: TURNS + 10, timeout_seconds: 3_600, wait_seconds: 0 };
    const { structured } = await first.call("spawn_agent", args);
    await until(() => model.summaries.length >= 10, LONGEST_MS);
    process.kill(first.pid, "SIGKILL");
    const second = await open();
    const run = await until(async () => {
      const waited = await second.call("wait_for_runs", { run_ids: [structured.run_id], wait_seconds: 20 });
      return waited.structured.runs.find(({ status }) => status !== "running" && status !== "interrupted");
    }, LONGEST_MS);
    expect(run).toMatchObject({ status: "success", result: "done", turns_used: TURNS + 1 });
    expect(model.refused).toBe(0);
    expect(model.summaries.length).toBeLessThan(TURNS / 20);
  },
  LONGEST_MS,
);
