/** What the configuration keeps secret is nowhere to be read: not in an answer, not in a log, not in any file. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { legwork } from "../support/command.js";
import { spawnRaw, until } from "../support/host.js";
import { rehearse, rehearseCalls, runScript, setBench, setHost } from "../support/rehearsals.js";

const HOSTILE = resolve(import.meta.dirname, "../support/hostile-server.mjs");
const SECRET = "sk-tangerine-4711-marmalade";
const LITERAL = "literal/with+odd=chars-0815";

const server = (mode: string, more = "") =>
  `{ command: ${process.execPath}, args: [${HOSTILE}, ${mode}], env: { API_KEY: "\${MY_KEY}", DB_PASSWORD: "${LITERAL}" ${more} } }`;

/** Each file below a folder that holds one of the texts. */
function filesWith(folder: string, texts: readonly string[]): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.yaml$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => texts.some((text) => readFileSync(file).includes(text)));
}

it("shows the agent and the host names in place of secrets, and writes none of them anywhere", async () => {
  const bench = setBench();
  bench.configure(`mcpServers:
  environment: ${server("environment")}
  failing: ${server("tells-and-exits")}
  workspace: { disabled: true }
`);
  rehearse(bench, "asks", [
    { calls: [{ tool: "environment__plain" }] },
    { text: `I was given ${SECRET}`, calls: [{ tool: "environment__plain", arguments: { key: LITERAL } }] },
    { text: "done" },
  ]);
  const host = await setHost(bench, { env: { MY_KEY: SECRET, GEMINI_API_KEY: "gemini-key-of-mine" } });
  const answers: unknown[] = [];
  const run = await runScript(host, "asks", { tools: ["*"], title: `with ${SECRET}`, prompt: `use ${SECRET}` });
  answers.push(run, await host.call("list_runs"), await host.call("list_agents"));
  for (const view of ["summary", "result", "events", "messages", "access"])
    answers.push(await host.call("get_run", { run_id: run.run_id, view }));
  answers.push(await host.call("spawn_agent", { prompt: "x", agent: `${SECRET}` }));
  const shown = JSON.stringify(answers);
  expect(shown).toContain("[redacted MY_KEY]");
  expect(shown).toContain("failing");
  for (const secret of [SECRET, LITERAL, "gemini-key-of-mine"]) {
    expect(shown).not.toContain(secret);
    expect(host.stderr()).not.toContain(secret);
  }
  await host.close();
  expect(filesWith(bench.home, [SECRET, LITERAL, "gemini-key-of-mine"])).toEqual([]);
});

it("shows no secret in the terminal", async () => {
  const bench = setBench();
  bench.configure(`mcpServers: { failing: ${server("tells-and-exits")}, workspace: { disabled: true } }`);
  for (const words of [["tools"], ["tools", "--json"]]) {
    const { stdout, stderr } = await legwork(bench, words, { MY_KEY: SECRET });
    expect(stdout).toContain("[redacted MY_KEY]");
    for (const secret of [SECRET, LITERAL]) expect(stdout + stderr).not.toContain(secret);
  }
});

it("names server and variable, and not a value, when something is not set", async () => {
  const bench = setBench();
  bench.configure(`mcpServers:
  github: { command: nothing, env: { TOKEN: "\${NOT_SET_ANYWHERE}", OTHER_KEY: "${LITERAL}" } }
  workspace: { disabled: true }
`);
  rehearseCalls(bench, "idle", []);
  const host = await setHost(bench);
  // Whoever does not need the server goes on, and is told.
  const run = await runScript(host, "idle");
  expect(JSON.stringify(run.warnings)).toMatch(/github.*NOT_SET_ANYWHERE/);
  // Whoever names it is refused before anything is written.
  const { isError, text } = await host.call("spawn_agent", {
    prompt: "x",
    provider: "rehearsal",
    tools: ["github__*"],
  });
  expect(isError).toBe(true);
  expect(text).toMatch(/config\.yaml.*github.*NOT_SET_ANYWHERE/);
  expect(text).not.toContain(LITERAL);
  const { structured } = await host.call("list_runs");
  expect(structured.runs).toHaveLength(1);
});

it("redacts secrets in the log and in its messages on stderr", async () => {
  const bench = setBench();
  bench.configure(
    `log: { level: debug }\nmcpServers: { failing: ${server("tells-and-exits")}, workspace: { disabled: true } }\n`,
  );
  rehearseCalls(bench, "idle", []);
  const raw = spawnRaw(bench, { MY_KEY: SECRET });
  raw.send({
    jsonrpc: "2.0",
    id: 0,
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
  });
  const args = { prompt: "x", provider: "rehearsal", model: "idle", wait_seconds: 20 };
  raw.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "spawn_agent", arguments: args } });
  await until(() => raw.stdout().includes('"id":1'));
  raw.child.stdin.end();
  await raw.exited;
  expect(raw.stderr()).toContain("[redacted MY_KEY]");
  expect(raw.stderr() + raw.stdout()).not.toContain(SECRET);
  expect(filesWith(bench.home, [SECRET])).toEqual([]);
});

it("redacts a reason or result that holds a secret before the database has it, also in the first call of a process", async () => {
  const bench = setBench();
  bench.configure(`mcpServers: { environment: ${server("environment")}, workspace: { disabled: true } }`);
  rehearse(bench, "waits", [{ text: "later", delay_ms: 60_000 }]);
  const env = { MY_KEY: SECRET, GEMINI_API_KEY: "gemini-key-of-mine" };
  const owner = await setHost(bench, { env });
  const begun = async () => {
    const started = await owner.call("spawn_agent", { prompt: "x", provider: "rehearsal", model: "waits" });
    const { run_id } = started.structured;
    await until(async () => (await owner.call("get_run", { run_id })).structured.run.status === "running");
    return run_id;
  };
  const [cancelled, completed, stopped] = [await begun(), await begun(), await begun()];
  const said = `because of ${SECRET} and gemini-key-of-mine`;
  const first = await setHost(bench, { env });
  const second = await setHost(bench, { env });
  const shown = [
    await first.call("cancel_run", { run_id: cancelled, reason: said }),
    await second.call("complete", { run_id: completed, status: "success", result: said, data: { said } }),
    await legwork(bench, ["runs", "cancel", String(stopped), "--reason", said], env),
  ].map((answer) => JSON.stringify(answer));
  expect(shown[0]).toContain("because of [redacted MY_KEY] and [redacted GEMINI_API_KEY]");
  expect(shown[1]).toContain("because of [redacted MY_KEY] and [redacted GEMINI_API_KEY]");
  for (const host of [owner, first, second]) await host.close();
  expect(filesWith(bench.home, [SECRET, "gemini-key-of-mine"])).toEqual([]);
});
