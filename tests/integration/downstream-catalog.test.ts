/** The downstream port: catalogs and starts, over real server processes, well-behaved and hostile. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { createRedact } from "../../src/core/redact.js";
import { createDownstream } from "../../src/downstream/pool/pool.js";
import {
  call,
  effects,
  folder,
  hostile,
  names,
  open,
  open1,
  options,
  pids,
  pool,
  started,
  stdio,
  tool,
  useSandbox,
} from "../support/downstream-sandbox.js";
import { CLOSE_BUDGET_MS } from "../support/in-time.js";
import { mentions } from "../support/mentions.js";
import { groupLives } from "../support/transports.js";

useSandbox();

describe("the catalog", () => {
  it("lists a server's tools under qualified names with their effects", async () => {
    const { tools, problems } = await open1(effects());
    expect(problems).toEqual([]);
    expect(tools.map(({ name, effect }) => [name, effect])).toEqual([
      ["effects__add_line", "effectful"],
      ["effects__read_lines", "read_only"],
      ["effects__slow", "read_only"],
      ["effects__slow_add_line", "effectful"],
      ["effects__fail", "read_only"],
      ["effects__big", "read_only"],
      ["effects__echo", "idempotent"],
      ["effects__die", "effectful"],
    ]);
    expect(tools[0]).toMatchObject({ server: "effects", tool: "add_line", description: "The add_line tool." });
  });

  it("starts a server once for concurrent callers, and only on demand", async () => {
    const downstream = pool(effects());
    expect(downstream.servers).toEqual(["effects"]);
    expect(downstream.catalog(["effects"])).toEqual({ tools: [], problems: [] });
    expect(downstream.status()).toMatchObject([{ state: "idle", listing: null }]);
    expect(pids).toEqual([]);
    const [first, second] = await Promise.all([started(downstream), started(downstream)]);
    expect(second).toBe(first);
    expect(first.tools).not.toEqual([]);
    expect(pids).toHaveLength(1);
    expect(downstream.catalog(["effects"])).toBe(first);
  });

  it("keeps the order of the configuration", async () => {
    const downstream = pool(hostile("pages", { name: "b" }), hostile("growing", { name: "a" }));
    const { tools } = await started(downstream, ["a", "b"]);
    expect(names(tools)).toEqual(["b__tool_0", "b__tool_1", "b__tool_2", "b__tool_3", "b__tool_4", "a__plain"]);
  });

  it("includes, excludes and reclassifies by pattern", async () => {
    const { tools } = await open1(
      effects({
        includeTools: ["*_line", "effects__read*", "echo"],
        excludeTools: ["slow_*"],
        effects: [
          { pattern: "*", effect: "idempotent" },
          { pattern: "effects__add_line", effect: "read_only" },
        ],
      }),
    );
    expect(tools.map(({ name, effect }) => [name, effect])).toEqual([
      ["effects__add_line", "read_only"],
      ["effects__read_lines", "idempotent"],
      ["effects__echo", "idempotent"],
    ]);
  });

  it("rejects only malformed tools", async () => {
    const { tools, problems } = await open1(hostile("odd-tools"));
    expect(tools.map(({ tool }) => tool)).toEqual([
      "plain",
      "untyped_schema",
      "null_description",
      "odd_annotations",
      "list_annotations",
      "broken_output",
      "n".repeat(200),
      "näme with späces/and.dots",
    ]);
    for (const { name, effect, inputSchema } of tools) {
      expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
      expect(effect).toBe("effectful");
      expect(inputSchema).toMatchObject({ type: "object" });
    }
    expect(tools.find(({ tool }) => tool === "null_description")?.description).toBe("");
    expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(["tool_rejected"]));
    expect(problems.map(({ message }) => message)).toEqual(
      [
        ['"no_schema"', "inputSchema"],
        ['"list_schema"', "inputSchema"],
        ['"array_schema"', "inputSchema", '"array"', '"object"'],
        ['"plain"', "hostile__plain"],
        ['"only_tasks"', "task"],
        ["14", "name"],
        ["15", "name"],
        ["16", "name"],
        ["17", "name"],
      ].map((words) => expect.stringMatching(mentions('"hostile"', ...words))),
    );
  });

  it("rejects only a tool that is nested too deeply, with pins or without", async () => {
    const redact = createRedact([{ name: "KEY", value: "tangerine-4711" }]);
    for (const pin of ["off", "enforce"] as const) {
      const downstream = createDownstream([hostile("deep-tool", { pin })], [], options({ redact }));
      open.push(downstream);
      const { tools, problems } = await started(downstream);
      expect(names(tools)).toEqual(["hostile__plain"]);
      expect(problems.map(({ message }) => message)).toEqual([
        expect.stringMatching(mentions('"hostile"', '"deep"', "500")),
      ]);
    }
  });

  it("rejects the second of two tools with one qualified name", async () => {
    const first = hostile("one-tool", { name: "a", argument: "b__c" });
    const second = hostile("one-tool", { name: "a__b", argument: "c" });
    const downstream = pool(first, second);
    const { tools, problems } = await started(downstream);
    expect(tools.map(({ name, server }) => [name, server])).toEqual([["a__b__c", "a"]]);
    expect(problems).toMatchObject([{ server: "a__b", code: "tool_rejected" }]);
  });

  it("reads all pages, and stops at a cursor that repeats", async () => {
    const { tools, problems } = await open1(hostile("false-cursor", { name: "stuck" }));
    expect(names(tools)).toEqual(["stuck__plain"]);
    expect(problems).toEqual([]);
  });

  it("accepts a server without tools", async () => {
    expect(await open1(hostile("no-tools"))).toEqual({ tools: [], problems: [] });
  });

  it("follows list_changed, and stays the same object until then", async () => {
    const downstream = pool(hostile("growing"));
    const before = await started(downstream);
    await call(downstream, tool(before, "plain"));
    await vi.waitFor(() => expect(names(downstream.catalog(["hostile"]).tools)).toHaveLength(2));
    expect(before.tools).toHaveLength(1);
  });

  it("names an unknown server as a problem", async () => {
    const { problems } = pool().catalog(["nope"]);
    expect(problems).toEqual([{ server: "nope", code: "unknown_server", message: expect.stringContaining('"nope"') }]);
  });
});

describe("a start that fails", () => {
  it("names a command that was not found, and is not retried", async () => {
    const downstream = pool(effects(stdio({ command: "legwork-no-such-command" })));
    const first = await started(downstream);
    expect(first.tools).toEqual([]);
    expect(first.problems).toMatchObject([{ server: "effects", code: "spawn_failed" }]);
    expect(first.problems[0]?.message).toContain('"legwork-no-such-command"');
    await delay(1_050);
    expect(await started(downstream)).toBe(first);
    expect(downstream.status()).toMatchObject([{ state: "failed" }]);
  });

  it("names a file that is not executable", async () => {
    const file = path.join(folder, "plain.txt");
    writeFileSync(file, "text");
    const { problems } = await open1(effects(stdio({ command: file })));
    expect(problems).toMatchObject([{ code: "spawn_failed", message: expect.stringContaining(file) }]);
  });

  it("names a working folder that is missing", async () => {
    const { problems } = await open1(effects(stdio({ cwd: path.join(folder, "gone") })));
    expect(problems).toMatchObject([
      { code: "start_failed", message: expect.stringContaining(path.join(folder, "gone")) },
    ]);
  });

  it("shows the last output of a server that exits, and is retried after a pause", async () => {
    const downstream = pool(hostile("exits-at-once"));
    const first = await started(downstream);
    expect(first.problems[0]).toMatchObject({ code: "start_failed" });
    expect(first.problems[0]?.message).toMatch(mentions("code 3"));
    expect(first.problems[0]?.message).toContain("warming up / fatal: no database");
    expect(await started(downstream)).toBe(first);
    expect(downstream.status()).toMatchObject([{ state: "degraded" }]);
    await vi.waitFor(() => expect(downstream.catalog(["hostile"])).not.toBe(first), 3_000);
  });

  it("ends for a server that never answers; close() does not wait for it", async () => {
    const pidFile = path.join(folder, "pid");
    const downstream = pool(hostile("silent", { env: { PID_FILE: pidFile } }), effects());
    const starting = started(downstream, ["hostile"]);
    await started(downstream, ["effects"]);
    await vi.waitFor(() => expect(existsSync(pidFile)).toBe(true));
    const pid = Number(readFileSync(pidFile, "utf8"));
    expect(groupLives(pid)).toBe(true);
    const startedAt = performance.now();
    await downstream.close();
    expect(performance.now() - startedAt).toBeLessThan(CLOSE_BUDGET_MS);
    expect(groupLives(pid)).toBe(false);
    expect((await starting).problems).toMatchObject([{ server: "hostile" }]);
    expect(downstream.catalog(["effects"]).problems).toMatchObject([{ code: "connection_closed" }]);
  });

  it("times out after 10 s and quotes the output of the server", { timeout: 15_000 }, async () => {
    const { problems } = await open1(hostile("silent"));
    expect(problems).toMatchObject([{ code: "start_timeout", message: expect.stringMatching(mentions("10 s")) }]);
  });

  it("does not follow from garbage on stdout", async () => {
    const downstream = pool(hostile("garbage"));
    const catalog = await started(downstream);
    expect(names(catalog.tools)).toEqual(["hostile__plain"]);
    expect(await call(downstream, tool(catalog, "plain"))).toEqual({ isError: false, text: "ok", attachments: [] });
  });
});
