/** Calls over MCP, large and odd, and the processes that serve them. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createDownstream } from "../../src/downstream/pool/pool.js";
import {
  call,
  effectLog,
  effects,
  failure,
  folder,
  hostile,
  limits,
  names,
  open,
  opened,
  options,
  pidFile,
  pids,
  started,
  tool,
  useSandbox,
} from "../support/downstream-sandbox.js";
import { AT_ONCE_MS, CLOSE_BUDGET_MS, eventually } from "../support/in-time.js";
import { mentions } from "../support/mentions.js";
import { isAlive } from "../support/transports.js";

useSandbox();

describe("a call", () => {
  it("turns every kind of content into text", async () => {
    const { downstream, catalog } = await opened(hostile("odd-results"));
    const plain = tool(catalog, "plain");
    expect((await call(downstream, plain, { kind: "mixed" })).text.split("\n")).toEqual([
      "first",
      expect.stringMatching(/^\[image image\/png, 6 bytes, .*\b1\]$/),
      "[resource_link text/plain, 12 bytes, file:///a.txt, a]",
      "[resource text/plain, file:///b.txt]",
      "the text of b",
      "[hologram]",
      "[text]",
      expect.stringMatching(/^\[unreadable\b.*\]$/),
      "last",
      expect.stringMatching(/^\[structured .*\b16\b.*\b2\]$/),
    ]);
    expect((await call(downstream, plain, { kind: "mixed" })).attachments).toEqual([
      { kind: "image", mimeType: "image/png", text: "AAAAAAAA" },
      { kind: "structured", mimeType: "application/json", text: '{"ignored":true}' },
    ]);
    const structured = { isError: true, text: '[1,{"two":2}]', attachments: [] };
    expect(await call(downstream, plain, { kind: "structured" })).toEqual(structured);
    expect(await call(downstream, plain, { kind: "empty" })).toEqual({
      isError: false,
      text: "(no content)",
      attachments: [],
    });
  });

  it("loses none of 100 concurrent calls under one signal, without a warning", async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error) => warnings.push(warning.name);
    process.on("warning", onWarning);
    const { downstream, catalog } = await opened(effects());
    const echo = tool(catalog, "echo");
    const { signal } = new AbortController();
    const under = limits(5_000, { signal });
    const calls = Array.from({ length: 100 }, (_, n) => downstream.call(echo, { n }, under));
    const answers = await Promise.all(calls);
    expect(answers.map(({ text }) => text)).toEqual(answers.map((_, n) => `{"n":${n}}`));
    await delay(10);
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  it("returns a result of 20 MiB", async () => {
    const { downstream, catalog } = await opened(effects());
    const size = 20 * 1024 * 1024;
    expect((await call(downstream, tool(catalog, "big"), { n: size })).text).toHaveLength(size);
  });

  it("closes the connection over a message of more than 64 MiB", async () => {
    const { downstream, catalog } = await opened(effects());
    const error = await failure(call(downstream, tool(catalog, "big"), { n: 65 * 1024 * 1024 }));
    expect(error).toMatchObject({ code: "connection_closed", message: expect.stringMatching(mentions("line")) });
  });

  it("uses the timeout of its server", async () => {
    const { downstream, catalog } = await opened(effects({ timeoutSeconds: 0.2 }));
    const error = await failure(call(downstream, tool(catalog, "slow"), { ms: 20_000 }));
    expect(error.message).toMatch(mentions("effects__slow", "0.2 s"));
  });

  it("prefers the timeout of its tool to that of its server", async () => {
    const own = { timeoutSeconds: 60, toolTimeouts: [{ pattern: "slow*", seconds: 0.2 }] };
    const { downstream, catalog } = await opened(effects(own));
    const error = await failure(call(downstream, tool(catalog, "slow"), { ms: 20_000 }));
    expect(error.message).toMatch(mentions("effects__slow", "0.2 s"));
  });

  it("may take longer than its limit while its server reports progress, up to a multiple of it", async () => {
    const { downstream, catalog } = await opened(hostile("ticking"));
    const tick = (ms: number, mostExtension: number) =>
      downstream.call(tool(catalog, "plain"), { ms }, limits(500, { mostExtension }));
    expect((await tick(1_200, 10)).text).toBe("done");
    const begun = performance.now();
    expect(await failure(tick(60_000, 2))).toMatchObject({ code: "call_timeout" });
    expect(performance.now() - begun).toBeGreaterThan(950);
    expect(await failure(tick(60_000, 1))).toMatchObject({ message: expect.stringMatching(mentions("0.5 s")) });
  });

  it("fails soon when the server stops reading", async () => {
    const { downstream, catalog } = await opened(hostile("deaf"));
    const first = failure(call(downstream, tool(catalog, "plain")));
    await delay(50);
    await failure(call(downstream, tool(catalog, "plain")));
    expect(await first).toMatchObject({ code: "connection_closed" });
  });
});

describe("a careless server", () => {
  it("is understood from its greeting to its answers", async () => {
    const { downstream, catalog } = await opened(hostile("careless"));
    expect(names(catalog.tools)).toEqual(["hostile__tool_1", "hostile__tool_2", "hostile__tool_3"]);
    expect(catalog.problems).toEqual([]);
    const texts: Readonly<Record<string, string>> = {
      plain: "plain",
      list: "list",
      item: "one item",
      texts: "one\ntwo\n3",
      failed: "it failed",
      unknown: '{"output":"elsewhere"}',
      structured: '{"a":1}',
    };
    for (const [kind, text] of Object.entries(texts)) {
      const answer = await call(downstream, tool(catalog, "tool_1"), { kind });
      expect(answer).toMatchObject({ text, isError: kind === "failed" });
    }
  });
});

describe("the child process", () => {
  it("sees only the basic and the declared variables", async () => {
    const baseEnv = { ...process.env, SECRET: "hunter2", GEMINI_API_KEY: "key", LANG: "C", TERM: "() { :; }" };
    const server = hostile("environment", { env: { DECLARED: "yes" } });
    const downstream = createDownstream([server], [], options({ baseEnv }));
    open.push(downstream);
    const { text } = await call(downstream, tool(await started(downstream), "plain"));
    const seen = JSON.parse(text);
    expect(seen).toMatchObject({ DECLARED: "yes", PATH: process.env.PATH, LANG: "C" });
    const allowed = ["DECLARED", "LEGWORK_SERVER", "HOME", "LOGNAME", "PATH", "SHELL", "USER", "LANG", "TMPDIR"];
    expect(Object.keys(seen).filter((name) => !allowed.includes(name))).toEqual([]);
  });

  it("is killed within the budget when it ignores end of input and SIGTERM, and its calls fail at once", async () => {
    const { downstream, catalog } = await opened(hostile("stubborn"), effects(), hostile("grandchild", pidFile()));
    const slow = failure(call(downstream, tool(catalog, "slow"), { ms: 20_000 }));
    await eventually(() => expect(effectLog()).toEqual(["started"]));
    const startedAt = performance.now();
    const closing = downstream.close();
    expect(await slow).toMatchObject({ code: "connection_closed" });
    expect(performance.now() - startedAt).toBeLessThan(AT_ONCE_MS);
    await closing;
    expect(performance.now() - startedAt).toBeLessThan(CLOSE_BUDGET_MS);
    expect(pids).toHaveLength(3);
  });

  it("exits together with its grandchildren", async () => {
    const { downstream, catalog } = await opened(hostile("grandchild", pidFile()));
    const grandchild = Number(readFileSync(path.join(folder, "pid"), "utf8"));
    expect(isAlive(grandchild)).toBe(true);
    await failure(call(downstream, tool(catalog, "plain")));
    await eventually(() => expect(isAlive(grandchild)).toBe(false));
  });
});
