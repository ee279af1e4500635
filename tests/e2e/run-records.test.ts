/** A run records every part of its replies, its tokens, its calls and its host, and nothing of a refused request. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { call, says, text } from "../support/agents.js";
import { reply } from "../support/gemini-stand-in.js";
import { shareHome } from "../support/shared-home.js";

const home = shareHome();
const ask = { wait_seconds: 20 };

async function listed(): Promise<readonly string[]> {
  const { structured } = await home.host.call("list_runs", { scope: "all", limit: 100 });
  return structured.runs.map(({ run_id }) => run_id);
}

it("the result joins all text parts of a reply, without thoughts", async () => {
  const thought = { text: "secret musing", thought: true };
  const { prompt } = home.play([reply([thought, text("first, "), text("second, "), text("third")])]);
  const { structured } = await home.host.call("spawn_agent", { ...ask, prompt });
  expect(structured).toMatchObject({ status: "success", result: "first, second, third" });
});

it("a truncated reply is no success", async () => {
  const { prompt } = home.play(() => reply([text("half a sen")], { finishReason: "MAX_TOKENS" }));
  const { structured } = await home.host.call("spawn_agent", { ...ask, prompt });
  expect(structured).toMatchObject({ status: "error", error: { code: "truncated_reply" } });
});

it("the vendor gets only JSON Schema keywords that it documents", async () => {
  const { prompt, requests } = home.play([says(text("ok"))]);
  await home.host.call("spawn_agent", { ...ask, prompt });
  const declared = JSON.stringify(requests()[0]?.body.tools);
  expect(declared).toContain("parametersJsonSchema");
  expect(declared).not.toContain("$schema");
});

it("a run belongs to the session of its connection, which no argument can name", async () => {
  const { host, bench } = home;
  const asked = { ...ask, prompt: home.play(() => says(text("ok"))).prompt };
  for (const name of ["session_id", "parent_session_id", "parent_run_id"]) {
    const forged = await host.call("spawn_agent", { ...asked, [name]: "ses_of_somebody_else" });
    expect(forged.structured.error).toMatchObject({
      code: "invalid_arguments",
      message: expect.stringContaining(`"${name}"`),
    });
  }
  const other = await home.open({ clientName: "another-host" });
  await host.call("spawn_agent", asked);
  await other.call("spawn_agent", asked);
  const database = openSqlite(join(bench.home, "legwork.db"), { readonly: true });
  const parents = database
    .prepare(
      "SELECT client_name FROM runs JOIN sessions ON sessions.id = runs.parent_session_id WHERE runs.prompt = ? ORDER BY runs.id",
    )
    .pluck()
    .all(asked.prompt);
  database.close();
  expect(parents).toEqual(["test-host", "another-host"]);
});

it("usage counts the tokens of every reply, also of rejected ones", async () => {
  const usage = (n: number) => ({
    promptTokenCount: n,
    candidatesTokenCount: 1,
    cachedContentTokenCount: 2,
    thoughtsTokenCount: 3,
  });
  const { prompt } = home.play([
    reply([call("effects__read_lines")], { usage: usage(100) }),
    reply([], { usage: usage(10) }),
    reply([text("ok")], { usage: usage(1) }),
  ]);
  const { structured } = await home.host.call("spawn_agent", { ...ask, prompt });
  expect(structured.usage).toEqual({ input_tokens: 111, output_tokens: 3, cached_tokens: 6, thinking_tokens: 9 });
});

it("thirty calls at once in each of four runs are all counted", async () => {
  const calls = Array.from({ length: 30 }, () => call("effects__slow", { ms: 5 }));
  const { host } = home;
  const { prompt } = home.play((_n, body) => (body.contents?.length === 1 ? reply(calls) : says(text("ok"))));
  const run_ids: string[] = [];
  for (let n = 0; n < 4; n++) run_ids.push((await host.call("spawn_agent", { prompt })).structured.run_id);
  const { runs } = (await host.call("wait_for_runs", { run_ids })).structured;
  expect(runs).toMatchObject(Array(4).fill({ status: "success", tool_calls_count: 30, turns_used: 2 }));
});

it("an unknown agent, workflow or argument is refused, and nothing is written", async () => {
  const { host } = home;
  const { prompt, requests } = home.play([]);
  const runsBefore = await listed();
  for (const args of [
    { agent: "nobody" },
    { workflow: "plan-exekute" },
    { workflow: "../../x" },
    { allowed_toolz: ["*"] },
  ]) {
    const refused = await host.call("spawn_agent", { ...ask, prompt, ...args });
    expect(refused.isError, JSON.stringify(args)).toBe(true);
  }
  expect(await listed()).toEqual(runsBefore);
  expect(requests()).toEqual([]);
});
