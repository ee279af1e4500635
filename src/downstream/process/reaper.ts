/** Ends the processes of servers even when our own process is killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { childEnvironment, type Environment } from "./child-environment.js";
import { createEscapeSearch, MARKER_VARIABLE } from "./escaped-processes.js";
import { ownIdentity } from "./owner.js";

const EXIT_WAIT_MS = 200; // a killed process is gone within this

/** One reaper serves all servers of a pool. */
export interface Reaper {
  /** The marker of a new server, to be set as MARKER_VARIABLE in its environment. */
  nextMarker(): string;
  /** From now on the group is ended when our process is gone. Call it in the same tick as the start of the group. */
  add(group: number): void;
  remove(group: number): void;
  /** Ends the processes of a server that have left its group, as far as they can be found. Never throws. */
  endEscaped(marker: string, withinMs: number): Promise<void>;
  /** Ends the helper process, and the groups that were not removed. Idempotent, never rejects. */
  close(): Promise<void>;
}

/** Starts its helper with the first group. Where the helper fails, servers work all the same. */
export function createReaper(baseEnv: Environment): Reaper {
  const prefix = `${ownIdentity()}-${randomBytes(8).toString("hex")}-`;
  const escapeSearch = createEscapeSearch(prefix);
  const groups = new Set<number>();
  let helper: ChildProcess | null = null;
  let servers = 0;

  function write(line: string): void {
    helper?.stdin?.write(line);
  }

  /** Replaces a killed helper at once; retries one that could not run with the next server. */
  function onGone(gone: ChildProcess, wasKilled: boolean): void {
    if (helper !== gone) return;
    helper = null;
    if (wasKilled && groups.size > 0) startHelper();
  }

  /** Tells the new helper all groups, because it may replace one that has gone. */
  function startHelper(): void {
    try {
      const started = spawnHelper(baseEnv, prefix);
      started.once("error", () => onGone(started, false));
      started.once("exit", (_code, signal) => onGone(started, signal !== null));
      helper = started;
      for (const group of groups) write(`+${group}\n`);
    } catch {
      // The system allows no further process; servers are started all the same.
    }
  }

  return {
    nextMarker() {
      servers += 1;
      return `${prefix}${servers}`;
    },
    add(group) {
      if (process.platform === "win32") return;
      groups.add(group);
      if (helper === null) startHelper();
      else write(`+${group}\n`);
    },
    remove(group) {
      if (groups.delete(group)) write(`-${group}\n`);
    },
    endEscaped: (marker, withinMs) => escapeSearch.end(marker, withinMs),
    async close() {
      const gone = helper;
      helper = null;
      if (gone === null) return;
      const exited = new Promise<void>((resolve) => gone.once("exit", () => resolve()));
      gone.stdin?.end();
      if (groups.size > 0) return; // the helper still has to end these groups
      gone.kill("SIGKILL"); // else it would end by itself a moment after our process
      gone.ref(); // else a process with nothing more to do would exit here, before its caller continues
      await Promise.race([exited, delay(EXIT_WAIT_MS, undefined, { ref: false })]);
      gone.unref();
    },
  };
}

/**
 * A plain POSIX shell, because it is the smallest process. Its input ends when our process does, for any reason.
 * It searches for markers only on systems with /proc; grep's own environment carries none.
 */
const HELPER = `
trap '' HUP INT TERM
groups=' '
while read -r line; do
  group=\${line#?}
  case $line in
    +*) groups="$groups$group " ;;
    -*) case $groups in *" $group "*) groups="\${groups%%" $group "*} \${groups#*" $group "}" ;; esac ;;
  esac
done
[ "$groups" = ' ' ] && exit 0
end() {
  for group in $groups; do kill -s "$1" -- "-$group"; done
  for file in $(grep -lsF "$2" /proc/[0-9]*/environ); do
    pid=\${file#/proc/}
    kill -s "$1" -- "\${pid%/environ}"
  done
}
end TERM "$1"
sleep 1
end KILL "$1"
`;

/** Starts it in a session of its own, so that a signal to our process group does not end it. It does not keep us alive. */
function spawnHelper(baseEnv: Environment, prefix: string): ChildProcess {
  const helper = spawn("/bin/sh", ["-c", HELPER, "legwork-reaper", `${MARKER_VARIABLE}=${prefix}`], {
    cwd: "/",
    env: childEnvironment(baseEnv, {}),
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  helper.stdin?.on("error", () => {}); // it has exited; the next server starts another
  if (helper.stdin instanceof Socket) helper.stdin.unref();
  helper.unref();
  return helper;
}
