/** Sees to it that servers' processes end also when ours is killed and can do nothing any more. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { childEnvironment, type Environment } from "./child-environment.js";
import { createStraySearch, MARKER_VARIABLE } from "./escaped-processes.js";

const EXIT_WAIT_MS = 200; // a killed process is gone within this

/** One for all servers of a pool. */
export interface Reaper {
  /** A new server's mark, to be set as MARKER_VARIABLE in its environment. */
  nextMarker(): string;
  /** From now on the group is ended when our process is gone. To be called in the same tick as its start. */
  add(group: number): void;
  remove(group: number): void;
  /** Ends what a server started and has left its group, as far as it can be found. Never throws. */
  endStrays(marker: string, withinMs: number): Promise<void>;
  /** Lets the helper process go; groups that were not removed are ended. Idempotent, never rejects. */
  close(): Promise<void>;
}

/** Starts nothing until there is a group. Its failure costs nothing but what it is for. */
export function createReaper(baseEnv: Environment): Reaper {
  const prefix = `${process.pid}-${randomBytes(8).toString("hex")}-`;
  const strays = createStraySearch(prefix);
  const groups = new Set<number>();
  let helper: ChildProcess | null = null;
  let servers = 0;

  function write(line: string): void {
    helper?.stdin?.write(line);
  }

  /** One that was killed is replaced at once; one that could not run is tried again with the next server. */
  function onGone(gone: ChildProcess, wasKilled: boolean): void {
    if (helper !== gone) return;
    helper = null;
    if (wasKilled && groups.size > 0) startHelper();
  }

  /** Also in place of one that has gone: it is told of all groups. */
  function startHelper(): void {
    try {
      const started = spawnHelper(baseEnv, prefix);
      started.once("error", () => onGone(started, false));
      started.once("exit", (_code, signal) => onGone(started, signal !== null));
      helper = started;
      for (const group of groups) write(`+${group}\n`);
    } catch {
      // There is no process to be had for it; servers are started all the same.
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
    endStrays: (marker, withinMs) => strays.end(marker, withinMs),
    async close() {
      const gone = helper;
      helper = null;
      if (gone === null) return;
      const exited = new Promise<void>((resolve) => gone.once("exit", () => resolve()));
      gone.stdin?.end();
      if (groups.size > 0) return; // it has something left to do
      gone.kill("SIGKILL"); // it would end by itself, a moment later than we do
      gone.ref(); // else a process with nothing more to do would end right here, before its caller goes on
      await Promise.race([exited, delay(EXIT_WAIT_MS, undefined, { ref: false })]);
      gone.unref();
    },
  };
}

/**
 * Plain POSIX shell, as small as a process can be. Its input ends when we do, however that comes about.
 * The markers are searched only on systems that have /proc; grep's own environment carries none.
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

/** In a session of its own: whoever ends our process group does not end it with us. It does not keep us alive. */
function spawnHelper(baseEnv: Environment, prefix: string): ChildProcess {
  const helper = spawn("/bin/sh", ["-c", HELPER, "legwork-reaper", `${MARKER_VARIABLE}=${prefix}`], {
    cwd: "/",
    env: childEnvironment(baseEnv, {}),
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  helper.stdin?.on("error", () => {}); // it has gone: the next server starts another
  if (helper.stdin instanceof Socket) helper.stdin.unref();
  helper.unref();
  return helper;
}
