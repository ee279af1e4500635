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
  reach,
  started,
  tool,
  useStage,
} from "../support/downstream-stage.js";
import { CLOSE_BUDGET_MS } from "../support/in-time.js";
import { groupLives } from "../support/transports.js";

useStage();

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

  it("starts a server once for callers who come together, and only when asked", async () => {
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

  it("sets malformed tools aside alone", async () => {
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
    expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(["tool_set_aside"]));
    expect(problems.map(({ message }) => message.replace('server "hostile": ', ""))).toEqual([
      'tool "no_schema" was set aside: its inputSchema is missing or no object',
      'tool "list_schema" was set aside: its inputSchema is missing or no object',
      'tool "array_schema" was set aside: its inputSchema is of type "array", not "object"',
      'tool "plain" was set aside: another of its tools has the same name, hostile__plain',
      'tool "only_tasks" was set aside: it can only be called as an MCP task',
      "its tool number 14 was set aside: it has no name",
      "its tool number 15 was set aside: it has no name",
      "its tool number 16 was set aside: it has no name",
      "its tool number 17 was set aside: it has no name",
    ]);
  });

  it("sets a tool that is nested too deeply aside alone, whatever is done with the others", async () => {
    const redact = createRedact([{ name: "KEY", value: "tangerine-4711" }]);
    for (const pin of ["off", "enforce"] as const) {
      const downstream = createDownstream([hostile("deep-tool", { pin })], [], options({ redact }));
      open.push(downstream);
      const { tools, problems } = await started(downstream);
      expect(names(tools)).toEqual(["hostile__plain"]);
      expect(problems.map(({ message }) => message)).toEqual([
        'server "hostile": tool "deep" was set aside: its definition is nested more than 500 levels deep',
      ]);
    }
  });

  it("sets the second of two tools with one qualified name aside", async () => {
    const first = hostile("one-tool", { name: "a", argument: "b__c" });
    const second = hostile("one-tool", { name: "a__b", argument: "c" });
    const downstream = pool(first, second);
    const { tools, problems } = await started(downstream);
    expect(tools.map(({ name, server }) => [name, server])).toEqual([["a__b__c", "a"]]);
    expect(problems).toMatchObject([{ server: "a__b", code: "tool_set_aside" }]);
  });

  it("reads all pages, and stops at a cursor that repeats", async () => {
    const { tools, problems } = await open1(hostile("false-cursor", { name: "stuck" }));
    expect(names(tools)).toEqual(["stuck__plain"]);
    expect(problems).toEqual([]);
  });

  it("takes a server without tools as one with none", async () => {
    expect(await open1(hostile("no-tools"))).toEqual({ tools: [], problems: [] });
  });

  it("follows list_changed, and keeps its identity until then", async () => {
    const downstream = pool(hostile("growing"));
    const before = await started(downstream);
    await call(downstream, tool(before, "plain"));
    await vi.waitFor(() => expect(names(downstream.catalog(["hostile"]).tools)).toHaveLength(2));
    expect(before.tools).toHaveLength(1);
  });

  it("names an unknown server as a problem", async () => {
    const { problems } = pool().catalog(["nope"]);
    expect(problems).toEqual([{ server: "nope", code: "unknown_server", message: 'there is no server "nope"' }]);
  });
});

describe("a start that fails", () => {
  it("says that a command was not found, and does not try it again", async () => {
    const downstream = pool(effects(reach({ command: "legwork-no-such-command" })));
    const first = await started(downstream);
    expect(first.tools).toEqual([]);
    expect(first.problems).toMatchObject([{ server: "effects", code: "spawn_failed" }]);
    expect(first.problems[0]?.message).toContain('the command "legwork-no-such-command" was not found');
    await delay(1_050);
    expect(await started(downstream)).toBe(first);
    expect(downstream.status()).toMatchObject([{ state: "failed" }]);
  });

  it("says that a file may not be run", async () => {
    const file = path.join(folder, "plain.txt");
    writeFileSync(file, "text");
    const { problems } = await open1(effects(reach({ command: file })));
    expect(problems).toMatchObject([{ code: "spawn_failed", message: expect.stringContaining("may not be run") }]);
  });

  it("says that a working folder is missing", async () => {
    const { problems } = await open1(effects(reach({ cwd: path.join(folder, "gone") })));
    expect(problems).toMatchObject([{ code: "start_failed", message: expect.stringContaining("does not exist") }]);
  });

  it("shows the last words of a server that exits, and is tried again after a pause", async () => {
    const downstream = pool(hostile("exits-at-once"));
    const first = await started(downstream);
    expect(first.problems[0]).toMatchObject({ code: "start_failed" });
    expect(first.problems[0]?.message).toContain("it exited with code 3");
    expect(first.problems[0]?.message).toContain("warming up / fatal: no database");
    expect(await started(downstream)).toBe(first);
    expect(downstream.status()).toMatchObject([{ state: "degraded" }]);
    await vi.waitFor(() => expect(downstream.catalog(["hostile"])).not.toBe(first), 3_000);
  });

  it("gives up on a server that never answers, and close() does not wait for it", async () => {
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

  it("times out after 10 s, naming what the server wrote", { timeout: 15_000 }, async () => {
    const { problems } = await open1(hostile("silent"));
    expect(problems).toMatchObject([{ code: "start_timeout", message: expect.stringContaining("within 10 s") }]);
  });

  it("does not mind garbage on stdout", async () => {
    const downstream = pool(hostile("garbage"));
    const catalog = await started(downstream);
    expect(names(catalog.tools)).toEqual(["hostile__plain"]);
    expect(await call(downstream, tool(catalog, "plain"))).toEqual({ isError: false, text: "ok", parts: [] });
  });
});
