/** Starts the bare loop, the floor for the figures of runs. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { profileArguments } from "./profile.mjs";
import { TOOL_SERVER } from "./start-legwork.mjs";

const FILE = fileURLToPath(new URL("./bare-loop.mjs", import.meta.url));

/** Starts it in a process of its own. The caller closes it. */
export async function startBareLoop(model) {
  const folder = mkdtempSync(join(tmpdir(), "legwork-bench-"));
  const stdio = ["ignore", "ignore", "inherit", "ipc"];
  const child = fork(FILE, [model.url, TOOL_SERVER, join(folder, "journal.db")], { stdio, execArgv: profileArguments });
  await once(child, "message");

  async function command(message) {
    child.send(message);
    const [answer] = await once(child, "message");
    return answer;
  }
  return {
    pid: child.pid,
    /** Runs one agent for each model, all at once. Resolves to the milliseconds. */
    run: async (models, { journal = false } = {}) => (await command({ command: "run", models, journal })).milliseconds,
    /** The milliseconds of each of `count` tool calls in a row. */
    timeCalls: async (count) => (await command({ command: "call", count })).answer,
    /** The milliseconds of each of `count` commits to its journal. */
    timeCommits: async (count) => (await command({ command: "commit", count })).answer,
    async close() {
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
