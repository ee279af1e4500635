/** No process of a server outlives its connection or legwork. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ServerConfig } from "../../src/core/definitions/server-config.js";
import { DownstreamError } from "../../src/core/errors.js";
import { createRedact, REDACT_NOTHING } from "../../src/core/redact.js";
import { createReaper, type Reaper } from "../../src/downstream/process/reaper.js";
import { createTransport } from "../../src/downstream/transport/open-transport.js";
import type { ServerTransport } from "../../src/downstream/transport/server-transport.js";
import { AT_ONCE_MS, CLOSE_BUDGET_MS, eventually } from "../support/in-time.js";
import { mentions } from "../support/mentions.js";
import { groupLives, hostileConfig, isAlive, livingProcesses, pidIn, stdioConfig } from "../support/transports.js";

/** Escaped processes are found by their environment, which only Linux shows. */
const onLinux = it.runIf(process.platform === "linux");
const HOLDER = fileURLToPath(new URL("../support/transport-holder.mjs", import.meta.url));

let folder: string;
let reaper: Reaper;
let open: ServerTransport[];
let holders: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "legwork-processes-"));
  reaper = createReaper(process.env);
  open = [];
  holders = [];
});

afterEach(async () => {
  await Promise.all(open.map((transport) => transport.close()));
  await reaper.close();
  for (const holder of holders) holder.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

describe("close", () => {
  it("ends a server that ignores the end of its input and SIGTERM", async () => {
    const { transport, pid } = await connected(hostileConfig("stubborn"));
    await closeInTime([transport]);
    expect(isAlive(pid)).toBe(false);
    expect(transport).toMatchObject({ closed: true, ending: expect.stringContaining("closed") });
  });

  onLinux("ends grandchildren in the group and those that left it", async () => {
    const files = [path.join(folder, "in-group"), path.join(folder, "detached")] as const;
    const inGroup = await connected(hostileConfig("grandchild", files[0]));
    const detached = await connected(hostileConfig("detached-grandchild", files[1]));
    const grandchildren = [await pidIn(files[0]), await pidIn(files[1])];
    expect(grandchildren.map(isAlive)).toEqual([true, true]);
    await closeInTime([inGroup.transport, detached.transport]);
    expect(grandchildren.map(isAlive)).toEqual([false, false]);
  });

  onLinux("leaves the processes of other servers alone", async () => {
    const files = [path.join(folder, "one"), path.join(folder, "other")] as const;
    const one = await connected(hostileConfig("detached-grandchild", files[0]));
    await connected(hostileConfig("detached-grandchild", files[1]));
    await closeInTime([one.transport]);
    expect(isAlive(await pidIn(files[0]))).toBe(false);
    expect(isAlive(await pidIn(files[1]))).toBe(true);
  });

  onLinux("is in time for many servers of the worst kind at once", async () => {
    const modes = ["stubborn", "grandchild", "detached-grandchild", "stubborn", "grandchild", "detached-grandchild"];
    const configs = modes.map((mode, index) => hostileConfig(mode, path.join(folder, `pid-${index}`)));
    const connections = await Promise.all(configs.map(connected));
    await closeInTime(connections.map(({ transport }) => transport));
    const grandchildren = await Promise.all([1, 2, 4, 5].map((index) => pidIn(path.join(folder, `pid-${index}`))));
    expect(grandchildren.filter(isAlive)).toEqual([]);
    expect(connections.filter(({ pid }) => groupLives(pid))).toEqual([]);
  });

  it("of a well-behaved server takes almost no time, and can be repeated", async () => {
    const { transport } = await connected(hostileConfig("odd-tools"));
    const start = performance.now();
    await Promise.all([transport.close(), transport.close()]);
    await transport.close();
    expect(performance.now() - start).toBeLessThan(AT_ONCE_MS);
  });
});

describe("a server that goes", () => {
  onLinux("takes its grandchildren with it, in and out of its group", async () => {
    for (const mode of ["grandchild", "detached-grandchild"]) {
      const file = path.join(folder, mode);
      const { client, transport } = await connected(hostileConfig(mode, file));
      const grandchild = await pidIn(file);
      await expect(client.callTool({ name: "plain" })).rejects.toThrow();
      expect(transport.ending).toMatch(mentions("code 0"));
      await eventually(() => expect(isAlive(grandchild)).toBe(false));
    }
  });

  it("or only closes its output is ended, with the calls in flight", async () => {
    const { client, transport, pid } = await connected(hostileConfig("closes-stdout"));
    await expect(client.callTool({ name: "plain" })).rejects.toThrow("Connection closed");
    expect(transport.ending).toMatch(mentions("closed", "output"));
    await eventually(() => expect(isAlive(pid)).toBe(false));
  });
});

describe("start", () => {
  it("names a command that does not exist", async () => {
    const transport = await createTransport(stdioConfig("no-such-command-here", []), options());
    const error = await transport.start().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DownstreamError);
    expect(error).toMatchObject({ code: "spawn_failed", message: expect.stringContaining("no-such-command-here") });
    await transport.close();
  });

  it("cuts the output of the server only after its secrets are redacted", async () => {
    const secret = "tangerine-4711-marmalade";
    const script = `console.error("x".repeat(490) + "${secret}"); console.log("x".repeat(190) + "${secret}")`;
    const redact = createRedact([{ name: "KEY", value: secret }]);
    const transport = await createTransport(stdioConfig(process.execPath, ["-e", script]), { ...options(), redact });
    const closed = new Promise<void>((resolve) => {
      transport.onclose = resolve;
    });
    await transport.start();
    await closed;
    expect(transport.lastOutput()).toMatch(mentions("stdout"));
    expect(transport.lastOutput()).not.toContain("tange");
  });

  it("keeps the last output of the server", async () => {
    const transport = await createTransport(hostileConfig("exits-at-once"), options());
    const closed = new Promise<void>((resolve) => {
      transport.onclose = resolve;
    });
    await transport.start();
    await closed;
    expect(transport.ending).toMatch(mentions("code 3"));
    expect(transport.lastOutput()).toMatch(/\bstderr: warming up \/ fatal: no database$/);
  });
});

describe("when we are killed", () => {
  onLinux("everything that we started ends, in whatever group or session", async () => {
    const files = ["a", "b"].map((name) => path.join(folder, name)) as [string, string];
    const configs = [
      hostileConfig("stubborn"),
      hostileConfig("grandchild", files[0]),
      hostileConfig("detached-grandchild", files[1]),
    ];
    const { holder, pids } = await held(configs);
    const all = [...pids, await pidIn(files[0]), await pidIn(files[1]), helperOf(holder).pid];
    expect(all.filter(isAlive)).toEqual(all);
    holder.kill("SIGKILL");
    await eventually(() => expect(all.filter(isAlive)).toEqual([]));
  });

  it("signals that the helper can ignore do not end it first", async () => {
    const { holder, pids } = await held([hostileConfig("stubborn")]);
    const helper = helperOf(holder);
    await delay(50); // its shell has begun
    for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) process.kill(helper.pid, signal);
    expect(helper.group).toBe(helper.pid);
    holder.kill("SIGKILL");
    const all = [...pids, helper.pid];
    await eventually(() => expect(all.filter(isAlive)).toEqual([]));
  });
});

describe("the helper process", () => {
  it("does not keep legwork alive, and exits together with it after a close", async () => {
    const { holder, lines } = await held([hostileConfig("odd-tools")], "close");
    const helper = helperOf(holder);
    const exit = once(holder, "exit");
    holder.kill("SIGUSR2");
    expect(await lines.next()).toMatchObject({ value: "closed" });
    expect(await exit).toEqual([0, null]);
    await eventually(() => expect(isAlive(helper.pid)).toBe(false));
  });

  it("is replaced after it was killed", async () => {
    const { holder, pids } = await held([hostileConfig("stubborn")]);
    const first = helperOf(holder);
    process.kill(first.pid, "SIGKILL");
    await eventually(() => expect(helperOf(holder).pid).not.toBe(first.pid));
    const all = [...pids, helperOf(holder).pid];
    holder.kill("SIGKILL");
    await eventually(() => expect(all.filter(isAlive)).toEqual([]));
  });

  it("serves many servers", async () => {
    await Promise.all([1, 2, 3].map(() => connected(hostileConfig("odd-tools"))));
    expect(helpersOf(process.pid)).toHaveLength(1);
  });
});

function options() {
  return { baseEnv: process.env, reaper, redact: REDACT_NOTHING };
}

async function connected(config: ServerConfig) {
  const transport = await createTransport(config, options());
  open.push(transport);
  const client = new Client({ name: "test", version: "0.0.0" });
  await client.connect(transport);
  if (transport.pid === null) throw new Error("a process was expected");
  return { client, transport, pid: transport.pid };
}

async function closeInTime(transports: readonly ServerTransport[]): Promise<void> {
  const start = performance.now();
  await Promise.all(transports.map((transport) => transport.close()));
  expect(performance.now() - start).toBeLessThan(CLOSE_BUDGET_MS);
}

/** Starts a process that has opened these servers. */
async function held(configs: readonly ServerConfig[], after = "hold") {
  const holder = spawn(process.execPath, [HOLDER, JSON.stringify(configs), after], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  holders.push(holder);
  const lines = createInterface({ input: holder.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  return { holder, lines, pids: JSON.parse(first.value ?? "[]") as number[] };
}

function helperOf(holder: ChildProcess) {
  const [helper] = helpersOf(holder.pid ?? 0);
  if (!helper) throw new Error("there is no helper process");
  return helper;
}

function helpersOf(parent: number) {
  return livingProcesses().filter((living) => living.parent === parent && living.command.includes("legwork-reaper"));
}
