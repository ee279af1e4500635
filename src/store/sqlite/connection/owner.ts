/** The owner of a run: machine, process and process start, which tell a dead owner from a live one. */

import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { pid as ownPid } from "node:process";
import { codeOf } from "../../../lib/code-of.js";
import { parseProcessStat } from "../../../lib/process-stat.js";

/** This process as an owner, and its judgement of others. */
export interface Owners {
  /** The owner string of this process. */
  readonly own: string;
  /** True only where the owner is certainly gone. */
  isProvablyDead(owner: string): boolean;
}

/** The processes of this machine. */
export function processOwners(): Owners {
  return { own: [machine(), ownPid, startOf(ownPid) ?? "?"].join("|"), isProvablyDead };
}

/** The process id in an owner string. */
export function processOf(owner: string): number {
  return Number(owner.split("|")[1]);
}

/**
 * True only when the owner ran on this machine and its process is gone, or its id now belongs to another process.
 * An owner elsewhere, or one that cannot be judged, counts as alive until its lease ends.
 */
function isProvablyDead(owner: string): boolean {
  const [where, pid, start] = owner.split("|");
  if (where === undefined || pid === undefined || start === undefined || where !== machine()) return false;
  if (!processExists(Number(pid))) return true;
  const startedNow = startOf(Number(pid));
  return start !== "?" && startedNow !== null && startedNow !== start;
}

let ownMachine: string | null = null;

/** Host, boot and process namespace: process ids are only comparable where all three agree. */
function machine(): string {
  ownMachine ??= [
    hostname().replaceAll("|", "_"),
    readOr("", () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    readOr("", () => readlinkSync("/proc/self/ns/pid")),
  ].join("/");
  return ownMachine;
}

/** The kernel's start time of a process (field 22 of proc(5) stat), where there is such a thing. */
function startOf(pid: number): string | null {
  const stat = readOr("", () => readFileSync(`/proc/${pid}/stat`, "utf8"));
  return parseProcessStat(stat)?.start ?? null;
}

/** Whether a process of this machine has the id. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

function readOr(fallback: string, read: () => string): string {
  try {
    return read();
  } catch {
    return fallback; // not every system has /proc
  }
}
