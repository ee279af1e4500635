/** Servers of a legwork that was killed together with its reaper: the next one ends them, and nobody else's. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { type TestHost, until, type Workbench } from "../support/host.js";
import { HOSTILE_SERVER, rehearse, setBench, setHost } from "../support/rehearsals.js";
import { isAlive } from "../support/transports.js";

const onLinux = it.skipIf(process.platform !== "linux"); // elsewhere the environment of a process is hidden

/** A host whose run keeps its server up; the id of that server's process. */
async function setWorkingHost(bench: Workbench): Promise<{ host: TestHost; server: number }> {
  const file = join(bench.root, "pid");
  rmSync(file, { force: true });
  const host = await setHost(bench);
  await host.call("spawn_agent", { prompt: "go", provider: "rehearsal", model: "long", tools: ["stubborn__*"] });
  const server = Number(await until(() => existsSync(file) && readFileSync(file, "utf8")));
  onTestFinished(() => void (isAlive(server) && process.kill(server, "SIGKILL")));
  return { host, server };
}

function reaperOf(host: TestHost): number {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
  const row = rows.find((line) => line.includes("legwork-reaper") && line.trim().split(/\s+/)[1] === String(host.pid));
  return Number(row?.trim().split(/\s+/)[0]);
}

onLinux("are ended by the next legwork, which leaves the servers of living ones alone", async () => {
  const bench = setBench();
  const args = [HOSTILE_SERVER, "stubborn", join(bench.root, "pid")];
  const stubborn = { command: process.execPath, args };
  bench.configure(`resume: manual\nmcpServers: ${JSON.stringify({ stubborn })}\n`);
  rehearse(bench, "long", [{ text: "done", delay_ms: 600_000 }]);
  const killed = await setWorkingHost(bench);
  const living = await setWorkingHost(bench);
  const reaper = await until(() => reaperOf(killed.host));
  process.kill(killed.host.pid, "SIGKILL");
  process.kill(reaper, "SIGKILL");
  await until(() => !isAlive(reaper));
  expect(isAlive(killed.server)).toBe(true);

  const next = await setHost(bench);
  await next.call("list_agents");
  await until(() => !isAlive(killed.server));
  expect(isAlive(living.server)).toBe(true);
});
