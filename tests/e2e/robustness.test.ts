/** What must not bring a run or the server down: a held database, a full disk, odd texts, odd schemas. */
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { answersIn, call, says, setSandbox, text } from "../support/agents.js";
import { hang, reply } from "../support/gemini-stand-in.js";
import { createWorkbench, openHost, processExists, until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { rehearse } from "../support/rehearsals.js";
import { shareHome } from "../support/shared-home.js";

/** For the tests that take nothing down. */
const home = shareHome({ workspace: true });

const ask = { prompt: "go", tools: ["*"], wait_seconds: 20 };

const LOCK_WAIT_MS = 9_000; // a write waits for a locked database for 10 s

/** Another program that holds the database until the returned function is called. */
function holdDatabase(home: string): () => void {
  const database = openSqlite(join(home, "legwork.db"));
  database.exec("BEGIN IMMEDIATE");
  return () => {
    if (database.inTransaction) database.exec("ROLLBACK");
    database.close();
  };
}

it("exits in its time although another program has locked the database; the next process finds the run interrupted", async () => {
  const { host, bench, standIn, anotherHost } = await setSandbox([hang()]);
  const { run_id } = (await host.call("spawn_agent", { prompt: "go" })).structured;
  await standIn.arrived(1);
  const release = holdDatabase(bench.home);
  const begun = Date.now();
  process.kill(host.pid, "SIGTERM");
  await until(() => !processExists(host.pid));
  expect(Date.now() - begun).toBeLessThan(LOCK_WAIT_MS);
  release();
  const other = await anotherHost();
  expect((await other.call("get_run", { run_id })).structured.run.status).toBe("interrupted");
});

it("gives up a run whose events cannot be written, with the reason, and resumes it once they can", {
  timeout: 60_000,
}, async () => {
  let answer = () => {};
  const answered = new Promise<void>((settle) => {
    answer = settle;
  });
  const { host, bench, standIn } = await setSandbox(async (_body, n) => {
    if (n === 1) await answered;
    return says(text("ok"));
  });
  const { run_id } = (await host.call("spawn_agent", { prompt: "go" })).structured;
  await standIn.arrived(1);
  const release = holdDatabase(bench.home);
  answer();
  const broken = await host.call("wait_for_runs", { run_ids: [run_id], wait_seconds: 40 });
  expect(broken.structured.runs[0]?.error).toMatchObject({
    code: "store",
    message: naming("legwork.db", "locked"),
  });
  release();
  await until(async () => (await host.call("get_run", { run_id })).structured.run.status === "success");
  expect((await host.call("spawn_agent", ask)).structured.status).toBe("success");
});

it("works without its log where the disk of the log is full", async () => {
  const bench = createWorkbench();
  onTestFinished(() => bench.remove());
  mkdirSync(join(bench.home, "logs"), { recursive: true });
  symlinkSync("/dev/full", join(bench.home, "logs", "legwork.log"));
  bench.configure("mcpServers: { broken: { command: no-such-command-anywhere }, workspace: { disabled: true } }");
  const host = await openHost(bench);
  const { structured } = await host.call("spawn_agent", { ...ask, provider: "rehearsal" });
  expect(structured.status).toBe("success");
  expect(structured.warnings.join()).toContain("no-such-command-anywhere");
  await host.close();
});

it("cuts no character in half, whether an agent or a host reads on", async () => {
  const owls = `x${"🦉".repeat(12_000)}`;
  const { host, bench } = home;
  const { prompt, requests, arrived } = home.play([
    says(call("workspace__read_text_file", { path: "owls.txt" })),
    says(call("read_result", { id: "r1.0", offset: 10_002 })),
    says(text(`y${owls}`), call("effects__read_lines")),
    hang(),
  ]);
  bench.write("owls.txt", owls);
  const { run_id } = (await host.call("spawn_agent", { ...ask, prompt, wait_seconds: 0 })).structured;
  await arrived(4);
  for (const request of requests())
    for (const { response } of answersIn(request))
      expect(String(Object.values(response ?? {})[0]).isWellFormed()).toBe(true);
  const { structured } = await host.call("cancel_run", { run_id });
  expect(structured.partial_text?.isWellFormed()).toBe(true);
  expect(structured.partial_text?.length).toBeGreaterThan(3_000);
});

it("counts equal calls in a row anew after another call in the same reply", async () => {
  const list = call("effects__read_lines");
  const script = [1, 2, 3, 4].map(() => says(list));
  const { prompt } = home.play([
    ...script,
    reply([call("effects__big", { n: 3 }), list]),
    says(list),
    says(text("done")),
  ]);
  const { structured } = await home.host.call("spawn_agent", { ...ask, prompt });
  expect(structured).toMatchObject({ status: "success", tool_calls_count: 7 });
});

it("shows a model the whole shape of data, also where the schema refers to itself", async () => {
  const output_schema = {
    type: "object",
    properties: { items: { type: "array", items: { $ref: "#/$defs/Item" } } },
    required: ["items"],
    $defs: { Item: { type: "object", properties: { name: { type: "string" } }, required: ["name"] } },
  };
  const { prompt, requests } = home.play([
    says(call("complete", { result: "r", status: "success", data: { items: [{ name: "a" }] } })),
  ]);
  const { structured } = await home.host.call("spawn_agent", { ...ask, prompt, output_schema });
  expect(structured).toMatchObject({ status: "success", data: { items: [{ name: "a" }] } });
  const shown = JSON.stringify(requests()[0]?.body.tools);
  expect(shown).toMatch(/"items":\{"type":"object","properties":\{"name":\{"type":"string"\}\}/);
});

it("gives a large outcome whole in the result view, whichever field is large", async () => {
  const next_steps = Array.from({ length: 400 }, (_, n) => `step ${n}: do the next thing with care`);
  const { host } = home;
  const { prompt } = home.play([says(call("complete", { result: "r", status: "success", next_steps }))]);
  const { run_id } = (await host.call("spawn_agent", { ...ask, prompt })).structured;
  const fields: Record<string, string> = {};
  let cursor: string | null = null;
  do {
    const page = await host.call("get_run", { run_id, view: "result", ...(cursor ? { cursor } : {}) });
    expect(page.text.length).toBeLessThanOrEqual(10_000);
    for (const [name, part] of Object.entries(page.structured.run))
      if (typeof part === "string") fields[name] = (fields[name] ?? "") + part;
    cursor = page.structured.next_cursor;
  } while (cursor);
  expect(fields.result).toBe("r");
  expect(JSON.parse(fields.next_steps_json ?? "")).toEqual(next_steps);
});

it("does not advise to grant tools that blocked_tools withholds", async () => {
  const { host } = home;
  const asked = { ...ask, prompt: home.play(() => says(text("ok"))).prompt };
  const blocked = await host.call("spawn_agent", { ...asked, blocked_tools: ["effects__*", "workspace__*"] });
  expect(blocked.structured.tools.how_to_grant).toContain("blocked_tools");
  const narrow = await host.call("spawn_agent", { ...asked, tools: ["effects__echo"] });
  expect(narrow.structured.tools.how_to_grant).toEqual(naming("tools", /"\w+"/));
  expect(narrow.structured.tools.how_to_grant).not.toContain("blocked_tools");
});

it("takes no empty reply of any provider for an answer", async () => {
  rehearse(home.bench, "silent", [{ repeat: 9 }]);
  const { structured } = await home.host.call("spawn_agent", { ...ask, provider: "rehearsal", model: "silent" });
  expect(structured).toMatchObject({ status: "error", error: { code: "empty_reply" } });
});
