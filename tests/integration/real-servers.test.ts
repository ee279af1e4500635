/** Starts, lists and uses published servers through the pool. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type { ServerConfig } from "../../src/core/definitions/server-config.js";
import type { Catalog, Downstream, SampleRequest, ToolProgress } from "../../src/core/ports/downstream.js";
import type { ElicitRequest } from "../../src/core/ports/host.js";
import { createDownstream } from "../../src/downstream/pool/pool.js";
import {
  call,
  failure,
  folder,
  limits,
  names,
  open,
  opened,
  options,
  pids,
  published,
  started,
  tool,
  useSandbox,
} from "../support/downstream-sandbox.js";
import { everything, useHttpSandbox } from "../support/http-sandbox.js";
import { eventually } from "../support/in-time.js";

useSandbox();
useHttpSandbox();

/** The same server over stdio and over HTTP. */
const transports: readonly (readonly [string, () => Promise<ServerConfig>])[] = [
  ["stdio", async () => published("everything", ["stdio"])],
  [
    "streamable HTTP",
    async () => {
      const { origin } = await everything("streamableHttp");
      return { ...published("everything"), transport: { kind: "http", url: `${origin}/mcp`, headers: {} } };
    },
  ],
];

describe.each(transports)("the reference server over %s", (_name, configured) => {
  let downstream: Downstream;
  let catalog: Catalog;

  beforeEach(async () => {
    ({ downstream, catalog } = await opened(await configured()));
  });

  const using = (name: string, args = {}) => call(downstream, tool(catalog, name), args);

  it("is listed with its effects and called; only a tool that needs a task is rejected", async () => {
    expect(tool(catalog, "echo").name).toBe("everything__echo"); // or it names the problems
    expect(tool(catalog, "get-sum").effect).toBe("read_only");
    expect(tool(catalog, "gzip-file-as-resource").effect).toBe("idempotent");
    expect(tool(catalog, "toggle-simulated-logging").effect).toBe("effectful");
    expect(catalog.problems).toMatchObject([
      { code: "tool_rejected", message: expect.stringContaining('"simulate-research-query"') },
    ]);
    const sum = await using("get-sum", { a: 2, b: 40 });
    expect(sum).toEqual({ isError: false, text: "The sum of 2 and 40 is 42.", attachments: [] });
    const refused = await using("get-sum", { a: "two", b: 40 });
    expect(refused).toMatchObject({ isError: true, text: expect.stringContaining("expected number") });
  });

  it("gives an image as an attachment, links to resources, a resource, and structured content once", async () => {
    const { text, attachments } = await using("get-tiny-image");
    expect(text).toMatch(/^\[image image\/png, 4033 bytes, .*\b1\]$/m);
    expect(attachments).toMatchObject([{ kind: "image", mimeType: "image/png" }]);
    const image = Buffer.from(attachments[0]?.text ?? "", "base64");
    expect(image).toHaveLength(4033);
    expect(image.subarray(1, 4).toString()).toBe("PNG");
    const links = (await using("get-resource-links", { count: 3 })).text.split("\n").slice(1);
    expect(links).toHaveLength(3);
    for (const link of links) expect(link).toMatch(/^\[resource_link text\/plain, demo:\/\/resource\/dynamic\//);
    const resource = await using("get-resource-reference", { resourceType: "Text", resourceId: 1 });
    expect(resource.text).toContain("[resource text/plain, demo://resource/dynamic/text/1]\nResource 1: This is");
    const weather = await using("get-structured-content", { location: "Chicago" });
    expect(JSON.parse(weather.text)).toEqual({ temperature: 36, conditions: "Light rain / drizzle", humidity: 82 });
    expect(weather.attachments).toEqual([]); // its text says the same
  });

  it("reports the progress of a long call, and is cancelled in the middle of one", async () => {
    const long = tool(catalog, "trigger-long-running-operation");
    const told: ToolProgress[] = [];
    const answer = await downstream.call(
      long,
      { duration: 0.4, steps: 4 },
      limits(30_000, { onProgress: (step) => told.push(step) }),
    );
    expect(answer.text).toContain("Long running operation completed");
    expect(told.slice(0, 3)).toEqual([1, 2, 3].map((progress) => ({ progress, total: 4, message: null })));
    const error = await failure(call(downstream, long, { duration: 30, steps: 2 }, 200));
    expect(error).toMatchObject({ code: "call_timeout", server: "everything" });
    expect((await using("echo", { message: "still there" })).text).toBe("Echo: still there");
  });

  it("receives the project folder as its root, and has no tool that asks a model or a person", async () => {
    await eventually(() => tool(downstream.catalog(["everything"]), "get-roots-list"));
    const { text } = await call(downstream, tool(downstream.catalog(["everything"]), "get-roots-list"));
    expect(text).toContain("(1 total)");
    expect(text).toContain(`URI: file://${folder}\n`);
    // They would have come before the one just called.
    const offered = names(downstream.catalog(["everything"]).tools);
    expect(offered.filter((name) => /sampling|elicitation/.test(name))).toEqual([]);
  });
});

describe.each(transports)("the reference server that may ask, over %s", (_name, configured) => {
  it("gets answers of a model and of a person", async () => {
    const [asked, sampled]: [ElicitRequest[], SampleRequest[]] = [[], []];
    const allow = { sampling: true, elicitation: true };
    const downstream = createDownstream(
      [{ ...(await configured()), allow }],
      [],
      options({
        elicit: async (request) => {
          asked.push(request);
          return { action: "accept", by: "a person", content: { name: "Ada" } };
        },
      }),
    );
    open.push(downstream);
    await started(downstream);
    const current = (name: string) => eventually(() => tool(downstream.catalog(["everything"]), name));
    const sample = async (request: SampleRequest) => {
      sampled.push(request);
      return { model: "a-model", text: "forty-two" };
    };
    const answer = await downstream.call(
      await current("trigger-sampling-request"),
      { prompt: "six times seven?" },
      limits(30_000, { sample }),
    );
    expect(answer.text).toContain('"text": "forty-two"');
    expect(answer.text).toContain('"model": "a-model"');
    expect(sampled).toMatchObject([
      { server: "everything", system: "You are a helpful test server.", messages: [{ role: "user" }] },
    ]);
    const form = await call(downstream, await current("trigger-elicitation-request"));
    expect(form.text).toContain("- Name: Ada");
    expect(asked).toMatchObject([{ server: "everything", schema: { type: "object" } }]);
  });
});

describe("the memory server", () => {
  it("stores facts, reads them back, and finds them again after a restart", async () => {
    const file = path.join(folder, "memory.jsonl");
    const config = published("memory", [], { MEMORY_FILE_PATH: file });
    const { downstream, catalog } = await opened(config);
    expect(catalog.problems).toEqual([]);
    expect(tool(catalog, "read_graph").effect).toBe("read_only");
    expect(tool(catalog, "delete_entities").effect).toBe("effectful");
    const ada = { name: "Ada", entityType: "person", observations: ["wrote the first program"] };
    const engine = { name: "Engine", entityType: "machine", observations: [] };
    const link = { from: "Ada", to: "Engine", relationType: "programs" };
    await call(downstream, tool(catalog, "create_entities"), { entities: [ada, engine] });
    await call(downstream, tool(catalog, "create_relations"), { relations: [link] });
    expect(readFileSync(file, "utf8")).toContain("wrote the first program");
    await call(downstream, tool(catalog, "delete_entities"), { entityNames: ["Engine"] });
    await downstream.close();
    const again = await opened(config);
    const graph = await call(again.downstream, tool(again.catalog, "read_graph"));
    expect(JSON.parse(graph.text)).toEqual({ entities: [ada], relations: [] });
    const found = await call(again.downstream, tool(again.catalog, "search_nodes"), { query: "program" });
    expect(JSON.parse(found.text).entities).toMatchObject([{ name: "Ada" }]);
    expect(pids).toHaveLength(2);
  });
});

describe("the server for sequential thinking", () => {
  it("counts thoughts, and forgets them at its exit", async () => {
    const { downstream, catalog } = await opened(published("sequential-thinking"));
    expect(names(catalog.tools)).toEqual(["sequential-thinking__sequentialthinking"]);
    const think = async (thoughtNumber: number) => {
      const args = { thought: `step ${thoughtNumber}`, nextThoughtNeeded: thoughtNumber < 2, thoughtNumber };
      const { text } = await call(downstream, tool(catalog, "sequentialthinking"), { ...args, totalThoughts: 2 });
      return JSON.parse(text) as object;
    };
    expect(await think(1)).toMatchObject({ thoughtNumber: 1, thoughtHistoryLength: 1, nextThoughtNeeded: true });
    expect(await think(2)).toMatchObject({ thoughtNumber: 2, thoughtHistoryLength: 2, nextThoughtNeeded: false });
  });
});

describe("the file server", () => {
  it("writes, edits, finds and reads files, including an image, and stays in its folder", async () => {
    const root = path.join(folder, "files");
    mkdirSync(root);
    const dot = Buffer.from("89504e470d0a1a0a", "hex");
    writeFileSync(path.join(root, "dot.png"), dot);
    const { downstream, catalog } = await opened(published("filesystem", [root]));
    const using = (name: string, args: object) => call(downstream, tool(catalog, name), args);
    const note = path.join(root, "note.txt");
    expect((await using("write_file", { path: note, content: "one\ntwo\n" })).isError).toBe(false);
    await using("edit_file", { path: note, edits: [{ oldText: "two", newText: "three" }] });
    expect(readFileSync(note, "utf8")).toBe("one\nthree\n");
    // It wraps what it says in structured content too, which is kept once.
    expect(await using("read_text_file", { path: note })).toEqual({
      isError: false,
      text: "one\nthree\n",
      attachments: [],
    });
    expect((await using("search_files", { path: root, pattern: "*.txt" })).text).toContain("note.txt");
    const image = await using("read_media_file", { path: path.join(root, "dot.png") });
    expect(image.text).toMatch(/^\[image image\/png, 8 bytes, .*\b1\]$/);
    expect(image.attachments).toEqual([{ kind: "image", mimeType: "image/png", text: dot.toString("base64") }]);
    const outside = `${folder}-outside.txt`;
    const refused = await using("write_file", { path: outside, content: "no" });
    expect(refused).toMatchObject({ isError: true, text: expect.stringContaining("Access denied") });
    expect(existsSync(outside)).toBe(false);
  });

  it("uses the project folder that it receives as its root in place of its argument", async () => {
    const elsewhere = path.join(folder, "elsewhere");
    mkdirSync(elsewhere);
    const { downstream, catalog } = await opened(published("filesystem", [elsewhere]));
    await eventually(async () => {
      const { text } = await call(downstream, tool(catalog, "list_allowed_directories"));
      expect(text.split("\n")).toContain(folder);
    });
  });
});
