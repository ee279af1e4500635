#!/usr/bin/env node
/**
 * The main job in one minute: a real MCP client starts legwork as a host would, spawns an agent on a temporary folder
 * and shows what it does; a second process then reads the record back from the database.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const LEGWORK = fileURLToPath(new URL("legwork.js", import.meta.url));
const PROMPT =
  "Look around the folder and read notes.txt. Rename notes.txt to old-notes.txt with workspace__move_file; " +
  "if that is refused, leave it. Then write a summary of the notes to summary.txt and complete.";

process.stdout.on("error", () => {}); // the reader has gone: it works on to its end, which removes the folder

const root = mkdtempSync(join(tmpdir(), "legwork-quickstart-"));
const [home, project] = [join(root, "home"), join(root, "project")];
mkdirSync(project);
writeFileSync(join(project, "notes.txt"), "buy oats\ncall Ada\nmend the bicycle\n");

try {
  const runId = await spawnAndWatch();
  await readBack(runId);
  say("");
  say(`The folder now holds: ${readdirSync(project).join(", ")}`);
  say(`summary.txt says: ${readFileSync(join(project, "summary.txt"), "utf8").trim()}`);
} finally {
  rmSync(root, { recursive: true, force: true });
}

/** Starts the server, spawns the agent, and tells each event as it happens. */
async function spawnAndWatch() {
  const onGemini = Boolean(process.env.GEMINI_API_KEY);
  say(
    onGemini
      ? "GEMINI_API_KEY is set: the agent runs on Gemini."
      : "GEMINI_API_KEY is not set: a script plays the model (the rehearsal provider); all else is real.",
  );
  const host = await openHost();
  const arguments_ = {
    prompt: PROMPT,
    title: "tidy my notes",
    tools: ["read_only", "workspace__write_file"],
    wait_seconds: 50,
    ...(onGemini ? {} : { provider: "rehearsal", model: "quickstart" }),
  };
  say(`\n> spawn_agent ${JSON.stringify({ ...arguments_, prompt: "…" })}\n`);
  const started = performance.now();
  const run = await call(host, "spawn_agent", arguments_, ({ message }) => {
    say(`  ${((performance.now() - started) / 1000).toFixed(2).padStart(5)} s  ${message}`);
  });
  say(`\n${run.status}: ${run.result ?? run.error?.message ?? run.partial_text}`);
  say(
    `${run.turns_used} turns, ${run.tool_calls_count} tool calls, ${run.usage.input_tokens + run.usage.output_tokens} tokens`,
  );
  say(`tools: ${run.tools.allowed} allowed, ${run.tools.withheld} withheld (${run.tools.how_to_grant})`);
  await host.close();
  if (run.status !== "success") process.exitCode = 1;
  return run.run_id;
}

/** What another process finds in the database. */
async function readBack(runId) {
  const host = await openHost();
  say(`\n> get_run ${JSON.stringify({ run_id: runId, view: "events" })}   (a new process, from the database)\n`);
  let cursor = {};
  do {
    const page = await call(host, "get_run", { run_id: runId, view: "events", ...cursor });
    for (const event of page.events)
      say(`  ${String(event.seq).padStart(3)}  ${event.type.padEnd(20)} ${detailOf(event)}`);
    cursor = page.next_cursor ? { cursor: page.next_cursor } : null;
  } while (cursor);
  await host.close();
}

function detailOf(event) {
  switch (event.type) {
    case "model_replied":
      return [event.text, ...(event.tool_calls ?? []).map(({ tool }) => `-> ${tool}`)].filter(Boolean).join("  ");
    case "tool_call_started":
      return `${event.tool} (${event.effect})`;
    case "tool_call_finished":
      return `${event.tool}: ${String(event.text).split("\n")[0].slice(0, 70)}`;
    case "tool_call_refused":
      return event.reason;
    case "run_finished":
      return event.status;
    default:
      return event.turn ? `turn ${event.turn}` : "";
  }
}

async function openHost() {
  const host = new Client({ name: "quickstart", version: "1.0.0" });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [LEGWORK, "--project", project],
    env: { ...process.env, LEGWORK_HOME: home },
  });
  await host.connect(transport);
  return host;
}

async function call(host, name, args, onprogress) {
  const { structuredContent, isError } = await host.callTool({ name, arguments: args }, undefined, {
    timeout: 120_000,
    ...(onprogress ? { onprogress } : {}),
  });
  if (isError) throw new Error(structuredContent.error.message);
  return structuredContent;
}

function say(line) {
  process.stdout.write(`${line}\n`);
}
