/** The main job from the wire: a host spawns an agent, which works through real downstream servers. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { answersIn, call, says, setSandbox, text } from "../support/agents.js";
import { twoParallelCalls } from "../support/gemini-stand-in.js";
import { until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { type Played, shareHome } from "../support/shared-home.js";

const shared = shareHome({ workspace: true, config: "limits: { max_concurrent_runs: 2 }" });

it("an agent works through two servers, is refused a tool that it may not use, and completes", async () => {
  const { prompt, requests } = shared.play([
    says(text("I read first."), call("workspace__read_text_file", { path: "notes.txt" })),
    says(call("effects__add_line", { text: "one" }), call("workspace__write_file", { path: "no.txt", content: "x" })),
    says(call("complete", { result: "one line added", status: "success", artifacts: ["effects.txt"] })),
  ]);
  shared.bench.write("notes.txt", "the notes");
  const tools = ["read_only", "effects__add_line"];
  const spawned = await shared.host.call("spawn_agent", { prompt, tools, title: "adder" });
  expect(spawned.isError).toBe(false);
  expect(spawned.structured).toMatchObject({ title: "adder", provider: "gemini", model: "gemini-3.8-flash", depth: 1 });
  expect(["pending", "running"]).toContain(spawned.structured.status);
  const runId: string = spawned.structured.run_id;

  const waited = await shared.host.call("wait_for_runs", { run_ids: [runId] });
  expect(waited.structured.pending).toEqual([]);
  const [run] = waited.structured.runs;
  expect(run).toMatchObject({
    run_id: runId,
    status: "success",
    result: "one line added",
    artifacts: ["effects.txt"],
    turns_used: 3,
    tool_calls_count: 2,
    effects: [{ tool: "effects__add_line", turn: 2, outcome: "done" }],
    usage: { input_tokens: 30, output_tokens: 15, cached_tokens: 0, thinking_tokens: 0 },
    error: null,
  });
  expect(run?.tools.withheld).toBeGreaterThan(0);
  expect(run?.tools.how_to_grant).toContain("tools");
  expect(shared.effects()).toEqual(["one"]);
  expect(existsSync(join(shared.bench.project, "no.txt"))).toBe(false);

  const [, second, third] = requests();
  expect(answersIn(second)).toMatchObject([{ name: "workspace__read_text_file", response: { output: "the notes" } }]);
  const [added, refused] = answersIn(third);
  expect(added?.response).toEqual({ output: "added one" });
  expect(JSON.stringify(refused?.response)).toEqual(naming("workspace__write_file", /\btools\b/, "spawn_agent"));

  const shown = JSON.stringify(requests()[0]?.body.tools);
  expect(shown).toContain("workspace__read_text_file");
  expect(shown).toContain('"complete"');
  expect(shown).not.toContain("workspace__write_file"); // what is not allowed is not shown either
  expect(requests()[0]?.body).toMatchObject({ store: false });
});

it("an answer has the same content in text and in structure, and get_run pages every event", async () => {
  const { prompt, spawn } = shared.play([says(call("effects__echo", { a: 1 })), says(text("done"))]);
  const spawned = await spawn({ tools: ["effects__echo"] });
  expect(JSON.parse(spawned.text)).toEqual(spawned.structured);
  const run_id: string = spawned.structured.run_id;
  const { structured, text: events } = await shared.host.call("get_run", { run_id, view: "events" });
  expect(JSON.parse(events)).toEqual(structured);
  expect(structured.events.map(({ seq }) => seq)).toEqual(
    structured.events.map((_: unknown, index: number) => index + 1),
  );
  expect(structured.events.map(({ type }) => type)).toEqual([
    "run_created",
    "run_started",
    "tools_resolved",
    "turn_started",
    "model_replied",
    "tool_call_started",
    "tool_call_finished",
    "turn_started",
    "model_replied",
    "run_finished",
  ]);
  const paged: unknown[] = [];
  let cursor: string | undefined;
  do {
    const page = await shared.host.call("get_run", { run_id, view: "events", limit: 3, ...(cursor ? { cursor } : {}) });
    paged.push(...page.structured.events);
    cursor = page.structured.next_cursor ?? undefined;
  } while (cursor);
  expect(paged).toEqual(structured.events);
  const messages = await shared.host.call("get_run", { run_id, view: "messages" });
  expect(messages.structured.messages).toMatchObject([
    { role: "user", text: prompt },
    { role: "assistant", tool_calls: [{ tool: "effects__echo", arguments: { a: 1 } }] },
    { role: "tool", results: [{ tool: "effects__echo", is_error: false, text: '{"a":1}' }] },
    { role: "assistant", text: "done" },
  ]);
  const access = await shared.host.call("get_run", { run_id, view: "access" });
  expect(access.structured.access).toContainEqual({
    tool: "effects__echo",
    allowed: true,
    rule: naming('"effects__echo"', /\btools\b/, "spawn_agent"),
  });
});

it("the model gets its own content back verbatim, signatures included, also for parallel calls", async () => {
  const { spawn, requests } = shared.play([
    twoParallelCalls({ name: "effects__read_lines", args: {} }, { name: "effects__big", args: { n: 5 } }),
    says(text("done")),
  ]);
  const { structured } = await spawn();
  expect(structured).toMatchObject({ status: "success", result: "done" });
  const model = requests()[1]?.body.contents?.at(-2);
  expect(model?.parts?.map((part) => part.thoughtSignature)).toEqual(["c2lnbmVkIG9uY2U=", undefined]);
  expect(answersIn(requests()[1]).map(({ name }) => name)).toEqual(["effects__read_lines", "effects__big"]);
});

it("list_runs lists runs newest first and by status, for this project only unless asked", async () => {
  const { host, bench, anotherHost } = await setSandbox(() => says(text("ok")));
  const ids: string[] = [];
  for (const title of ["a", "b", "c"])
    ids.push((await host.call("spawn_agent", { prompt: "go", title, wait_seconds: 20 })).structured.run_id);
  const titles = async (args: object) =>
    (await host.call("list_runs", { ...args })).structured.runs.map(({ title }) => title);
  expect(await titles({})).toEqual(["c", "b", "a"]);
  expect(await titles({ status: "success", limit: 2 })).toEqual(["c", "b"]);
  expect(await titles({ status: ["running", "pending"] })).toEqual([]);
  const first = await host.call("list_runs", { limit: 2 });
  expect(await titles({ limit: 2, cursor: first.structured.next_cursor })).toEqual(["a"]);

  bench.write("elsewhere/.git/HEAD", "");
  const other = await anotherHost({ args: ["--project", join(bench.project, "elsewhere")] });
  expect((await other.call("list_runs")).structured.runs).toEqual([]);
  expect((await other.call("list_runs", { scope: "all" })).structured.runs).toHaveLength(3);
  expect((await other.call("list_runs", { scope: "session" })).structured.runs).toEqual([]);
  expect((await other.call("get_run", { run_id: ids[0] })).structured.run).toMatchObject({ title: "a" });
});

it("spawn_agent makes one run for one idempotency key, and refuses the key for other arguments", async () => {
  const { spawn, requests } = shared.play(() => says(text("ok")));
  const ask = { idempotency_key: "once" };
  const first = await spawn(ask);
  const again = await spawn({ ...ask, wait_seconds: 0 });
  expect(again.structured).toMatchObject({ run_id: first.structured.run_id, existing: true });
  expect(requests()).toHaveLength(1);
  const other = await spawn({ ...ask, prompt: "something else" });
  expect(other.isError).toBe(true);
  expect(other.structured.error).toMatchObject({ code: "idempotency_conflict" });
});

it("spawn_agent returns the run of a key also where the run could not be started now", async () => {
  const { spawn } = shared.play(() => says(text("ok")));
  shared.bench.writeHome("agents/helper.md", "---\nname: helper\ndescription: helps\n---\nHelp.");
  const ask = { agent: "helper", idempotency_key: "once with an agent" };
  const first = await spawn(ask);
  expect(first.structured).toMatchObject({ status: "success" });
  rmSync(join(shared.bench.home, "agents/helper.md"));
  const again = await spawn(ask);
  expect(again.structured).toMatchObject({ run_id: first.structured.run_id, existing: true, result: "ok" });
  const other = await spawn({ ...ask, prompt: "something else" });
  expect(other.structured.error).toMatchObject({ code: "idempotency_conflict" });
});

it("wait_for_runs waits for any or all of several runs that work at the same time", async () => {
  const slow = shared.play([{ ...says(text("late")), delayMs: 1500 }]);
  const fast = shared.play([says(text("early"))]);
  const begin = async ({ prompt }: Played) => (await shared.host.call("spawn_agent", { prompt })).structured.run_id;
  const run_ids = [await begin(slow), await begin(fast)];
  const any = await shared.host.call("wait_for_runs", { run_ids, mode: "any" });
  expect(any.structured.pending).toEqual([run_ids[0]]);
  expect(any.structured.runs.map(({ status }) => status)).toEqual(["running", "success"]);
  const all = await shared.host.call("wait_for_runs", { run_ids });
  expect(all.structured.runs.map(({ result }) => result)).toEqual(["late", "early"]);
});

it("no more runs work at once than configured, and the others wait as pending", async () => {
  const { prompt, requests } = shared.play(() => ({ ...says(text("ok")), delayMs: 400 }));
  const run_ids: string[] = [];
  for (let n = 0; n < 4; n++) run_ids.push((await shared.host.call("spawn_agent", { prompt })).structured.run_id);
  await until(() => requests().length >= 2);
  const { runs } = (await shared.host.call("list_runs", { limit: 4 })).structured;
  expect(runs.map(({ status }) => status)).toEqual(["pending", "pending", "running", "running"]);
  const done = await shared.host.call("wait_for_runs", { run_ids });
  expect(done.structured.runs.every(({ status }) => status === "success")).toBe(true);
});

it("legwork writes a provider's key neither into its database nor into its log", async () => {
  const { host, bench } = await setSandbox([says(call("effects__read_lines")), says(text("ok"))]);
  await host.call("spawn_agent", { prompt: "go", wait_seconds: 20 });
  await host.close();
  for (const file of ["legwork.db", "logs/legwork.log"])
    expect(readFileSync(join(bench.home, file)).includes("test-key")).toBe(false);
});
