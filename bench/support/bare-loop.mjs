/**
 * The floor: an agent loop in a process of its own that uses only fetch and the MCP SDK's client.
 * It asks the same model, calls the same tool and sends its growing history. With a journal it also commits twice a turn
 * to an append-only SQLite table, and fsyncs each commit.
 */
import { EventEmitter } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { openSqlite } from "../../dist/store/sqlite/driver/open-sqlite.js";

const PAUSE_MS = 4; // the time between two calls of an agent whose model answers at once
EventEmitter.defaultMaxListeners = 0; // the SDK adds a listener for each call that waits for the pipe
const [modelUrl, toolServer, journalFile] = process.argv.slice(2);
const client = new Client({ name: "bare-loop", version: "1.0.0" });
await client.connect(new StdioClientTransport({ command: process.execPath, args: [toolServer], stderr: "ignore" }));
const { tools } = await client.listTools();
const functionDeclarations = tools
  .filter(({ annotations }) => annotations?.readOnlyHint)
  .map(({ name, description, inputSchema }) => ({
    name: `effects__${name}`,
    description,
    parametersJsonSchema: inputSchema,
  }));
const append = openJournal(journalFile);

const commands = {
  run: ({ models, journal }) => Promise.all(models.map((model) => runAgent(model, journal ? append : () => {}))),
  call: ({ count }) => timeCalls(count),
  commit: ({ count }) => timeCommits(count),
};
process.on("message", async ({ command, ...options }) => {
  const started = performance.now();
  const answer = await commands[command](options);
  process.send({ milliseconds: performance.now() - started, answer });
});
process.on("disconnect", () => client.close().finally(() => process.exit(0)));
process.send({ ready: true });

async function runAgent(model, journal) {
  const contents = [{ role: "user", parts: [{ text: "Go on until done." }] }];
  for (let turn = 1; ; turn++) {
    const content = await ask(model, contents);
    contents.push(content);
    const calls = content.parts.flatMap((part) => (part.functionCall ? [part.functionCall] : []));
    if (calls.length === 0) return;
    journal({ type: "model_replied", turn, content });
    const parts = [];
    const children = [];
    for (const call of calls) {
      const output = await answerTo(call, journal, children);
      parts.push({ functionResponse: { id: call.id, name: call.name, response: { output } } });
    }
    contents.push({ role: "user", parts });
    journal({ type: "tools_answered", turn, parts });
  }
}

/** The children of an agent are bare loops too. */
async function answerTo({ name, args }, journal, children) {
  if (name === "spawn_agent") {
    children.push(runAgent(args.model, journal));
    return "started";
  }
  if (name === "wait_for_runs") {
    await Promise.all(children);
    return "all have ended";
  }
  const result = await client.callTool({ name: name.slice("effects__".length), arguments: args });
  return result.content[0].text;
}

async function ask(model, contents) {
  const response = await fetch(`${modelUrl}/v1beta/models/${model}:generateContent`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ contents, tools: [{ functionDeclarations }] }),
  });
  return (await response.json()).candidates[0].content;
}

function openJournal(file) {
  const database = openSqlite(file);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.exec("CREATE TABLE events (seq INTEGER PRIMARY KEY, data TEXT NOT NULL)");
  const insert = database.prepare("INSERT INTO events (data) VALUES (?)");
  return (event) => insert.run(JSON.stringify(event));
}

/** The milliseconds of each of `count` direct calls, with the pauses of an agent: a server is slower after a pause. */
async function timeCalls(count) {
  const times = [];
  for (let n = 0; n < count; n++) {
    await delay(PAUSE_MS);
    const started = performance.now();
    await client.callTool({ name: "big", arguments: { n: 200 + n } });
    times.push(performance.now() - started);
  }
  return times;
}

/** The milliseconds of each of `count` commits. */
function timeCommits(count) {
  return Array.from({ length: count }, (_, n) => {
    const started = performance.now();
    append({ type: "commit", n });
    return performance.now() - started;
  });
}
