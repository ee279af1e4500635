/** Reads processor time, memory and children of processes from /proc. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** Processor time that a process has used, in milliseconds. */
export function cpuOf(pid) {
  const { utime, stime } = statOf(pid);
  return ((utime + stime) * 1000) / TICKS_PER_SECOND;
}

/** Resident memory of a process in MiB: now and at its peak. */
export function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
  return { now: field("VmRSS"), peak: field("VmHWM") };
}

/** All descendants of a process, each with its start time, which tells it from a later process with the same id. */
export function descendantsOf(pid) {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = statOrNull(Number(name));
      return stat ? [{ pid: Number(name), ...stat }] : [];
    });
  const below = (parent) => all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)]);
  return below(pid);
}

/** Whether the same process still runs; false for a zombie. */
export function isAlive({ pid, started }) {
  const stat = statOrNull(pid);
  return stat !== null && stat.started === started && stat.state !== "Z";
}

function statOrNull(pid) {
  try {
    return statOf(pid);
  } catch {
    return null;
  }
}

function statOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" "); // the name before it may hold any characters
  const [state, parent] = fields;
  return {
    state,
    parent: Number(parent),
    utime: Number(fields[11]),
    stime: Number(fields[12]),
    started: fields[19],
  };
}
