/**
 * An MCP server that misbehaves in the way its first argument names (see `modes`).
 * It speaks raw JSON-RPC, since the SDK would not let it send what it sends.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

const IGNORES_SIGTERM = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);";
const plain = { name: "plain", description: "A good tool.", inputSchema: { type: "object" } };

const handlers = {
  initialize: (params) => ({
    protocolVersion: params.protocolVersion,
    capabilities: { tools: { listChanged: true } },
    serverInfo: { name: "hostile", version: "1.0.0" },
  }),
  "tools/list": () => ({ tools: [plain] }),
  "tools/call": () => ({ content: [{ type: "text", text: "ok" }] }),
};

const modes = {
  /** Logs on stdout before, between and inside its answers. */
  garbage() {
    process.stdout.write('Starting up...\n\n{"level":"info"}\n[1,2]\n');
    const list = handlers["tools/list"];
    handlers["tools/list"] = () => {
      process.stdout.write("listing now\n{ not json\n");
      return list();
    };
  },
  silent() {
    handlers.initialize = () => null;
  },
  "exits-at-once"() {
    process.stderr.write("warming up\nfatal: no database\n");
    process.exit(3);
  },
  "odd-tools"() {
    handlers["tools/list"] = () => ({ tools: oddTools(), nextCursor: false });
  },
  /** Ignores the cursor and hands out the same one for ever. */
  "false-cursor"() {
    handlers["tools/list"] = () => ({ tools: [plain], nextCursor: "more" });
  },
  pages() {
    handlers["tools/list"] = ({ cursor }) => {
      const page = Number(cursor ?? 0);
      return { tools: [{ ...plain, name: `tool_${page}` }], ...(page < 4 ? { nextCursor: String(page + 1) } : {}) };
    };
  },
  /** Has a tool named by the second argument. */
  "one-tool"() {
    handlers["tools/list"] = () => ({ tools: [{ ...plain, name: process.argv[3] }] });
  },
  "no-tools"() {
    delete handlers["tools/list"];
  },
  /** Leaves a child that ignores SIGTERM; its pid goes into the file named by the second argument. */
  grandchild() {
    const child = spawn(process.execPath, ["-e", IGNORES_SIGTERM], { stdio: ["ignore", "inherit", "inherit"] });
    writeFileSync(process.argv[3], String(child.pid));
    handlers["tools/call"] = () => process.exit(0);
  },
  stubborn() {
    process.on("SIGTERM", () => {});
    setInterval(() => {}, 1000);
  },
  environment() {
    handlers["tools/call"] = () => ({ content: [{ type: "text", text: JSON.stringify(process.env) }] });
  },
  /** Legal and illegal kinds of content, and nulls where nothing belongs. */
  "odd-results"() {
    handlers["tools/call"] = ({ arguments: { kind } }) => oddResults[kind];
  },
  errors() {
    handlers["tools/call"] = () => ({ error: { code: -32602, message: "no such page" } });
  },
  /** Stops reading. */
  deaf() {
    handlers["tools/call"] = () => {
      process.stdin.destroy();
      return null;
    };
  },
  /** Grows a tool with each call and says so. */
  growing() {
    const tools = [plain];
    handlers["tools/list"] = () => ({ tools });
    handlers["tools/call"] = () => {
      tools.push({ ...plain, name: `grown_${tools.length}` });
      process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", method: "notifications/tools/list_changed" })}\n`);
      return { content: [] };
    };
  },
};

const oddResults = {
  mixed: {
    content: [
      { type: "text", text: "first" },
      { type: "image", mimeType: "image/png", data: "AAAAAAAA" },
      { type: "resource_link", uri: "file:///a.txt", name: "a", mimeType: "text/plain", size: 12 },
      { type: "resource", resource: { uri: "file:///b.txt", mimeType: "text/plain", text: "the text of b" } },
      { type: "hologram" },
      { type: "text", text: null },
      null,
      { type: "text", text: "last" },
    ],
    structuredContent: { ignored: true },
  },
  structured: { content: [], structuredContent: [1, { two: 2 }], isError: "yes", _meta: null },
  empty: {},
};

function oddTools() {
  return [
    plain,
    { name: "no_schema", description: "none" },
    { name: "list_schema", inputSchema: [] },
    { name: "array_schema", inputSchema: { type: "array" } },
    { name: "untyped_schema", inputSchema: { properties: { a: {} } } },
    { name: "null_description", description: null, inputSchema: { type: "object" } },
    { name: "odd_annotations", inputSchema: { type: "object" }, annotations: { readOnlyHint: "true" } },
    { name: "list_annotations", inputSchema: { type: "object" }, annotations: [] },
    { name: "broken_output", inputSchema: { type: "object" }, outputSchema: { type: "nonsense", $ref: "#/nowhere" } },
    { name: "plain", description: "Another tool of the same name.", inputSchema: { type: "object" } },
    { name: "n".repeat(200), inputSchema: { type: "object" } },
    { name: "näme with späces/and.dots", inputSchema: { type: "object" } },
    { name: "only_tasks", inputSchema: { type: "object" }, execution: { taskSupport: "required" } },
    { name: "", inputSchema: { type: "object" } },
    { inputSchema: { type: "object" } },
    "a string",
    null,
  ];
}

if (process.env.PID_FILE) writeFileSync(process.env.PID_FILE, String(process.pid));
modes[process.argv[2]]();

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const handler = handlers[method];
  const result = handler?.(params ?? {});
  if (result === null) return;
  const body = handler ? { result } : { error: { code: -32601, message: "Method not found" } };
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...(result?.error ? result : body) })}\n`);
});
