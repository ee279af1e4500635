/**
 * An MCP server that misbehaves in the way its first argument names (see `modes`).
 * It speaks raw JSON-RPC, since the SDK would not let it send what it sends.
 */
import { spawn } from "node:child_process";
import { closeSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { brokenSchemas, carelessResults, oddResults, oddTools, plain } from "./hostile-answers.mjs";

const IGNORES_SIGTERM = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);";

/** What is done when legwork answers a request of ours. */
let onAnswer = () => {};

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
  /** Answers its first request after as many milliseconds as the second argument says. */
  "slow-start"() {
    const { initialize } = handlers;
    handlers.initialize = (params, id) => {
      setTimeout(() => write({ id, result: initialize(params) }), Number(process.argv[3]));
      return null;
    };
  },
  /** Never answers a call; writes its pid into the file named by the second argument, where there is one. */
  "silent-call"() {
    handlers["tools/call"] = () => {
      if (process.argv[3]) writeFileSync(process.argv[3], String(process.pid));
      return null;
    };
  },
  /** Answers a call twice, and the second time as somebody else would. */
  "answers-twice"() {
    handlers["tools/call"] = (_params, id) => {
      for (const text of ["the first answer", "the second answer"])
        write({ id, result: { content: [{ type: "text", text }] } });
      write({ id, error: { code: 1, message: "a third answer" } });
      return null;
    };
  },
  /** Ends in the middle of its answer. */
  "dies-in-call"() {
    handlers["tools/call"] = (_params, id) => {
      process.stderr.write("fatal: the disk is gone\n");
      process.stdout.write(`{"jsonrpc":"2.0","id":${id},"result":{"cont`, () => process.exit(5));
      return null;
    };
  },
  /** Results of as many MiB as the second argument says, each another text. */
  large() {
    const filler = "x".repeat(Number(process.argv[3]) * 1024 * 1024);
    let calls = 0;
    handlers["tools/call"] = () => ({ content: [{ type: "text", text: `begin ${calls++} ${filler} end` }] });
  },
  /** Breaks every habit of good servers and no rule that matters. */
  careless() {
    process.stdout.write("\uFEFF");
    handlers.initialize = () => ({ capabilities: { tools: [], prompts: null }, instructions: null });
    handlers["tools/list"] = ({ cursor = 1 }) => {
      if (typeof cursor !== "number") return { error: { code: -32602, message: "a cursor is a number" } };
      return { tools: [{ ...plain, name: `tool_${cursor}` }], nextCursor: cursor < 3 ? cursor + 1 : 0 };
    };
    handlers["tools/call"] = ({ arguments: { kind } }, id) => {
      const answer = JSON.stringify({
        jsonrpc: "2.0",
        id: String(id),
        result: carelessResults[kind] ?? { content: kind },
      });
      const notice = JSON.stringify({
        jsonrpc: "2.0",
        method: "notifications/message",
        params: { text: "a } or a {" },
      });
      process.stdout.write(kind === "list" ? `[${notice},${answer}]\r\n` : `\uFEFF${notice} ${answer}\r\n`);
      return null;
    };
  },
  /** Reports progress every 50 ms, and answers after as many milliseconds as the argument `ms` says. */
  ticking() {
    handlers["tools/call"] = ({ _meta, arguments: { ms } }, id) => {
      let progress = 0;
      const timer = setInterval(() => {
        write({
          method: "notifications/progress",
          params: { progressToken: _meta.progressToken, progress: ++progress },
        });
      }, 50);
      setTimeout(() => {
        clearInterval(timer);
        write({ id, result: { content: "done" } });
      }, ms);
      return null;
    };
  },
  /** Has 3,000 tools, and others after each call. */
  renaming() {
    let version = 0;
    handlers["tools/list"] = () => {
      const named = (n) => ({ ...plain, name: `version_${version}_of_the_tool_number_${n}` });
      return { tools: [plain, ...Array.from({ length: 3_000 }, (_, n) => named(n))] };
    };
    handlers["tools/call"] = () => {
      version += 1;
      write({ method: "notifications/tools/list_changed" });
      return { content: [{ type: "text", text: "renamed" }] };
    };
  },
  /** Sends notifications as fast as they are read, from its first call on. */
  flooding() {
    const line = JSON.stringify({
      jsonrpc: "2.0",
      method: "notifications/message",
      params: { level: "info", data: "x" },
    });
    const chunk = `${line}\n`.repeat(5_000);
    const flood = () => {
      while (process.stdout.write(chunk));
      process.stdout.once("drain", flood);
    };
    handlers["tools/call"] = (_params, id) => {
      write({ id, result: { content: "the flood begins" } });
      flood();
      return null;
    };
  },
  "many-tools"() {
    const tools = Array.from({ length: 500 }, (_, index) => ({ ...plain, name: `tool_${index}` }));
    handlers["tools/list"] = () => ({ tools });
    handlers["tools/call"] = ({ name }) => ({ content: [{ type: "text", text: `this is ${name}` }] });
  },
  /** Schemas that are none, lead nowhere or lead back to themselves; each tool says its name. */
  "broken-schemas"() {
    const tools = Object.entries(brokenSchemas()).map(([name, inputSchema]) => ({ ...plain, name, inputSchema }));
    handlers["tools/list"] = () => ({ tools: [plain, ...tools] });
    handlers["tools/call"] = ({ name }) => ({ content: [{ type: "text", text: `this is ${name}` }] });
  },
  /** A call says 2,000 times that the tools have changed, and its answer, how often they were read since the last. */
  storm() {
    let listed = 0;
    handlers["tools/list"] = () => ({ tools: [plain, { ...plain, name: `version_${listed++}` }] });
    handlers["tools/call"] = () => {
      const text = `the tools were read ${listed} times`;
      listed = 0;
      for (let time = 0; time < 2_000; time++) write({ method: "notifications/tools/list_changed" });
      return { content: [{ type: "text", text }] };
    };
  },
  /** Prints its environment wherever it can: on stdout, on stderr, and as the answer to a call. */
  "prints-environment"() {
    const all = JSON.stringify(process.env);
    process.stdout.write(`${all}\n`);
    process.stderr.write(`${all}\n`);
    handlers["tools/call"] = () => ({ content: [{ type: "text", text: all }] });
  },
  /** Tools that are too much to be looked at, and one whose texts hold half characters, as do its errors. */
  "excessive-tools"() {
    const nested = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const list = JSON.stringify({
      tools: [
        {
          ...plain,
          description: "half \ud83e a robot",
          inputSchema: { type: "object", properties: { "a\udd16": {} } },
        },
        { ...plain, name: "deep", outputSchema: "NESTED" },
        { ...plain, name: "large", description: "d".repeat(5_000_000) },
        { name: `endless\nline${"n".repeat(90_000)}` },
      ],
    });
    handlers["tools/list"] = (_params, id) => {
      process.stdout.write(`{"jsonrpc":"2.0","id":${id},"result":${list.replace('"NESTED"', nested)}}\n`);
      return null;
    };
    handlers["tools/call"] = (_params, id) => {
      const error = '{"code":1,"message":"half \\ud83e a robot"}';
      process.stdout.write(`{"jsonrpc":"2.0","id":${id},"error":${error}}\n`);
      return null;
    };
  },
  "refuses-us"() {
    handlers.initialize = () => ({ error: { code: 1, message: `your licence has expired ${"!".repeat(1_000_000)}` } });
  },
  /** Ends with a line of stderr, and answers with one of stdout, in which API_KEY stands where lines are cut. */
  "tells-at-the-cut"() {
    process.stdout.write(`${"x".repeat(190)}${process.env.API_KEY}\n`);
    process.stderr.write(
      `${process.env.API_KEY}${"y".repeat(64 * 1024 - 520)}\n${"x".repeat(490)}${process.env.API_KEY}\n`,
    );
    process.exitCode = 3;
    process.stdin.destroy();
  },
  /** Says a lot of its progress, and answers the call when legwork has read that. */
  chatty() {
    handlers["tools/call"] = ({ _meta }, id) => {
      const message = "m".repeat(5_000_000);
      write({ method: "notifications/progress", params: { progressToken: _meta.progressToken, progress: 1, message } });
      write({ id: "read", method: "ping" });
      onAnswer = () => write({ id, result: { content: [] } });
      return null;
    };
  },
  "exits-at-once"() {
    process.stderr.write("warming up\nfatal: no database\n");
    process.exit(3);
  },
  /** Says what it must not, in plain and as JSON, and exits. */
  "tells-and-exits"() {
    process.stderr.write(`my environment is ${JSON.stringify(process.env)}\nmy key is ${process.env.API_KEY}\n`);
    process.exit(3);
  },
  /** Each of these is a name to somebody. */
  "odd-names"() {
    const characters = ["a b", "a/b", "a\tb", "a\0b", "-rf", "../../etc", "🦿", "\ud800", "__proto__", "constructor"];
    const names = [...characters, "n".repeat(200), `${"n".repeat(199)}m`, "toString"];
    const twins = [plain, { ...plain, description: "Another tool of the same name." }];
    handlers["tools/list"] = () => ({ tools: [...names.map((name) => ({ ...plain, name })), ...twins] });
    handlers["tools/call"] = ({ name }) => ({ content: [{ type: "text", text: `this is ${JSON.stringify(name)}` }] });
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
  "deep-tool"() {
    let properties = {};
    for (let depth = 0; depth < 1_500; depth++) properties = { a: { type: "object", properties } };
    const deep = { ...plain, name: "deep", inputSchema: { type: "object", properties } };
    handlers["tools/list"] = () => ({ tools: [plain, deep] });
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
  /** Writes its pid into the file named by the second argument, where there is one. */
  stubborn() {
    if (process.argv[3]) writeFileSync(process.argv[3], String(process.pid));
    process.on("SIGTERM", () => {});
    setInterval(() => {}, 1000);
  },
  /** As grandchild, but the child leads a session of its own. */
  "detached-grandchild"() {
    const child = spawn(process.execPath, ["-e", IGNORES_SIGTERM], { detached: true, stdio: "ignore" });
    writeFileSync(process.argv[3], String(child.pid));
    handlers["tools/call"] = () => process.exit(0);
  },
  /** Goes on living, but can say nothing any more. */
  "closes-stdout"() {
    setInterval(() => {}, 1000);
    handlers["tools/call"] = () => {
      closeSync(1);
      return null;
    };
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
      write({ method: "notifications/tools/list_changed" });
      return { content: [] };
    };
  },
};

if (process.env.PID_FILE) writeFileSync(process.env.PID_FILE, String(process.pid));
modes[process.argv[2]]();

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  if (method === undefined) return onAnswer();
  const handler = handlers[method];
  const result = handler?.(params ?? {}, id);
  if (result === null) return;
  const body = handler ? { result } : { error: { code: -32601, message: "Method not found" } };
  write({ id, ...(result?.error ? result : body) });
});

function write(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
}
