/** What legwork does for one host or another: sizes, versions of the protocol, lists of tools, forms of arguments. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { isRecord } from "../../src/lib/is-record.js";
import {
  createWorkbench,
  INITIALIZE,
  openHost,
  spawnRaw,
  type TestHost,
  until,
  type Workbench,
} from "../support/host.js";
import { NO_SERVERS, rehearse, runScript } from "../support/rehearsals.js";

const LONG = "漢字とかな、".repeat(12_000); // three bytes a character
let bench: Workbench;
let host: TestHost;
let runId: string;

beforeAll(async () => {
  bench = createWorkbench();
  bench.configure(NO_SERVERS);
  rehearse(bench, "long", [{ text: LONG }]);
  rehearse(bench, "short", [{ text: "done" }]);
  host = await openHost(bench);
  runId = (await runScript(host, "long")).run_id;
});
afterAll(async () => {
  await host.close();
  bench.remove();
});

it.each([
  ["claude-code", 30_000],
  ["codex-mcp-client", 10_000],
  ["copilot-cli", 18_000],
  ["qwen-cli-mcp-client-here", 25_000],
  ["@cline/core", 6_500],
  ["a-new-host", 10_000],
])(
  "%s gets answers of at most %i bytes, which use the room, and begin with the way to the rest",
  async (clientName, most) => {
    const own = await openHost(bench, { clientName });
    onTestFinished(() => own.close());
    const summary = await own.call("get_run", { run_id: runId });
    const page = await own.call("get_run", { run_id: runId, view: "result" });
    for (const { text } of [summary, page]) {
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(most);
      expect(Buffer.byteLength(text)).toBeGreaterThan(most * 0.9);
      expect(text).not.toMatch(/\\ud[89a-f]/i); // no character is cut in two
    }
    expect(summary.structured.run).toMatchObject({ truncated: ["result"] });
    expect(summary.text.indexOf('"next"')).toBeLessThan(summary.text.indexOf('"result"'));
    expect(page.text.indexOf('"next_cursor"')).toBeLessThan(page.text.indexOf('"result"'));
    expect(LONG.startsWith(page.structured.run.result)).toBe(true);
  },
);

interface Reply {
  readonly id: number;
  readonly result: {
    readonly structuredContent?: object;
    readonly content: readonly { readonly text: string }[];
    readonly tools: readonly { readonly outputSchema?: object }[];
  };
}

it.each([
  ["2024-11-05", false],
  ["2025-03-26", false],
  ["2025-06-18", true],
  ["2025-11-25", true],
])("a host of protocol %s gets structured content: %s", async (protocolVersion, isStructured) => {
  const peer = spawnRaw(bench);
  onTestFinished(async () => {
    peer.child.stdin.end();
    await peer.exited;
  });
  const ask = async (id: number, method: string, params: object) => {
    peer.send({ jsonrpc: "2.0", id, method, params });
    const line = await until(() =>
      peer
        .stdout()
        .split("\n")
        .find((frame) => frame.includes(`"id":${id}`) && frame.endsWith("}")),
    );
    return (JSON.parse(line) as Reply).result;
  };
  await ask(1, "initialize", { ...INITIALIZE.params, protocolVersion });
  const { tools } = await ask(2, "tools/list", {});
  expect(tools.map(({ outputSchema }) => outputSchema !== undefined)).toEqual(tools.map(() => isStructured));
  const answers = [
    await ask(3, "tools/call", { name: "get_run", arguments: { run_id: runId } }),
    await ask(4, "tools/call", { name: "get_run", arguments: { run_id: "run_x" } }),
  ];
  for (const { structuredContent, content } of answers) {
    const said: unknown = JSON.parse(content[0]?.text ?? "");
    expect(structuredContent).toEqual(isStructured ? said : undefined);
  }
});

describe("the list of tools", () => {
  const list = async () => (await host.client.listTools()).tools;

  it("uses only what every host reads of JSON Schema", async () => {
    const visit = (node: unknown, path: string): void => {
      if (Array.isArray(node)) for (const [index, item] of node.entries()) visit(item, `${path}/${index}`);
      if (!isRecord(node)) return;
      for (const [key, value] of Object.entries(node)) {
        expect(
          ["$ref", "$defs", "propertyNames", "exclusiveMinimum", "exclusiveMaximum", "anyOf", "oneOf"],
          path,
        ).not.toContain(key);
        if (key === "additionalProperties") expect([true, false], path).toContain(value);
        visit(value, `${path}/${key}`);
      }
    };
    for (const { name, inputSchema, outputSchema } of await list()) visit([inputSchema, outputSchema], name);
    const properties = (await list())[0]?.inputSchema.properties as Record<string, { type?: string }>;
    for (const [name, { type }] of Object.entries(properties)) expect(type, name).toEqual(expect.any(String));
  });

  it("lets Claude Code offer two tools always and find the others", async () => {
    const tools = await list();
    const always = tools.filter(({ _meta }) => _meta?.["anthropic/alwaysLoad"] === true).map(({ name }) => name);
    expect(always).toEqual(["spawn_agent", "wait_for_runs"]);
    for (const { name, _meta } of tools)
      if (!always.includes(name))
        expect(_meta?.["anthropic/searchHint"], name).toEqual(expect.stringMatching(/\w+ \w+/));
  });

  it("describes each tool so that it stands alone", async () => {
    const tools = await list();
    const described = (name: string) => tools.find((tool) => tool.name === name)?.description ?? "";
    for (const { name, description } of tools) expect(description, name).toMatch(/legwork|spawn_agent/);
    expect(described("spawn_agent")).toMatch(/[Dd]elegate[\s\S]*in the background[\s\S]*parallel/);
    for (const name of ["wait_for_runs", "respond_to_run"])
      expect(described(name)).toMatch(/ask the user, do not decide/i);
  });
});

it("arguments in the forms in which hosts send them are taken for what they mean", async () => {
  const spawned = await host.call("spawn_agent", {
    prompt: "go",
    provider: "rehearsal",
    model: "short",
    agent: "",
    workflow: null,
    tools: '["read_only"]',
    blocked_tools: "a__b, c__*",
    variables: "",
    max_turns: "3",
    wait_seconds: "20",
    output_schema: null,
    context: "text:one, two",
  });
  expect(spawned.structured).toMatchObject({ status: "success", agent: "default" });
  const { run_id } = spawned.structured;
  for (const run_ids of [run_id, `["${run_id}"]`, `${run_id}, ${runId}`]) {
    const { structured } = await host.call("wait_for_runs", { run_ids, mode: null, wait_seconds: "0" });
    expect(structured.runs[0]).toMatchObject({ run_id, status: "success" });
  }
  expect((await host.call("list_runs", { status: "success, partial", limit: "1" })).structured.runs).toHaveLength(1);
  const refused = await host.call("spawn_agent", { prompt: "go", max_turns: "many" });
  expect(refused.structured.error).toMatchObject({
    code: "invalid_arguments",
    message: expect.stringContaining("max_turns"),
  });
});
