/** Attempts to get around the fence, or to stop the server, from a host, a model or a downstream server. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { answersIn, call, says, setSandbox, text } from "../support/agents.js";
import { reply } from "../support/gemini-stand-in.js";
import { createWorkbench, INITIALIZE, openHost, spawnRaw, until } from "../support/host.js";
import { naming } from "../support/naming.js";

const ODD_SERVER = join(import.meta.dirname, "../support/odd-tools.mjs");
const LONG_NAMES_MS = 25_000; // a search that grows with the square of a name takes minutes

/** Configuration of a server named `odd` with these tools. */
const odd = (tools: readonly object[]) =>
  `  odd: ${JSON.stringify({ command: process.execPath, args: [ODD_SERVER], env: { ODD_TOOLS: JSON.stringify(tools) } })}\n`;

it("a message that is too large ends the connection and the process", { timeout: 60_000 }, async () => {
  const bench = createWorkbench();
  onTestFinished(() => bench.remove());
  const peer = spawnRaw(bench);
  peer.send(INITIALIZE);
  await until(() => peer.stdout().includes('"id":0'));
  peer.child.stdin.on("error", () => {}); // the server goes while we still write
  peer.child.stdin.write(`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"${"x".repeat(20_000_000)}"}}\n`);
  expect(await peer.exited).toBe(0);
});

it("the server takes a prompt of eleven megabytes, which is more than the protocol's library allows by default", {
  timeout: 60_000,
}, async () => {
  const { host } = await setSandbox([says(text("read"))]);
  const { structured } = await host.call("spawn_agent", { prompt: "x".repeat(11_000_000), wait_seconds: 20 });
  expect(structured).toMatchObject({ status: "success", result: "read" });
});

it("a host that never reads stderr does not stop the server", { timeout: 60_000 }, async () => {
  const script = Array.from({ length: 6 }, (_, n) => ({ ...says(call("odd__shout", { n })), delayMs: 1_100 }));
  const { bench, standIn, host } = await setSandbox([...script, says(text("heard"))], {
    config: odd([{ name: "shout" }]),
  });
  await host.close();
  const peer = spawnRaw(bench, { GEMINI_API_KEY: "k", GOOGLE_GEMINI_BASE_URL: standIn.url });
  peer.child.stderr.removeAllListeners("data").pause();
  peer.send(INITIALIZE);
  const args = { prompt: "go", tools: ["*"], wait_seconds: 40 };
  peer.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "spawn_agent", arguments: args } });
  await until(() => peer.stdout().includes('"id":1'), 40_000);
  expect(peer.stdout()).toContain('"result":"heard"');
  peer.child.stdin.end();
  await peer.exited;
});

it("a tool's regular expression cannot hold up the process", async () => {
  const schema = {
    type: "object",
    properties: { pattern: { type: "string", pattern: "^(a+)+$" }, n: { type: "integer" } },
  };
  const { host, standIn } = await setSandbox(
    [
      says(call("odd__slowly", { pattern: `${"a".repeat(40)}!` }), call("odd__slowly", { n: "one" })),
      says(text("done")),
    ],
    { config: odd([{ name: "slowly", schema }]) },
  );
  const { structured } = await host.call("spawn_agent", { prompt: "go", wait_seconds: 20 });
  expect(structured.status).toBe("success");
  const [first, second] = answersIn(standIn.requests[1]).map(({ response }) => JSON.stringify(response));
  expect(first).toContain("ok slowly");
  expect(second).toEqual(naming("odd__slowly", /\bn\b/, "integer")); // all else is still checked
});

it("one model's unwritable reply costs no other run anything", async () => {
  const deep = `${`{"a":`.repeat(150_000)}1${"}".repeat(150_000)}`;
  const poisoned = {
    kind: "answer",
    status: 200,
    body: `{"candidates":[{"content":{"role":"model","parts":[{"text":"hi","x":${deep}}]},"finishReason":"STOP"}]}`,
  } as const;
  const { host } = await setSandbox((body, n) => {
    if (JSON.stringify(body.contents?.[0]).includes("poison")) return { ...poisoned, delayMs: 300 };
    return (body.contents?.length ?? 0) < 20
      ? { ...says(call("effects__big", { n: 10 + n })), delayMs: 20 }
      : says(text("ok"));
  });
  const run_ids: string[] = [];
  for (const prompt of ["a", "b", "c", "poison", "d"])
    run_ids.push((await host.call("spawn_agent", { prompt })).structured.run_id);
  const { runs } = (await host.call("wait_for_runs", { run_ids })).structured;
  expect(runs.map(({ status }) => status)).toEqual([
    "success",
    "success",
    "success",
    expect.stringMatching(/error|success/),
    "success",
  ]);
});

it("a prohibition reaches tools whose names had to be changed or cut", async () => {
  const names = ["repo.delete", "a__drop", `${"x".repeat(60)}_delete`, "harmless"];
  const { host } = await setSandbox([says(text("ok"))], { config: odd(names.map((name) => ({ name }))) });
  const blocked_tools = ["*delete", "a__drop"];
  const { run_id } = (
    await host.call("spawn_agent", { prompt: "go", tools: ["odd__*"], blocked_tools, wait_seconds: 20 })
  ).structured;
  const access = (await host.call("get_run", { run_id, view: "access" })).structured.access;
  const allowed = access.filter((item) => "allowed" in item && item.allowed);
  expect(allowed).toMatchObject([{ tool: "odd__harmless" }]);
});

it("a tool that stops being read-only is refused from then on, also to a run that is going", async () => {
  const { host, standIn } = await setSandbox(
    [says(call("odd__redeclare")), { ...says(call("odd__safe")), delayMs: 2_500 }, says(text("done"))],
    { config: odd([{ name: "redeclare" }, { name: "safe" }]) },
  );
  const { structured } = await host.call("spawn_agent", { prompt: "go", wait_seconds: 20 });
  expect(structured).toMatchObject({ status: "success", tool_calls_count: 1 });
  expect(JSON.stringify(answersIn(standIn.requests[2])[0]?.response)).toEqual(naming("odd__safe", "policy"));
});

it("an agent cannot change legwork's home by moving the folder that holds it", async () => {
  const { host, bench } = await setSandbox(
    [says(call("workspace__move_file", { source: "data", destination: "data2" })), says(text("done"))],
    { env: {}, workspace: true },
  );
  await host.close();
  const home = join(bench.project, "data", "home");
  bench.write(
    "data/home/rehearsals/move.yaml",
    JSON.stringify({
      replies: [
        { calls: [{ tool: "workspace__move_file", arguments: { source: "data", destination: "data2" } }] },
        { text: "done" },
      ],
    }),
  );
  const own = await openHost(bench, { env: { LEGWORK_HOME: home } });
  const ask = { prompt: "go", provider: "rehearsal", model: "move", tools: ["*"], wait_seconds: 20 };
  const { structured } = await own.call("spawn_agent", ask);
  await own.close();
  expect(structured).toMatchObject({ status: "success", effects: [] });
  expect(existsSync(home)).toBe(true);
});

it.each([".legwork", "~/legwork"])(
  "a home at %s, which depends on the working folder, is refused",
  async (LEGWORK_HOME) => {
    const bench = createWorkbench();
    onTestFinished(() => bench.remove());
    bench.write(".legwork/config.yaml", "mcpServers: { own: { command: touch, args: [pwned] } }\n");
    const host = await openHost(bench, { env: { LEGWORK_HOME } });
    const refused = await host.call("spawn_agent", { prompt: "go", provider: "rehearsal", wait_seconds: 5 });
    expect(refused.structured.error).toMatchObject({ code: "configuration" });
    expect(refused.structured.error.message).toEqual(naming("LEGWORK_HOME", LEGWORK_HOME));
    expect(existsSync(join(bench.project, "pwned"))).toBe(false);
    await host.close();
  },
);

it("the server answers calls with names of any length and kind at once", async () => {
  const { host } = await setSandbox([reply([call("y".repeat(3_000_000))]), says(text("done"))], {
    clientName: "constructor",
  });
  const begun = Date.now();
  const unknown = await host.call("x".repeat(3_000_000));
  expect(unknown.isError).toBe(true);
  expect(unknown.text.length).toBeLessThan(10_000);
  const { structured } = await host.call("spawn_agent", { prompt: "go", wait_seconds: 20 });
  expect(structured).toMatchObject({ status: "success", result: "done" });
  expect(Date.now() - begun).toBeLessThan(LONG_NAMES_MS);
});
