/** Processes of this machine, as `ps` shows them. */
import { execFileSync } from "node:child_process";

interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

function allProcesses(): readonly SeenProcess[] {
  const text = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  return text.split("\n").flatMap((line) => {
    const [, pid, parent, command = ""] = /^ *(\d+) +(\d+) +(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

/** The helper process by which a legwork process ends its servers when it is killed itself; null where it has none. */
export function reaperOf(pid: number): number | null {
  const isReaper = ({ parent, command }: SeenProcess) => parent === pid && command.includes("legwork-reaper");
  return allProcesses().find(isReaper)?.pid ?? null;
}

/** How many other processes name this text among their arguments, but for those of the named parent. */
export function countProcessesNaming(text: string, butOf: number): number {
  const names = ({ pid, parent, command }: SeenProcess) =>
    pid !== process.pid && parent !== butOf && command.includes(text);
  return allProcesses().filter(names).length;
}
