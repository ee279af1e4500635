/** What a legwork, its servers and all that these have started leave running. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Workbench } from "./host.js";

/** Command lines of living processes whose environment names the bench: all that was started for it, in whatever session. */
export function processesOf({ root }: Workbench): readonly string[] {
  const table = execFileSync("ps", ["-A", "-o", "pid=,stat=,args="], { encoding: "utf8" });
  return table.split("\n").filter((row) => {
    const [pid = "", state = "Z"] = row.trim().split(/\s+/);
    return Number(pid) !== process.pid && !state.startsWith("Z") && environmentOf(pid).includes(root);
  });
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return ""; // it has ended meanwhile
  }
}
