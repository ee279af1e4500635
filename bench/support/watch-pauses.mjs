/**
 * Loaded into a process by `--import`: writes the longest pause of its event loop, in milliseconds, to the file
 * PAUSES_FILE when it exits. SIGUSR2 begins anew.
 */
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

const RESOLUTION_MS = 5;
const pauses = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
pauses.enable();
process.on("SIGUSR2", () => pauses.reset());
process.on("exit", () => writeFileSync(process.env.PAUSES_FILE, String(pauses.max / 1e6 - RESOLUTION_MS)));
