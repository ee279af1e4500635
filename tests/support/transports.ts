/** Transports to real servers, and the table of processes to find those that are left. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ServerConfig, TransportConfig } from "../../src/core/definitions/server-config.js";

const HOSTILE_SERVER = fileURLToPath(new URL("hostile-server.mjs", import.meta.url));

export function serverConfig(transport: TransportConfig): ServerConfig {
  return {
    name: "tested",
    from: "a test",
    transport,
    definitionHash: "0".repeat(64),
    timeoutSeconds: null,
    toolTimeouts: [],
    idleSeconds: 300,
    includeTools: null,
    excludeTools: [],
    effects: [],
    pin: "off",
    onUnknown: "tell",
    probes: [],
    allow: { sampling: false, elicitation: false },
    tracksFiles: false,
  };
}

export function stdioConfig(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return serverConfig({ kind: "stdio", command, args, env, cwd: tmpdir(), isAway: false });
}

export function hostileConfig(mode: string, ...args: readonly string[]): ServerConfig {
  return stdioConfig(process.execPath, [HOSTILE_SERVER, mode, ...args]);
}

export interface LivingProcess {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly command: string;
}

/** All processes, without zombies. */
export function livingProcesses(): readonly LivingProcess[] {
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid=,pgid=,stat=,args="], { encoding: "utf8" });
  const rows = table.split("\n").map((row) => /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(row));
  return rows.flatMap((row) => {
    const [, pid, parent, group, state, command] = row ?? [];
    if (!pid || state?.startsWith("Z")) return [];
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), command: command ?? "" }];
  });
}

export function isAlive(pid: number): boolean {
  return livingProcesses().some((living) => living.pid === pid);
}

export function groupLives(group: number): boolean {
  return livingProcesses().some((living) => living.group === group);
}

/** The number that a server writes into a file. */
export async function pidIn(file: string): Promise<number> {
  while (!existsSync(file) || readFileSync(file, "utf8") === "") await delay(10);
  return Number(readFileSync(file, "utf8"));
}
