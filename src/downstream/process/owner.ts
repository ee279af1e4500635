/** The legwork process that owns a server, as the marker of the server names it. Linux only: elsewhere it is never known to be dead. */

import { readFileSync, readlinkSync } from "node:fs";
import { codeOf } from "../../lib/code-of.js";
import { parseProcessStat } from "../../lib/process-stat.js";

const MARKER = /^(\d+)-(\d+)-(\d+)-[0-9a-f]+-\d+$/;

/** The identity of this process, also against a later one with its id: "id-start-namespace". */
export function ownIdentity(): string {
  return `${process.pid}-${startOf("self") ?? 0}-${namespaceId()}`;
}

/** Whether the owner that a marker names has ended. False where that is unknown, such as for an owner in another container. */
export function hasDeadOwner(marker: string): boolean {
  const [, pid, start, namespace] = MARKER.exec(marker) ?? [];
  if (pid === undefined || start === "0" || namespace === "0" || namespace !== namespaceId()) return false;
  return startOf(pid) !== start;
}

/** The start of a process, or null where there is none. A zombie counts as ended. */
function startOf(pid: string): string | null {
  try {
    const stat = parseProcessStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
    return stat === null || stat.state === "Z" || stat.state === "X" ? null : stat.start;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** Ids of processes mean nothing in another namespace, although its processes may be visible. */
function namespaceId(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    return "0";
  }
}
