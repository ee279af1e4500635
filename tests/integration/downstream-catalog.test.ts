/** Catalogs and failed starts of real servers, well-behaved and hostile. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
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
  pool,
  started,
  stdio,
  tool,
  useSandbox,
} from "../support/downstream-sandbox.js";
import { eventually } from "../support/in-time.js";
import { mentions } from "../support/mentions.js";

useSandbox();

describe("the catalog", () => {
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
    const paged = await open1(hostile("pages"));
    expect(names(paged.tools)).toEqual([0, 1, 2, 3, 4].map((page) => `hostile__tool_${page}`));
  });

  it("accepts a server without tools", async () => {
    expect(await open1(hostile("no-tools"))).toEqual({ tools: [], problems: [] });
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
    await eventually(() => expect(downstream.catalog(["hostile"])).not.toBe(first));
  });

  it("times out after its own limit and quotes the output of the server", async () => {
    const { problems } = await open1(hostile("silent", { startTimeoutSeconds: 1 }));
    expect(problems).toMatchObject([
      { code: "start_timeout", message: expect.stringMatching(mentions("1 s", "start_timeout_seconds")) },
    ]);
  });

  it("does not follow from garbage on stdout", async () => {
    const downstream = pool(hostile("garbage"));
    const catalog = await started(downstream);
    expect(names(catalog.tools)).toEqual(["hostile__plain"]);
    expect(await call(downstream, tool(catalog, "plain"))).toEqual({ isError: false, text: "ok", attachments: [] });
  });
});
