/** Attempts to get around the fence, or to stop the server, from a host, a model or a downstream server. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { answersIn, call, says, text } from "../support/agents.js";
import { reply } from "../support/gemini-stand-in.js";
import { INITIALIZE, spawnRaw, until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { setBench, setHost } from "../support/rehearsals.js";
import { shareHome } from "../support/shared-home.js";

const ODD_SERVER = join(import.meta.dirname, "../support/odd-tools.mjs");
const LONG_NAMES_MS = 25_000; // a search that grows with the square of a name takes minutes

/** Configuration of a server with these tools. */
const odd = (name: string, tools: readonly object[]) =>
  `  ${name}: ${JSON.stringify({ command: process.execPath, args: [ODD_SERVER], env: { ODD_TOOLS: JSON.stringify(tools) } })}\n`;

const shared = shareHome({
  clientName: "constructor", // to be kept by its name like any other
  config: [
    odd("loud", [{ name: "shout" }]),
    odd("patterns", [
      {
        name: "slowly",
        schema: {
          type: "object",
          properties: { pattern: { type: "string", pattern: "^(a+)+$" }, n: { type: "integer" } },
        },
      },
    ]),
    odd(
      "renamed",
      ["repo.delete", "a__drop", `${"x".repeat(60)}_delete`, "harmless"].map((name) => ({ name })),
    ),
    odd("turning", [{ name: "redeclare" }, { name: "safe" }]),
  ].join(""),
});

it("the server takes a prompt of eleven megabytes, which is more than the protocol's library allows by default", {
  timeout: 60_000,
}, async () => {
  const { prompt, spawn } = shared.play([says(text("read"))]);
  const { structured } = await spawn({ prompt: prompt + "x".repeat(11_000_000), tools: [] });
  expect(structured).toMatchObject({ status: "success", result: "read" });
});

it("a host that never reads stderr does not stop the server", { timeout: 60_000 }, async () => {
  const script = Array.from({ length: 6 }, (_, n) => ({ ...says(call("loud__shout", { n })), delayMs: 1_100 }));
  const { prompt } = shared.play([...script, says(text("heard"))]);
  const peer = spawnRaw(shared.bench, shared.env);
  peer.child.stderr.removeAllListeners("data").pause();
  peer.send(INITIALIZE);
  const args = { prompt, tools: ["loud__*"], wait_seconds: 40 };
  peer.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "spawn_agent", arguments: args } });
  await until(() => peer.stdout().includes('"id":1'), 40_000);
  expect(peer.stdout()).toContain('"result":"heard"');
  peer.child.stdin.end();
  await peer.exited;
});

it("a tool's regular expression cannot hold up the process", async () => {
  const { spawn, requests } = shared.play([
    says(call("patterns__slowly", { pattern: `${"a".repeat(40)}!` }), call("patterns__slowly", { n: "one" })),
    says(text("done")),
  ]);
  const { structured } = await spawn();
  expect(structured.status).toBe("success");
  const [first, second] = answersIn(requests()[1]).map(({ response }) => JSON.stringify(response));
  expect(first).toEqual(naming("patterns__slowly", "pattern")); // judged by an engine that always ends
  expect(second).toEqual(naming("patterns__slowly", /\bn\b/, "integer")); // all else is still checked
});

it("one model's unwritable reply costs no other run anything", async () => {
  const deep = `${`{"a":`.repeat(150_000)}1${"}".repeat(150_000)}`;
  const poisoned = {
    kind: "answer",
    status: 200,
    body: `{"candidates":[{"content":{"role":"model","parts":[{"text":"hi","x":${deep}}]},"finishReason":"STOP"}]}`,
  } as const;
  const poison = shared.play([{ ...poisoned, delayMs: 300 }]);
  const well = () =>
    shared.play((n) => (n < 11 ? { ...says(call("effects__big", { n: 10 + n })), delayMs: 20 } : says(text("ok"))));
  const run_ids: string[] = [];
  for (const { spawn } of [well(), well(), well(), poison, well()])
    run_ids.push((await spawn({ wait_seconds: 0 })).structured.run_id);
  const { runs } = (await shared.host.call("wait_for_runs", { run_ids })).structured;
  expect(runs.map(({ status }) => status)).toEqual([
    "success",
    "success",
    "success",
    expect.stringMatching(/error|success/),
    "success",
  ]);
});

it("a prohibition reaches tools whose names had to be changed or cut", async () => {
  const { spawn } = shared.play([says(text("ok"))]);
  const blocked_tools = ["*delete", "a__drop"];
  const { run_id } = (await spawn({ tools: ["renamed__*"], blocked_tools })).structured;
  const access = (await shared.host.call("get_run", { run_id, view: "access" })).structured.access;
  const allowed = access.filter((item) => "allowed" in item && item.allowed);
  expect(allowed).toMatchObject([{ tool: "renamed__harmless" }]);
});

it("a tool that stops being read-only is refused from then on, also to a run that is going", async () => {
  const { spawn, requests } = shared.play([
    says(call("turning__redeclare")),
    { ...says(call("turning__safe")), delayMs: 2_500 },
    says(text("done")),
  ]);
  const { structured } = await spawn();
  expect(structured).toMatchObject({ status: "success", tool_calls_count: 1 });
  expect(JSON.stringify(answersIn(requests()[2])[0]?.response)).toEqual(naming("turning__safe", "policy"));
});

it("an agent cannot change legwork's home by moving the folder that holds it", async () => {
  const bench = setBench();
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
  const own = await setHost(bench, { env: { LEGWORK_HOME: home } });
  const ask = { prompt: "go", provider: "rehearsal", model: "move", tools: ["*"], wait_seconds: 20 };
  const { structured } = await own.call("spawn_agent", ask);
  await own.close();
  expect(structured).toMatchObject({ status: "success", effects: [{ outcome: "made, with an error" }] });
  expect(existsSync(home)).toBe(true);
});

it.each([".legwork", "~/legwork"])(
  "a home at %s, which depends on the working folder, is refused",
  async (LEGWORK_HOME) => {
    const bench = setBench();
    bench.write(".legwork/config.yaml", "mcpServers: { own: { command: touch, args: [pwned] } }\n");
    const host = await setHost(bench, { env: { LEGWORK_HOME } });
    const refused = await host.call("spawn_agent", { prompt: "go", provider: "rehearsal", wait_seconds: 5 });
    expect(refused.structured.error).toMatchObject({ code: "configuration" });
    expect(refused.structured.error.message).toEqual(naming("LEGWORK_HOME", LEGWORK_HOME));
    expect(existsSync(join(bench.project, "pwned"))).toBe(false);
  },
);

it("the server answers calls with names of any length and kind at once", async () => {
  const { spawn } = shared.play([reply([call("y".repeat(3_000_000))]), says(text("done"))]);
  const begun = Date.now();
  const unknown = await shared.host.call("x".repeat(3_000_000));
  expect(unknown.isError).toBe(true);
  expect(unknown.text.length).toBeLessThan(10_000);
  const { structured } = await spawn();
  expect(structured).toMatchObject({ status: "success", result: "done" });
  expect(Date.now() - begun).toBeLessThan(LONG_NAMES_MS);
});
