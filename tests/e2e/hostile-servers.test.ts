/**
 * Servers that misbehave, one beside a good one: what the agent is told, what the user is told, and that nothing else
 * is touched. Every test plays two runs: one meets the hostile server, the other must not notice.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { call } from "../support/agents.js";
import { until } from "../support/host.js";
import { hostileEntry, setHostileSandbox } from "../support/hostile-sandbox.js";
import { naming } from "../support/naming.js";

const plain = (n = 0) => [call("hostile__plain", { n })];
const done = (tool: string) => ({ tool, isError: false });
const failed = (tool: string, code: string) => ({ tool, isError: true, code });
const refused = (tool: string) => ({ tool, isError: true });
const good = done("effects__add_line");

describe("a server that speaks badly", () => {
  it("with garbage on stdout is understood all the same", async () => {
    const sandbox = await setHostileSandbox(hostileEntry("garbage"), [plain()]);
    const { status, warnings, calls, answers } = await sandbox.play();
    expect({ status, warnings, calls }).toEqual({
      status: "success",
      warnings: [],
      calls: [done("hostile__plain"), good],
    });
    expect(answers[0]).toBe('{"output":"ok"}');
    expect(await sandbox.problem()).toEqual({ state: "ready" });
    await sandbox.endClean();
  });

  it("with several answers to one call: the first one counts", async () => {
    const sandbox = await setHostileSandbox(hostileEntry("answers-twice"), [plain(1), plain(2)]);
    const { calls, answers } = await sandbox.play();
    expect(calls).toEqual([done("hostile__plain"), done("hostile__plain"), good]);
    expect(answers.slice(0, 2)).toEqual(Array(2).fill('{"output":"the first answer"}'));
    await sandbox.endClean();
  });

  it("with a result of 20 MiB has it kept aside, and both its ends can be read", async () => {
    const read = (offset: number) => [call("read_result", { id: "r1.0", offset })];
    const sandbox = await setHostileSandbox(hostileEntry("large"), [plain(), read(20 * 1024 * 1024)]);
    const { status, answers, runId } = await sandbox.play();
    expect(status).toBe("success");
    expect(answers[0]).toMatch(/^\{"output":"begin x+/);
    expect(answers[0]).toMatch(/\b20971530\b.*read_result/);
    expect(answers[0]?.length).toBeLessThan(50_000);
    expect(answers[1]).toMatch(/x end\\n\[end\]"\}$/);
    const { text } = await sandbox.host.call("get_run", { run_id: runId });
    expect(text.length).toBeLessThan(10_000);
    await sandbox.endClean();
  });
});

describe("a server that does not answer", () => {
  it("at its start costs the run ten seconds once, and is reported as down", { timeout: 40_000 }, async () => {
    const sandbox = await setHostileSandbox(hostileEntry("silent"), [plain()]);
    const { status, warnings, calls, answers } = await sandbox.play();
    expect(status).toBe("success");
    expect(warnings).toContainEqual(naming(/^hostile: /, '"hostile"', /\b10 s\b/, "start_timeout"));
    expect(calls).toEqual([refused("hostile__plain"), good]);
    expect(answers[0]).toEqual(naming("hostile__plain", '\\"hostile\\"', /\b10 s\b/));
    expect((await sandbox.problem()).code).toBe("start_timeout");
    await sandbox.endClean();
  });

  it("to a call costs that call", async () => {
    const entry = hostileEntry("silent-call", [], { timeout_seconds: 0.5 });
    const sandbox = await setHostileSandbox(entry, [plain(1), plain(2)]);
    const { status, calls, answers } = await sandbox.play();
    expect(status).toBe("success");
    const timeout = failed("hostile__plain", "call_timeout");
    expect(calls).toEqual([timeout, timeout, good]);
    expect(answers[0]).toEqual(naming(/^\{"error":"/, "hostile__plain", "0.5 s", /\bunknown\b/));
    await sandbox.endClean();
  });
});

describe("a server that ends", () => {
  it("while it starts is reported with its last words, and started again", async () => {
    const sandbox = await setHostileSandbox(hostileEntry("exits-at-once"), [plain()]);
    const { warnings, calls, answers } = await sandbox.play();
    const facts = ["hostile", /\bcode 3\b/, "warming up / fatal: no database"];
    expect(warnings[0]).toEqual(naming(/^hostile: /, ...facts, "start_failed"));
    expect(calls).toEqual([refused("hostile__plain"), good]);
    expect(answers[0]).toEqual(naming("hostile__plain", ...facts));
    // It is being started again every now and then.
    const problem = await until(async () =>
      (await sandbox.problem()).state === "degraded" ? sandbox.problem() : null,
    );
    const remedy = naming(join(sandbox.bench.home, "config.yaml"), '"hostile"');
    expect(problem).toEqual({ state: "degraded", code: "start_failed", message: naming(...facts), remedy });
    await sandbox.endClean();
  });

  it("by refusing legwork is reported with its reason", async () => {
    const sandbox = await setHostileSandbox(hostileEntry("refuses-us"), [plain()]);
    const { warnings } = await sandbox.play();
    expect(warnings[0]).toEqual(naming(/^hostile: /, '"hostile"', /your licence has expired !+…/, "start_failed"));
    expect(warnings[0]?.length).toBeLessThan(700);
    await sandbox.endClean();
  });

  it("in a call costs that call, and loses its tools until it is up again", async () => {
    const sandbox = await setHostileSandbox(hostileEntry("dies-in-call"), [plain(1), plain(2)]);
    const { status, calls, answers } = await sandbox.play();
    expect(status).toBe("success");
    expect(calls).toEqual([failed("hostile__plain", "connection_closed"), refused("hostile__plain"), good]);
    expect(answers[0]).toEqual(naming('\\"hostile\\"', "hostile__plain", "code 5", /\bunknown\b/));
    expect(answers[1]).toEqual(naming("hostile__plain", '\\"hostile\\"', "code 5"));
    expect(await sandbox.problem()).toMatchObject({
      code: "connection_closed",
      message: naming('"hostile"', "code 5"),
    });
    await sandbox.endClean();
  });
});

describe("a server with bad tools", () => {
  const toolsShown = (sandbox: Awaited<ReturnType<typeof setHostileSandbox>>) =>
    (
      sandbox.standIn.requests
        .map(({ body }) => body)
        .findLast(({ contents }) => JSON.stringify(contents).includes("hostile"))?.tools?.[0]?.functionDeclarations ??
      []
    ).map(({ name }) => name);

  it("five hundred of them: all are offered, the last is called", async () => {
    const sandbox = await setHostileSandbox(hostileEntry("many-tools"), [
      [call("hostile__tool_0"), call("hostile__tool_499")],
    ]);
    const { status, warnings, answers } = await sandbox.play();
    expect({ status, warnings }).toEqual({ status: "success", warnings: [] });
    expect(toolsShown(sandbox).filter((name) => name.startsWith("hostile__"))).toHaveLength(500);
    expect(answers[1]).toBe('{"output":"this is tool_499"}');
    await sandbox.endClean();
  });

  it("under odd and endless names: each gets a name of its own that means it, and twins are one", async () => {
    const sandbox = await setHostileSandbox(hostileEntry("odd-names"), [
      [call("hostile__constructor")],
      [call("hostile____proto__")],
    ]);
    const { status, warnings, answers } = await sandbox.play();
    expect(status).toBe("success");
    expect(warnings).toEqual([naming(/^hostile: /, '"hostile"', '"plain"', "hostile__plain", "tool_rejected")]);
    const names = toolsShown(sandbox).filter((name) => name.startsWith("hostile__"));
    expect(new Set(names).size).toBe(14);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    expect(answers[0]).toContain('this is \\"constructor\\"');
    expect(answers[1]).toContain('this is \\"__proto__\\"');
    const other = names.find((name) => name.startsWith("hostile__nnnn")) ?? "";
    const again = await setHostileSandbox(hostileEntry("odd-names"), [[call(other)]]);
    expect((await again.play()).answers[0]).toContain(`this is \\"${"n".repeat(199)}`);
    await again.endClean();
    await sandbox.endClean();
  });

  it("with unusable schemas: legwork rejects those tools with the reason, the others work", async () => {
    const callable = ["plain", "cyclic", "bad_pattern", "prototype", "old_dialect"];
    const turns = [...callable, "nowhere"].map((name) => [call(`hostile__${name}`)]);
    const sandbox = await setHostileSandbox(hostileEntry("broken-schemas"), turns);
    const { status, warnings, calls, answers } = await sandbox.play();
    expect(status).toBe("success");
    const reasons = warnings.map((text) => [/"hostile".*?"(\w+)"/.exec(text)?.[1], text]);
    expect(reasons).toHaveLength(7);
    expect(Object.fromEntries(reasons)).toEqual({
      circle: naming("properties.a", '"#/$defs/a"', "tool_rejected"),
      nowhere: naming("properties.a", '"#/$defs/missing"', "tool_rejected"),
      elsewhere: naming("properties.a", '"https://schemas.invalid/a.json"', "tool_rejected"),
      no_type: naming("properties.a", '"nonsense"', "tool_rejected"),
      no_properties: naming("properties", "object", "tool_rejected"),
      no_required: naming('"required"', "tool_rejected"),
      deep: naming(/\b100\b/, "tool_rejected"),
    });
    expect(calls).toEqual([...callable.map((name) => done(`hostile__${name}`)), refused("hostile__nowhere"), good]);
    expect(answers.at(-2)).toContain("hostile__nowhere");
    await sandbox.endClean();
  });

  it("with oversized definitions: legwork rejects those tools, and sends no vendor half a character", async () => {
    const sandbox = await setHostileSandbox(hostileEntry("excessive-tools"), [plain()]);
    const { status, warnings, answers } = await sandbox.play();
    expect(status).toBe("success");
    expect(warnings).toEqual([
      naming('"hostile"', '"deep"', /\b500\b/, "tool_rejected"),
      naming('"hostile"', '"large"', /\b100000\b/, "tool_rejected"),
      naming('"hostile"', `"endless\\nline${"n".repeat(87)}…"`, "inputSchema", "tool_rejected"),
    ]);
    expect(answers[0]).toEqual(naming("hostile__plain", "half \ufffd a robot"));
    const sent = JSON.stringify(sandbox.standIn.requests.map(({ body }) => body));
    expect(sent).toContain("half \ufffd a robot");
    expect(sent).not.toMatch(/\\ud[89a-f]/);
    await sandbox.endClean();
  });

  it("declared changed two thousand times is asked for them about once a second", async () => {
    const sandbox = await setHostileSandbox(hostileEntry("storm"), [plain(1), plain(2), plain(3)]);
    const begun = Date.now();
    const { status, answers } = await sandbox.play();
    const seconds = (Date.now() - begun) / 1000;
    expect(status).toBe("success");
    const times = answers.slice(0, 3).map((answer) => Number(/read (\d+) times/.exec(answer)?.[1]));
    expect(times[0]).toBeGreaterThanOrEqual(1);
    expect(Math.max(...times)).toBeLessThanOrEqual(2 + seconds);
    await sandbox.endClean();
  });
});

it("legwork shortens a progress message of megabytes", async () => {
  const sandbox = await setHostileSandbox(hostileEntry("chatty"), [plain()]);
  const { runId } = await sandbox.play();
  const { structured } = await sandbox.host.call("get_run", { run_id: runId, view: "events", limit: 200 });
  const [progress] = structured.events.filter(({ type }) => type === "tool_call_progressed");
  expect(progress).toMatchObject({ tool: "hostile__plain" });
  expect(JSON.stringify(progress).length).toBeLessThan(1_500);
  await sandbox.endClean();
});

describe("a server that prints its environment", () => {
  it("cannot show a part of a secret by printing it where legwork shortens", async () => {
    const given = "tok-5b1c9e7a4d-Zq81mmQx";
    const entry = hostileEntry("tells-at-the-cut", [], { env: { API_KEY: given } });
    const sandbox = await setHostileSandbox(entry, [plain()]);
    const { warnings, runId } = await sandbox.play();
    expect(warnings[0]).toEqual(naming("code 3", /x+\[redacted/));
    const { text } = await sandbox.host.call("get_run", { run_id: runId, view: "events" });
    const shown = JSON.stringify(await sandbox.problem()) + text + warnings.join() + sandbox.host.stderr();
    for (const part of [given.slice(0, 8), given.slice(-8)]) expect(shown).not.toContain(part);
    await sandbox.endClean();
  });

  it("has none of legwork's keys to print, and its own secret is shown and written nowhere", async () => {
    const given = "tok-5b1c9e7a4d";
    const entry = hostileEntry("prints-environment", [], { env: { SERVICE_TOKEN: "${" + "SERVICE}" } });
    const env = { SERVICE: given, GEMINI_API_KEY: "gemini-key-4711", OTHER_SECRET: "other-secret-4711" };
    const sandbox = await setHostileSandbox(entry, [plain()], { env });
    const { answers, runId } = await sandbox.play();
    expect(answers[0]).toContain('\\"SERVICE_TOKEN\\":\\"[redacted SERVICE');
    for (const key of ["gemini-key", "other-secret", "LEGWORK_HOME", given]) expect(answers[0]).not.toContain(key);
    const { text } = await sandbox.host.call("get_run", { run_id: runId, view: "events" });
    expect(text + sandbox.host.stderr()).not.toContain(given);
    await sandbox.endClean();
    const files = readdirSync(sandbox.bench.home, { recursive: true, withFileTypes: true }).filter((file) =>
      file.isFile(),
    );
    expect(files.map(({ name }) => name)).toContain("legwork.db");
    for (const { parentPath, name } of files)
      expect(readFileSync(join(parentPath, name)).includes(given), name).toBe(false);
  });
});
