/**
 * Loaded into a process by `--import`: when it exits, writes to the file PAUSES_FILE, in milliseconds, the longest pause of
 * its event loop and the longest piece of work, which is the processor time of the main thread in one pause: for the rest of
 * a pause other programs have the processor. SIGUSR2 begins anew.
 */
import { closeSync, openSync, readSync, writeFileSync } from "node:fs";

const EVERY_MS = 5;
const file = openSync("/proc/self/schedstat", "r"); // of the main thread
const buffer = Buffer.alloc(64);
const usedMs = () =>
  Number.parseInt(buffer.toString("latin1", 0, readSync(file, buffer, 0, buffer.length, 0)), 10) / 1e6;
const now = () => ({ at: performance.now(), used: usedMs() });

let last = now();
let most = { pause: 0, work: 0 };
setInterval(() => {
  const next = now();
  most = {
    pause: Math.max(most.pause, next.at - last.at - EVERY_MS),
    work: Math.max(most.work, next.used - last.used),
  };
  last = next;
}, EVERY_MS).unref();
process.on("SIGUSR2", () => {
  last = now();
  most = { pause: 0, work: 0 };
});
process.on("exit", () => {
  closeSync(file);
  writeFileSync(process.env.PAUSES_FILE, JSON.stringify(most));
});
