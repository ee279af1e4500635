/** The MCP surface as hosts meet it: frames, lists, progress, sizes. */
import { expect, it, onTestFinished } from "vitest";
import { call, says, setSandbox, text } from "../support/agents.js";
import { createWorkbench, INITIALIZE, openHost, type RunAnswer, spawnRaw, until } from "../support/host.js";
import { AT_ONCE_MS } from "../support/in-time.js";
import { naming } from "../support/naming.js";

const NOISE = new URL("../support/noisy-dependency.mjs", import.meta.url).href; // encoded: NODE_OPTIONS ends at a space

it("stdout holds nothing but protocol frames, also when a dependency prints", async () => {
  const bench = createWorkbench();
  onTestFinished(() => bench.remove());
  const peer = spawnRaw(bench, { NODE_OPTIONS: `--import=${NOISE}` });
  await until(() => peer.stderr().includes("NOISE") || peer.stdout() !== "");
  peer.send(INITIALIZE);
  const spawn = { prompt: "go", provider: "rehearsal", wait_seconds: 20 };
  peer.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "spawn_agent", arguments: spawn } });
  await until(() => peer.stdout().includes('"id":1'));
  peer.child.stdin.end();
  await peer.exited;
  const early = peer.stdout().indexOf("{");
  const frames = peer.stdout().slice(early).trim().split("\n"); // what a preload prints before we run is not ours to stop
  expect(frames.length).toBeGreaterThanOrEqual(2);
  for (const frame of frames) expect(JSON.parse(frame)).toMatchObject({ jsonrpc: "2.0" });
  expect(peer.stderr()).toContain("NOISE from process.stdout.write");
});

it("lists its tools with titles, annotations and strict schemas, in under 3,000 tokens", async () => {
  const { host } = await setSandbox([]);
  const listed = await host.client.listTools();
  expect(listed.tools.map(({ name }) => name)).toEqual([
    "spawn_agent",
    "wait_for_runs",
    "get_run",
    "list_runs",
    "cancel_run",
    "resume_run",
    "respond_to_run",
    "complete",
    "list_agents",
  ]);
  for (const tool of listed.tools) {
    expect(tool.title, tool.name).toBeTruthy();
    expect(tool.annotations?.readOnlyHint, tool.name).toBe(
      /^(wait_for_runs|get_run|list_runs|list_agents)$/.test(tool.name),
    );
    expect(tool.inputSchema, tool.name).toMatchObject({ type: "object", additionalProperties: false });
    expect(tool.outputSchema, tool.name).toMatchObject({ type: "object" });
  }
  expect(JSON.stringify(listed).length / 4).toBeLessThan(AT_ONCE_MS);
  const instructions = host.client.getInstructions() ?? "";
  expect(instructions.split(/\s+/).length).toBeLessThan(150);
  expect(instructions).toMatch(/spawn_agent[\s\S]*wait_for_runs[\s\S]*respond_to_run[\s\S]*get_run/);
});

it("sends progress at each event while a call waits, always growing", async () => {
  const { host } = await setSandbox([
    says(call("effects__slow", { ms: 300 })),
    { ...says(text("done")), delayMs: 300 },
  ]);
  const seen: { progress: number; message?: string | undefined }[] = [];
  await host.call("spawn_agent", { prompt: "go", wait_seconds: 20 }, { onprogress: (progress) => seen.push(progress) });
  const messages = seen.map(({ message }) => message);
  expect(messages).toEqual(expect.arrayContaining([naming("turn", /\b1\b/), naming("turn", /\b2\b/)]));
  expect(messages.filter((message) => message?.includes("effects__slow"))).toHaveLength(2); // as it begins and as it ends
  const counts = seen.map(({ progress }) => progress);
  expect(counts).toEqual([...counts].sort((left, right) => left - right));
  expect(new Set(counts).size).toBe(counts.length);
});

it("returns the handle at once, however long the run takes", async () => {
  const { host, standIn } = await setSandbox([{ ...says(text("late")), delayMs: 60_000 }]);
  await host.call("list_runs"); // the process has loaded what it needs
  const before = Date.now();
  const { structured } = await host.call("spawn_agent", { prompt: "go" });
  expect(Date.now() - before).toBeLessThan(AT_ONCE_MS);
  expect(structured.run_id).toMatch(/^run_/);
  expect(structured.next).toContain(structured.run_id);
  expect(structured.granted).toMatchObject({ tools: '["read_only"]', from: naming("policy") });
  await standIn.arrived(1);
  const { pending } = (await host.call("wait_for_runs", { run_ids: [structured.run_id], wait_seconds: 0 })).structured;
  expect(pending).toEqual([structured.run_id]);
});

it("keeps a run going when the host stops waiting for spawn_agent, and list_runs shows it", async () => {
  const { host } = await setSandbox([{ ...says(text("late")), delayMs: 1_500 }]);
  await host.call("list_runs"); // the process has loaded what it needs
  await expect(
    host.call("spawn_agent", { prompt: "go", title: "found again", wait_seconds: 30 }, { timeout: 800 }),
  ).rejects.toThrow();
  const { runs } = (await host.call("list_runs")).structured;
  expect(runs).toMatchObject([{ title: "found again" }]);
  const waited = await host.call("wait_for_runs", { run_ids: [runs[0]?.run_id] });
  expect(waited.structured.runs).toMatchObject([{ status: "success", result: "late" }]);
});

it("keeps every answer under 10,000 bytes for an unknown host, and pages the rest without loss", async () => {
  const long = Array.from({ length: 9_000 }, (_, index) => `word${index} "quoted" ü🦉漢字`).join(" ");
  const { host } = await setSandbox([says(call("effects__big", { n: 15_000 })), says(text(long))]);
  const spawned = await host.call("spawn_agent", { prompt: "go", wait_seconds: 20 });
  const { run_id } = spawned.structured;
  expect(Buffer.byteLength(spawned.text)).toBeLessThanOrEqual(10_000);
  expect(spawned.structured).toMatchObject({ status: "success", truncated: ["result"] });
  let whole = "";
  let cursor: string | undefined;
  do {
    const page = await host.call("get_run", { run_id, view: "result", ...(cursor ? { cursor } : {}) });
    expect(Buffer.byteLength(page.text)).toBeLessThanOrEqual(10_000);
    whole += page.structured.run.result;
    cursor = page.structured.next_cursor ?? undefined;
  } while (cursor);
  expect(whole).toBe(long);

  let parts = "";
  const types: string[] = [];
  do {
    const page = await host.call("get_run", { run_id, view: "events", ...(cursor ? { cursor } : {}) });
    expect(Buffer.byteLength(page.text)).toBeLessThanOrEqual(10_000);
    for (const event of page.structured.events) {
      if (!types.includes(`${event.seq} ${event.type}`)) types.push(`${event.seq} ${event.type}`);
      if (event.type === "run_finished") parts += event.json_part;
    }
    cursor = page.structured.next_cursor ?? undefined;
  } while (cursor);
  expect(types.map((type) => Number(type.split(" ")[0]))).toEqual(types.map((_, index) => index + 1));
  expect(JSON.parse(parts).result).toBe(long);

  const many = await host.call("wait_for_runs", { run_ids: [run_id, run_id] });
  expect(many.structured.runs).toHaveLength(1);
});

it("pages the answer to a wait for a hundred runs, each with the head of its result", async () => {
  const { host } = await setSandbox(() => says(text("a result of some length ".repeat(20))), {
    config: "limits: { max_concurrent_runs: 100 }",
  });
  const run_ids: string[] = [];
  for (let n = 0; n < 100; n++) run_ids.push((await host.call("spawn_agent", { prompt: `go ${n}` })).structured.run_id);
  await host.call("wait_for_runs", { run_ids, wait_seconds: 50 });
  const shown: RunAnswer[] = [];
  let cursor: string | null = null;
  do {
    const page = await host.call("wait_for_runs", { run_ids, wait_seconds: 50, ...(cursor ? { cursor } : {}) });
    expect(Buffer.byteLength(page.text)).toBeLessThanOrEqual(10_000);
    expect(page.text.indexOf("next_cursor")).toBeLessThan(page.text.indexOf('"runs"'));
    shown.push(...page.structured.runs);
    cursor = page.structured.next_cursor;
  } while (cursor);
  expect(shown.map(({ run_id, status }) => [run_id, status])).toEqual(run_ids.map((id) => [id, "success"]));
  for (const { result } of shown) expect(result).toMatch(/^(a result of some length ){8}/);
});

it("serves several hosts on one database at once", async () => {
  const { host, bench, standIn } = await setSandbox(() => says(text("ok")));
  const env = { GEMINI_API_KEY: "k", GOOGLE_GEMINI_BASE_URL: standIn.url };
  const others = await Promise.all([1, 2, 3].map(() => openHost(bench, { env })));
  const spawned = await Promise.all(
    [host, ...others].map((each) => each.call("spawn_agent", { prompt: "go", wait_seconds: 30 })),
  );
  expect(spawned.map(({ structured }) => structured.status)).toEqual(Array(4).fill("success"));
  expect((await host.call("list_runs")).structured.runs).toHaveLength(4);
  await Promise.all(others.map((each) => each.close()));
});
