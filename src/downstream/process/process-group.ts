/** Ends a child process and every process that it started. */
import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 10; // the kernel does not report when a group becomes empty
const KILL_WAIT_MS = 100; // a killed process is gone within this, or hangs in the kernel where no signal reaches it

/**
 * Sends SIGTERM to a process group, and SIGKILL to the processes that are left after `graceMs`.
 * Works even when the leader has exited, because its group lives on in the processes that it left behind.
 * True where no process is left. Never throws.
 */
export async function endProcessGroup(leader: number, graceMs: number): Promise<boolean> {
  if (process.platform === "win32") return endProcessTree(leader);
  if (!signalGroup(leader, "SIGTERM")) return true;
  if (await groupGone(leader, graceMs)) return true;
  signalGroup(leader, "SIGKILL");
  return groupGone(leader, KILL_WAIT_MS);
}

/** Windows has neither groups nor SIGTERM; its tool `taskkill` ends a tree of processes. */
function endProcessTree(leader: number): Promise<boolean> {
  return new Promise((resolve) => {
    execFile("taskkill", ["/pid", String(leader), "/t", "/f"], { windowsHide: true }, (error) =>
      resolve(error === null),
    );
  });
}

async function groupGone(leader: number, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (signalGroup(leader, 0)) {
    if (performance.now() >= deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

/** False where no process is left to signal. */
function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-leader, signal);
  } catch {
    return false;
  }
}
