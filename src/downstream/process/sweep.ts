/** Ends the servers of a legwork that was killed together with its reaper. */
import { readFile } from "node:fs/promises";
import type { Log } from "../../core/ports/clock-and-log.js";
import { parseProcessStat } from "../../lib/process-stat.js";
import { allGone, findMarked, signalAll } from "./escaped-processes.js";
import { hasDeadOwner } from "./owner.js";
import { endProcessGroup } from "./process-group.js";

const GRACE_MS = 1_000; // from SIGTERM to SIGKILL, as the reaper gives

/** Leaves the servers of living owners alone, and every process without a marker. Never rejects. */
export async function sweepOrphans(log: Log): Promise<void> {
  if (process.platform !== "linux") return;
  try {
    for (const [marker, pids] of await findMarked("")) {
      if (!hasDeadOwner(marker)) continue;
      log.info({ marker, pids }, "the server of a legwork that was killed is ended");
      await endOrphan(marker, pids);
    }
  } catch (error) {
    log.warn({ err: error }, "servers that others left behind could not be looked for");
  }
}

/** Its groups first: their processes may have dropped the marker. Then those that carry it in groups of others. */
async function endOrphan(marker: string, pids: readonly number[]): Promise<void> {
  const leaders = await Promise.all(pids.map(isLeader));
  await Promise.all(pids.filter((_pid, index) => leaders[index]).map((leader) => endProcessGroup(leader, GRACE_MS)));
  const left = (await findMarked(marker)).get(marker) ?? [];
  signalAll(left, "SIGTERM");
  await allGone(left, marker, performance.now() + GRACE_MS);
  signalAll((await findMarked(marker)).get(marker) ?? [], "SIGKILL");
}

async function isLeader(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  return parseProcessStat(stat)?.group === pid;
}
