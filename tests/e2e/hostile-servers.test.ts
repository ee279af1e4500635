/**
 * Servers that misbehave, one beside a good one: what the agent is told, what the user is told, and that nothing else
 * is touched. Every test plays two runs: one meets the hostile server, the other must not notice.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { call } from "../support/agents.js";
import { until } from "../support/host.js";
import { hostileEntry, setHostileStage } from "../support/hostile-stage.js";

const plain = (n = 0) => [call("hostile__plain", { n })];
const done = (tool: string) => ({ tool, isError: false });
const failed = (tool: string, code: string) => ({ tool, isError: true, code });
const refused = (tool: string) => ({ tool, isError: true });
const good = done("effects__add_line");

describe("a server that speaks badly", () => {
  it("with garbage on stdout is understood all the same", async () => {
    const stage = await setHostileStage(hostileEntry("garbage"), [plain()]);
    const { status, warnings, calls, answers } = await stage.play();
    expect({ status, warnings, calls }).toEqual({
      status: "success",
      warnings: [],
      calls: [done("hostile__plain"), good],
    });
    expect(answers[0]).toBe('{"output":"ok"}');
    expect(await stage.problem()).toEqual({ state: "ready" });
    await stage.endClean();
  });

  it("with several answers to one call is taken at its first word", async () => {
    const stage = await setHostileStage(hostileEntry("answers-twice"), [plain(1), plain(2)]);
    const { calls, answers } = await stage.play();
    expect(calls).toEqual([done("hostile__plain"), done("hostile__plain"), good]);
    expect(answers.slice(0, 2)).toEqual(Array(2).fill('{"output":"the first answer"}'));
    await stage.endClean();
  });

  it("with a result of 20 MiB has it kept aside, and both its ends can be read", async () => {
    const read = (offset: number) => [call("read_result", { id: "r1.0", offset })];
    const stage = await setHostileStage(hostileEntry("large"), [plain(), read(20 * 1024 * 1024)]);
    const { status, answers, runId } = await stage.play();
    expect(status).toBe("success");
    expect(answers[0]).toMatch(/^\{"output":"begin x+/);
    expect(answers[0]).toMatch(/of 20971530 characters left out; go on with read_result/);
    expect(answers[0]?.length).toBeLessThan(50_000);
    expect(answers[1]).toMatch(/x end\\n\[end\]"\}$/);
    const { text } = await stage.host.call("get_run", { run_id: runId });
    expect(text.length).toBeLessThan(10_000);
    await stage.endClean();
  });
});

describe("a server that does not answer", () => {
  it("at its start costs the run ten seconds once, and is said to be down", { timeout: 40_000 }, async () => {
    const stage = await setHostileStage(hostileEntry("silent"), [plain()]);
    const { status, warnings, calls, answers } = await stage.play();
    expect(status).toBe("success");
    expect(warnings).toContain('hostile: server "hostile" did not answer within 10 s of its start (start_timeout)');
    expect(calls).toEqual([refused("hostile__plain"), good]);
    expect(answers[0]).toContain('hostile__plain is not allowed: server \\"hostile\\" did not answer within 10 s');
    expect((await stage.problem()).code).toBe("start_timeout");
    await stage.endClean();
  });

  it("to a call costs that call", async () => {
    const entry = hostileEntry("silent-call", [], { timeout_seconds: 0.5 });
    const stage = await setHostileStage(entry, [plain(1), plain(2)]);
    const { status, calls, answers } = await stage.play();
    expect(status).toBe("success");
    const timeout = failed("hostile__plain", "call_timeout");
    expect(calls).toEqual([timeout, timeout, good]);
    expect(answers[0]).toBe(
      '{"error":"hostile__plain timed out after 0.5 s: its outcome is unknown and it may have taken effect, so check before calling it again"}',
    );
    await stage.endClean();
  });
});

describe("a server that ends", () => {
  it("at its start is reported with its last output, and retried", async () => {
    const stage = await setHostileStage(hostileEntry("exits-at-once"), [plain()]);
    const { warnings, calls, answers } = await stage.play();
    const why =
      'server "hostile" ended while it was starting: it exited with code 3; its last words on stderr: warming up / fatal: no database';
    expect(warnings[0]).toBe(`hostile: ${why} (start_failed)`);
    expect(calls).toEqual([refused("hostile__plain"), good]);
    expect(answers[0]).toContain(why.replaceAll('"', '\\"'));
    // It is being started again every now and then.
    const problem = await until(async () => ((await stage.problem()).state === "degraded" ? stage.problem() : null));
    const remedy = expect.stringMatching(/server "hostile" in .*config\.yaml by hand to see why it fails$/);
    expect(problem).toEqual({ state: "degraded", code: "start_failed", message: why, remedy });
    await stage.endClean();
  });

  it("by refusing us is said with its reason, not with our own farewell", async () => {
    const stage = await setHostileStage(hostileEntry("refuses-us"), [plain()]);
    const { warnings } = await stage.play();
    expect(warnings[0]).toMatch(
      /^hostile: server "hostile" could not be used: MCP error 1: your licence has expired !+… \(start_failed\)$/,
    );
    expect(warnings[0]?.length).toBeLessThan(700);
    await stage.endClean();
  });

  it("in a call costs that call, and loses its tools until it is up again", async () => {
    const stage = await setHostileStage(hostileEntry("dies-in-call"), [plain(1), plain(2)]);
    const { status, calls, answers } = await stage.play();
    expect(status).toBe("success");
    expect(calls).toEqual([failed("hostile__plain", "connection_closed"), refused("hostile__plain"), good]);
    expect(answers[0]).toContain(
      'server \\"hostile\\" ended during hostile__plain (it exited with code 5): its outcome is unknown',
    );
    expect(answers[1]).toContain('hostile__plain is not allowed: server \\"hostile\\" ended: it exited with code 5');
    expect(await stage.problem()).toMatchObject({
      code: "connection_closed",
      message: 'server "hostile" ended: it exited with code 5',
    });
    await stage.endClean();
  });
});

describe("a server with bad tools", () => {
  const toolsShown = (stage: Awaited<ReturnType<typeof setHostileStage>>) =>
    (
      stage.standIn.requests
        .map(({ body }) => body)
        .findLast(({ contents }) => JSON.stringify(contents).includes("hostile"))?.tools?.[0]?.functionDeclarations ??
      []
    ).map(({ name }) => name);

  it("five hundred of them: all are offered, the last is called", async () => {
    const stage = await setHostileStage(hostileEntry("many-tools"), [
      [call("hostile__tool_0"), call("hostile__tool_499")],
    ]);
    const { status, warnings, answers } = await stage.play();
    expect({ status, warnings }).toEqual({ status: "success", warnings: [] });
    expect(toolsShown(stage).filter((name) => name.startsWith("hostile__"))).toHaveLength(500);
    expect(answers[1]).toBe('{"output":"this is tool_499"}');
    await stage.endClean();
  });

  it("under odd and endless names: each gets a name of its own that means it, and twins are one", async () => {
    const stage = await setHostileStage(hostileEntry("odd-names"), [
      [call("hostile__constructor")],
      [call("hostile____proto__")],
    ]);
    const { status, warnings, answers } = await stage.play();
    expect(status).toBe("success");
    expect(warnings).toEqual([
      'hostile: server "hostile": tool "plain" was rejected: another of its tools has the same name, hostile__plain (tool_rejected)',
    ]);
    const names = toolsShown(stage).filter((name) => name.startsWith("hostile__"));
    expect(new Set(names).size).toBe(14);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    expect(answers[0]).toContain('this is \\"constructor\\"');
    expect(answers[1]).toContain('this is \\"__proto__\\"');
    const other = names.find((name) => name.startsWith("hostile__nnnn")) ?? "";
    const again = await setHostileStage(hostileEntry("odd-names"), [[call(other)]]);
    expect((await again.play()).answers[0]).toContain(`this is \\"${"n".repeat(199)}`);
    await again.endClean();
    await stage.endClean();
  });

  it("with unusable schemas are rejected with the reason, the others work", async () => {
    const callable = ["plain", "cyclic", "bad_pattern", "prototype", "old_dialect"];
    const turns = [...callable, "nowhere"].map((name) => [call(`hostile__${name}`)]);
    const stage = await setHostileStage(hostileEntry("broken-schemas"), turns);
    const { status, warnings, calls, answers } = await stage.play();
    expect(status).toBe("success");
    const reasons = warnings.map((text) =>
      /tool "(.*)" was rejected: (?:its inputSchema cannot be used: )?(.*) \(tool_rejected\)/.exec(text)?.slice(1),
    );
    expect(Object.fromEntries(reasons.map((reason) => [reason?.[0], reason?.[1]]))).toEqual({
      circle: 'properties.a refers to "#/$defs/a", which leads back to itself',
      nowhere: 'properties.a refers to "#/$defs/missing", which is not there',
      elsewhere: 'properties.a refers to "https://schemas.invalid/a.json", which is not fetched',
      no_type: 'properties.a is of type "nonsense", which does not exist',
      no_properties: "it has properties that are no object",
      no_required: 'it has a "required" that is no list of names',
      deep: "it is nested more than 100 levels deep",
    });
    expect(calls).toEqual([...callable.map((name) => done(`hostile__${name}`)), refused("hostile__nowhere"), good]);
    expect(answers.at(-2)).toContain("hostile__nowhere is not allowed: there is no such tool");
    await stage.endClean();
  });

  it("that are too large to check are rejected, and no vendor receives half a character", async () => {
    const stage = await setHostileStage(hostileEntry("excessive-tools"), [plain()]);
    const { status, warnings, answers } = await stage.play();
    expect(status).toBe("success");
    expect(warnings.map((text) => text.replace(/^hostile: server "hostile": /, ""))).toEqual([
      'tool "deep" was rejected: its definition is nested more than 500 levels deep (tool_rejected)',
      'tool "large" was rejected: its definition is larger than 100000 characters (tool_rejected)',
      `tool "endless\\nline${"n".repeat(87)}…" was rejected: its inputSchema is missing or no object (tool_rejected)`,
    ]);
    expect(answers[0]).toContain("hostile__plain failed: MCP error 1: half \ufffd a robot");
    const sent = JSON.stringify(stage.standIn.requests.map(({ body }) => body));
    expect(sent).toContain("half \ufffd a robot");
    expect(sent).not.toMatch(/\\ud[89a-f]/);
    await stage.endClean();
  });

  it("that it declares changed two thousand times is asked for them about once a second", async () => {
    const stage = await setHostileStage(hostileEntry("storm"), [plain(1), plain(2), plain(3)]);
    const begun = Date.now();
    const { status, answers } = await stage.play();
    const seconds = (Date.now() - begun) / 1000;
    expect(status).toBe("success");
    const times = answers.slice(0, 3).map((answer) => Number(/read (\d+) times/.exec(answer)?.[1]));
    expect(times[0]).toBeGreaterThanOrEqual(1);
    expect(Math.max(...times)).toBeLessThanOrEqual(2 + seconds);
    await stage.endClean();
  });
});

it("megabytes of progress of a server are cut short", async () => {
  const stage = await setHostileStage(hostileEntry("chatty"), [plain()]);
  const { runId } = await stage.play();
  const { structured } = await stage.host.call("get_run", { run_id: runId, view: "events", limit: 200 });
  const [progress] = structured.events.filter(({ type }) => type === "tool_call_progressed");
  expect(progress).toMatchObject({ tool: "hostile__plain" });
  expect(JSON.stringify(progress).length).toBeLessThan(1_500);
  await stage.endClean();
});

describe("a server that prints its environment", () => {
  it("cannot have a part of a secret shown by printing it where we cut", async () => {
    const given = "tok-5b1c9e7a4d-Zq81mmQx";
    const entry = hostileEntry("tells-at-the-cut", [], { env: { API_KEY: given } });
    const stage = await setHostileStage(entry, [plain()]);
    const { warnings, runId } = await stage.play();
    expect(warnings[0]).toMatch(/exited with code 3; its last words on stderr: x+\[redacted/);
    const { text } = await stage.host.call("get_run", { run_id: runId, view: "events" });
    const shown = JSON.stringify(await stage.problem()) + text + warnings.join() + stage.host.stderr();
    for (const part of [given.slice(0, 8), given.slice(-8)]) expect(shown).not.toContain(part);
    await stage.endClean();
  });

  it("has none of our keys to print, and what it was given is shown and written nowhere", async () => {
    const given = "tok-5b1c9e7a4d";
    const entry = hostileEntry("prints-environment", [], { env: { SERVICE_TOKEN: "${" + "SERVICE}" } });
    const env = { SERVICE: given, GEMINI_API_KEY: "gemini-key-4711", OTHER_SECRET: "other-secret-4711" };
    const stage = await setHostileStage(entry, [plain()], { env });
    const { answers, runId } = await stage.play();
    expect(answers[0]).toContain('\\"SERVICE_TOKEN\\":\\"[redacted SERVICE');
    for (const key of ["gemini-key", "other-secret", "LEGWORK_HOME", given]) expect(answers[0]).not.toContain(key);
    const { text } = await stage.host.call("get_run", { run_id: runId, view: "events" });
    expect(text + stage.host.stderr()).not.toContain(given);
    await stage.endClean();
    const files = readdirSync(stage.bench.home, { recursive: true, withFileTypes: true }).filter((file) =>
      file.isFile(),
    );
    expect(files.map(({ name }) => name)).toContain("legwork.db");
    for (const { parentPath, name } of files)
      expect(readFileSync(join(parentPath, name)).includes(given), name).toBe(false);
  });
});
