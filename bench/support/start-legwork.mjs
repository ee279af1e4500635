/** Starts the real binary as a host does, in a home and a project of its own. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { INITIALIZE, startChild } from "./json-rpc-child.mjs";
import { profileArguments } from "./profile.mjs";

export const LEGWORK = fileURLToPath(new URL("../../bin/legwork.js", import.meta.url));
export const TOOL_SERVER = fileURLToPath(new URL("../../tests/support/effect-server.mjs", import.meta.url));
const KEY = `AIza${"0bench".repeat(6).slice(1)}`; // as long as a real key, because legwork searches its output for it
const MOST_IDS = 100; // in one wait_for_runs

/** A temporary folder with a home and a project; `remove` deletes it. */
export function createSandbox(config = "{}") {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "legwork-bench-")));
  const [home, project] = [join(root, "home"), join(root, "project")];
  mkdirSync(home, { recursive: true });
  mkdirSync(join(project, ".git"), { recursive: true });
  writeFileSync(join(home, "config.yaml"), config);
  const env = { PATH: process.env.PATH, HOME: root, LEGWORK_HOME: home, GEMINI_API_KEY: KEY };
  return {
    database: join(home, "legwork.db"),
    project,
    env,
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** A configuration with the model's stand-in and `servers` copies of the tool server. */
export function benchConfig(model, { concurrentRuns = 8, servers = 1, depth = 1 } = {}) {
  const names = Array.from({ length: servers }, (_, index) => (index === 0 ? "effects" : `effects${index + 1}`));
  const server = { command: process.execPath, args: [TOOL_SERVER] };
  return JSON.stringify({
    provider: "gemini",
    providers: { gemini: { base_url: model.url } },
    mcpServers: { workspace: { disabled: true }, ...Object.fromEntries(names.map((name) => [name, server])) },
    limits: { max_concurrent_runs: concurrentRuns, max_turns: 10_000, max_depth: depth },
  }); // JSON is YAML
}

/** Starts and initializes legwork, in a sandbox of its own or in a shared one. */
export async function startLegwork(model, { sandbox = null, ...options } = {}) {
  return startLegworkIn(sandbox ?? createSandbox(benchConfig(model, options)));
}

async function startLegworkIn(sandbox) {
  const child = startChild(process.execPath, [...profileArguments, LEGWORK], {
    cwd: sandbox.project,
    env: sandbox.env,
  });
  await child.request("initialize", INITIALIZE);
  child.notify("notifications/initialized");

  async function call(name, args) {
    const { isError, structuredContent, content } = await child.request("tools/call", { name, arguments: args });
    if (isError) throw new Error(`${name}: ${content[0]?.text}`);
    return structuredContent;
  }

  const { pid, exited, endInput, close } = child;
  return {
    pid,
    exited,
    endInput,
    close,
    database: sandbox.database,
    call,
    spawn: async (model, options = {}) =>
      (await call("spawn_agent", { prompt: "Go on until done.", model, ...options })).run_id,
    /** Waits for the end of the runs. Throws unless all of them succeed. */
    async finish(runIds) {
      for (let at = 0; at < runIds.length; at += MOST_IDS) {
        const run_ids = runIds.slice(at, at + MOST_IDS);
        for (let pending = run_ids; pending.length > 0; ) {
          const waited = await call("wait_for_runs", { run_ids, wait_seconds: 50 });
          const failed = waited.runs.find(({ status }) => status !== "success");
          if (failed) throw new Error(`not all runs succeeded: ${JSON.stringify(failed)}`);
          pending = waited.pending;
        }
      }
    },
    remove: sandbox.remove,
  };
}
