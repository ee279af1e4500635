/** Servers that would live on: whatever they start and however they resist, nothing is left when legwork has gone. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { call } from "../support/agents.js";
import { until } from "../support/host.js";
import { type HostileSandbox, hostileEntry, setHostileSandbox } from "../support/hostile-sandbox.js";
import { CLOSE_BUDGET_MS } from "../support/in-time.js";
import { processesOf } from "../support/leftovers.js";
import { naming } from "../support/naming.js";
import { isAlive, pidIn } from "../support/transports.js";

const KILLED_MS = 3_000;

/** What has left its group is found by its environment, which only Linux lets us read. */
const onLinux = it.runIf(process.platform === "linux");

const MODES: readonly (readonly [string, string])[] = [
  ["ignores SIGTERM", "stubborn"],
  ["leaves a child in its group", "grandchild"],
  ["leaves a child in a session of its own", "detached-grandchild"],
];

const sandboxFor = (mode: string, turns: Parameters<typeof setHostileSandbox>[1] = []) =>
  setHostileSandbox(hostileEntry(mode, ["pid"]), turns);

/** The hostile server writes it into a file: its own, or that of the child that ignores SIGTERM. */
const stubbornPid = ({ bench }: HostileSandbox) => pidIn(join(bench.home, "pid"));

onLinux.each(MODES)("a server that %s is gone with the host, in its time", async (_what, mode) => {
  const sandbox = await sandboxFor(mode);
  expect((await sandbox.play()).status).toBe("success");
  const pid = await stubbornPid(sandbox);
  expect(isAlive(pid)).toBe(true);
  expect(await sandbox.problem()).toEqual({ state: "ready" });
  expect(await sandbox.endClean()).toBeLessThan(CLOSE_BUDGET_MS);
  expect(isAlive(pid)).toBe(false);
  expect(isAlive(sandbox.host.pid)).toBe(false);
});

onLinux.each(MODES)("a server that %s is gone when legwork is killed", async (_what, mode) => {
  const sandbox = await sandboxFor(mode);
  await sandbox.play();
  const pid = await stubbornPid(sandbox);
  expect(isAlive(pid)).toBe(true);
  process.kill(sandbox.host.pid, "SIGKILL");
  await until(() => processesOf(sandbox.bench).length === 0, KILLED_MS);
  expect(isAlive(pid)).toBe(false);
});

onLinux.each(MODES.slice(1))(
  "a server that %s and exits takes it along, while legwork works on",
  async (_what, mode) => {
    const sandbox = await sandboxFor(mode, [[call("hostile__plain")]]);
    const { status, calls } = await sandbox.play();
    expect(status).toBe("success");
    expect(calls[0]).toEqual({ tool: "hostile__plain", isError: true, code: "connection_closed" });
    const pid = await stubbornPid(sandbox);
    await until(() => !isAlive(pid), KILLED_MS);
    expect(isAlive(sandbox.host.pid)).toBe(true);
    await sandbox.endClean();
  },
);

onLinux("a server killed while a call is going on costs that call, and legwork ends in its time", async () => {
  const sandbox = await sandboxFor("silent-call", [[call("hostile__plain")]]);
  const playing = sandbox.play();
  process.kill(await stubbornPid(sandbox), "SIGKILL");
  const { status, answers } = await playing;
  expect(status).toBe("success");
  expect(answers[0]).toEqual(naming('\\"hostile\\"', "hostile__plain", "SIGKILL"));
  await sandbox.endClean();
});

onLinux("servers that are still starting are gone with the host too", async () => {
  const sandbox = await sandboxFor("silent");
  void sandbox.host.call("spawn_agent", { prompt: "work with the hostile server", tools: ["hostile__*"] });
  await until(() => processesOf(sandbox.bench).some((row) => row.includes("hostile-server.mjs silent")));
  expect(await sandbox.endClean()).toBeLessThan(CLOSE_BUDGET_MS);
});
