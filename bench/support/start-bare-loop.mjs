/** Starts the bare loop, which every figure of a run is compared with. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { profileArguments } from "./profile.mjs";
import { TOOL_SERVER } from "./start-legwork.mjs";

const FILE = fileURLToPath(new URL("./bare-loop.mjs", import.meta.url));

/** The caller closes it. */
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
    /** One agent for each model, all at once. Answers the milliseconds it took. */
    run: async (models, { journal = false } = {}) => (await command({ command: "run", models, journal })).milliseconds,
    /** The milliseconds of each of `count` tool calls, made one after another. */
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
