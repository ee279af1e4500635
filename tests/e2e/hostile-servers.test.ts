/**
 * Servers that misbehave, one beside a good one: what the agent is told, what the user is told, and that nothing else
 * is touched. Every test plays two runs: one meets the hostile server, the other must not notice.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { call } from "../support/agents.js";
import type { WireBody } from "../support/gemini-wire-check.js";
import { until } from "../support/host.js";
import { hostileEntry, setHostileSandbox, shareHostileServers } from "../support/hostile-sandbox.js";
import { naming } from "../support/naming.js";

const TOKEN = "tok-5b1c9e7a4d-Zq81mmQx";

/** Each server has the name of what it does wrong, and starts with the first run that may use it. */
const shared = shareHostileServers(
  [
    ...[
      "garbage",
      "answers-twice",
      "exits-at-once",
      "refuses-us",
      "dies-in-call",
      "many-tools",
      "odd-names",
      "broken-schemas",
      "excessive-tools",
      "storm",
      "chatty",
    ].map((mode) => hostileEntry(mode, [], {}, mode)),
    hostileEntry("large", ["5"], {}, "large"),
    hostileEntry("large", ["20"], {}, "huge"),
    hostileEntry("silent", [], { start_timeout_seconds: 1 }, "silent"),
    hostileEntry("silent-call", [], { timeout_seconds: 0.5 }, "silent-call"),
    hostileEntry("tells-at-the-cut", [], { env: { API_KEY: TOKEN } }, "tells-at-the-cut"),
  ].join(""),
);

const plain = (server: string, n = 0) => [call(`${server}__plain`, { n })];
const done = (tool: string) => ({ tool, isError: false });
const failed = (tool: string, code: string) => ({ tool, isError: true, code });
const refused = (tool: string) => ({ tool, isError: true });
const good = done("effects__add_line");

describe("a server that speaks badly", () => {
  it("with garbage on stdout is understood all the same", async () => {
    const meeting = shared.meet("garbage", [plain("garbage")]);
    const { status, warnings, calls, answers } = await meeting.play();
    expect({ status, warnings, calls }).toEqual({
      status: "success",
      warnings: [],
      calls: [done("garbage__plain"), good],
    });
    expect(answers[0]).toBe('{"output":"ok"}');
    expect(await meeting.problem()).toEqual({ state: "ready" });
  });

  it("with several answers to one call: the first one counts", async () => {
    const meeting = shared.meet("answers-twice", [plain("answers-twice", 1), plain("answers-twice", 2)]);
    const { calls, answers } = await meeting.play();
    expect(calls).toEqual([done("answers-twice__plain"), done("answers-twice__plain"), good]);
    expect(answers.slice(0, 2)).toEqual(Array(2).fill('{"output":"the first answer"}'));
  });

  it("with a result of 5 MiB has it kept aside, and both its ends can be read", async () => {
    const read = (offset: number) => [call("read_result", { id: "r1.0", offset })];
    const meeting = shared.meet("large", [plain("large"), read(5 * 1024 * 1024)]);
    const { status, answers, runId } = await meeting.play();
    expect(status).toBe("success");
    expect(answers[0]).toMatch(/^\{"output":"begin 0 x+/);
    expect(answers[0]).toMatch(/\b5242892\b.*read_result/);
    expect(answers[0]?.length).toBeLessThan(50_000);
    expect(answers[1]).toMatch(/x end\\n\[end\]"\}$/);
    const { text } = await shared.host.call("get_run", { run_id: runId });
    expect(text.length).toBeLessThan(10_000);
  });
});

describe("a server that answers too much", () => {
  it("has only the beginning of its answer kept, and the answer names its size and the limit", async () => {
    const meeting = shared.meet("huge", [plain("huge"), [call("read_result", { id: "r1.0", offset: 0 })]]);
    const { status, answers, effects } = await meeting.play();
    expect(status).toBe("success");
    expect(answers[0]).toEqual(naming("begin 0 xxx", "20.0 MB", "8 MB", "max_result_mb"));
    expect(answers[0]?.length).toBeLessThan(12_000);
    expect(answers[1]).toEqual(naming("r1.0", "error"));
    expect(effects[0]).toMatchObject({ tool: "huge__plain", outcome: "done" });
  });
});

describe("a server that does not answer", () => {
  it("at its start costs the run its start_timeout_seconds once, and is reported as down", {
    timeout: 40_000,
  }, async () => {
    const meeting = shared.meet("silent", [plain("silent")]);
    const { status, warnings, calls, answers } = await meeting.play();
    expect(status).toBe("success");
    expect(warnings).toContainEqual(naming(/^silent: /, '"silent"', /\b1 s\b/, "start_timeout"));
    expect(calls).toEqual([refused("silent__plain"), good]);
    expect(answers[0]).toEqual(naming("silent__plain", '\\"silent\\"', /\b1 s\b/));
    expect((await meeting.problem()).code).toBe("start_timeout");
  });

  it("to a call costs that call", async () => {
    const meeting = shared.meet("silent-call", [plain("silent-call", 1), plain("silent-call", 2)]);
    const { status, calls, answers } = await meeting.play();
    expect(status).toBe("success");
    const timeout = failed("silent-call__plain", "call_timeout");
    expect(calls).toEqual([timeout, timeout, good]);
    expect(answers[0]).toEqual(naming(/^\{"error":"/, "silent-call__plain", "0.5 s", /\bunknown\b/));
  });
});

describe("a server that ends", () => {
  it("while it starts is reported with its last words, and started again", async () => {
    const meeting = shared.meet("exits-at-once", [plain("exits-at-once")]);
    const { warnings, calls, answers } = await meeting.play();
    const facts = ["exits-at-once", /\bcode 3\b/, "warming up / fatal: no database"];
    expect(warnings[0]).toEqual(naming(/^exits-at-once: /, ...facts, "start_failed"));
    expect(calls).toEqual([refused("exits-at-once__plain"), good]);
    expect(answers[0]).toEqual(naming("exits-at-once__plain", ...facts));
    // It is being started again every now and then.
    const problem = await until(async () =>
      (await meeting.problem()).state === "degraded" ? meeting.problem() : null,
    );
    const remedy = naming(join(shared.bench.home, "config.yaml"), '"exits-at-once"');
    expect(problem).toEqual({ state: "degraded", code: "start_failed", message: naming(...facts), remedy });
  });

  it("by refusing legwork is reported with its reason", async () => {
    const meeting = shared.meet("refuses-us", [plain("refuses-us")]);
    const { warnings } = await meeting.play();
    expect(warnings[0]).toEqual(
      naming(/^refuses-us: /, '"refuses-us"', /your licence has expired !+…/, "start_failed"),
    );
    expect(warnings[0]?.length).toBeLessThan(700);
  });

  it("in a call costs that call, and loses its tools until it is up again", async () => {
    const meeting = shared.meet("dies-in-call", [plain("dies-in-call", 1), plain("dies-in-call", 2)]);
    const { status, calls, answers } = await meeting.play();
    expect(status).toBe("success");
    expect(calls).toEqual([failed("dies-in-call__plain", "connection_closed"), refused("dies-in-call__plain"), good]);
    expect(answers[0]).toEqual(naming('\\"dies-in-call\\"', "dies-in-call__plain", "code 5", /\bunknown\b/));
    expect(answers[1]).toEqual(naming("dies-in-call__plain", '\\"dies-in-call\\"', "code 5"));
    expect(await meeting.problem()).toMatchObject({
      code: "connection_closed",
      message: naming('"dies-in-call"', "code 5"),
    });
  });
});

describe("a server with bad tools", () => {
  /** The names of the server's tools as the model was shown them. */
  const toolsShown = (bodies: readonly WireBody[], server: string) =>
    (bodies.at(-1)?.tools?.[0]?.functionDeclarations ?? [])
      .map(({ name }) => name)
      .filter((name) => name.startsWith(`${server}__`));

  it("five hundred of them: the granted ones are offered, the last is called", async () => {
    const meeting = shared.meet("many-tools", [[call("many-tools__tool_4"), call("many-tools__tool_499")]]);
    const { status, warnings, answers } = await meeting.play("many-tools__tool_4*"); // no vendor takes all of them
    expect({ status, warnings }).toEqual({ status: "success", warnings: [] });
    expect(toolsShown(meeting.bodies(), "many-tools")).toHaveLength(111);
    expect(answers[1]).toBe('{"output":"this is tool_499"}');
  });

  it("under odd and endless names: each gets a name of its own that means it, and twins are one", async () => {
    const meeting = shared.meet("odd-names", [[call("odd-names__constructor")], [call("odd-names____proto__")]]);
    const { status, warnings, answers } = await meeting.play();
    expect(status).toBe("success");
    expect(warnings).toEqual([naming(/^odd-names: /, '"odd-names"', '"plain"', "odd-names__plain", "tool_rejected")]);
    const names = toolsShown(meeting.bodies(), "odd-names");
    expect(new Set(names).size).toBe(14);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    expect(answers[0]).toContain('this is \\"constructor\\"');
    expect(answers[1]).toContain('this is \\"__proto__\\"');
    const other = names.find((name) => name.startsWith("odd-names__nnnn")) ?? "";
    const again = shared.meet("odd-names", [[call(other)]]);
    expect((await again.play()).answers[0]).toContain(`this is \\"${"n".repeat(199)}`);
  });

  it("with unusable schemas: legwork rejects those tools with the reason, the others work", async () => {
    const callable = ["plain", "cyclic", "bad_pattern", "prototype", "old_dialect"];
    const turns = [...callable, "nowhere"].map((name) => [call(`broken-schemas__${name}`)]);
    const meeting = shared.meet("broken-schemas", turns);
    const { status, warnings, calls, answers } = await meeting.play();
    expect(status).toBe("success");
    const reasons = warnings.map((text) => [/"broken-schemas".*?"(\w+)"/.exec(text)?.[1], text]);
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
    expect(calls).toEqual([
      ...callable.map((name) => done(`broken-schemas__${name}`)),
      refused("broken-schemas__nowhere"),
      good,
    ]);
    expect(answers.at(-2)).toContain("broken-schemas__nowhere");
  });

  it("with oversized definitions: legwork rejects those tools, and sends no vendor half a character", async () => {
    const meeting = shared.meet("excessive-tools", [plain("excessive-tools")]);
    const { status, warnings, answers } = await meeting.play();
    expect(status).toBe("success");
    expect(warnings).toEqual([
      naming('"excessive-tools"', '"deep"', /\b500\b/, "tool_rejected"),
      naming('"excessive-tools"', '"large"', /\b100000\b/, "tool_rejected"),
      naming('"excessive-tools"', `"endless\\nline${"n".repeat(87)}…"`, "inputSchema", "tool_rejected"),
    ]);
    expect(answers[0]).toEqual(naming("excessive-tools__plain", "half \ufffd a robot"));
    const sent = JSON.stringify(meeting.bodies());
    expect(sent).toContain("half \ufffd a robot");
    expect(sent).not.toMatch(/\\ud[89a-f]/);
  });

  it("declared changed two thousand times is asked for them about once a second", async () => {
    const meeting = shared.meet("storm", [plain("storm", 1), plain("storm", 2), plain("storm", 3)]);
    const begun = Date.now();
    const { status, answers } = await meeting.play();
    const seconds = (Date.now() - begun) / 1000;
    expect(status).toBe("success");
    const times = answers.slice(0, 3).map((answer) => Number(/read (\d+) times/.exec(answer)?.[1]));
    expect(times[0]).toBeGreaterThanOrEqual(1);
    expect(Math.max(...times)).toBeLessThanOrEqual(2 + seconds);
  });
});

it("legwork shortens a progress message of megabytes", async () => {
  const meeting = shared.meet("chatty", [plain("chatty")]);
  const { runId } = await meeting.play();
  const { structured } = await shared.host.call("get_run", { run_id: runId, view: "events", limit: 200 });
  const [progress] = structured.events.filter(({ type }) => type === "tool_call_progressed");
  expect(progress).toMatchObject({ tool: "chatty__plain" });
  expect(JSON.stringify(progress).length).toBeLessThan(1_500);
});

describe("a server that prints its environment", () => {
  it("cannot show a part of a secret by printing it where legwork shortens", async () => {
    const meeting = shared.meet("tells-at-the-cut", [plain("tells-at-the-cut")]);
    const { warnings, runId } = await meeting.play();
    expect(warnings[0]).toEqual(naming("code 3", /x+\[redacted/));
    const { text } = await shared.host.call("get_run", { run_id: runId, view: "events" });
    const shown = JSON.stringify(await meeting.problem()) + text + warnings.join() + shared.host.stderr();
    for (const part of [TOKEN.slice(0, 8), TOKEN.slice(-8)]) expect(shown).not.toContain(part);
  });

  it("has none of legwork's keys to print, and its own secret is shown and written nowhere", async () => {
    const given = "tok-5b1c9e7a4d";
    const entry = hostileEntry("prints-environment", [], { env: { SERVICE_TOKEN: "${" + "SERVICE}" } });
    const env = { SERVICE: given, GEMINI_API_KEY: "gemini-key-4711", OTHER_SECRET: "other-secret-4711" };
    const sandbox = await setHostileSandbox(entry, [[call("hostile__plain")]], { env });
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
