/** Starts the model's stand-in in a process of its own, so that it shares no event loop with the measured side. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const FILE = fileURLToPath(new URL("./model-stand-in.mjs", import.meta.url));
let runs = 0;

/** Starts it. The caller closes it. */
export async function startModel() {
  const child = fork(FILE, { stdio: ["ignore", "ignore", "inherit", "ipc"], execArgv: [] });
  const [{ port }] = await once(child, "message");
  const url = `http://127.0.0.1:${port}`;
  const get = async (path) => (await fetch(`${url}${path}`)).json();
  return {
    url,
    /** The times at which each request of a model arrived and each reply left, in milliseconds of clock.mjs. */
    times: (model) => get(`/times/${model}`),
    /** The number of requests that wait for a reply that never comes. */
    held: () => get("/held"),
    close: () => child.disconnect(),
  };
}

/** A new model name; see model-stand-in.mjs. */
export function modelNamed({ calls, delay = 0, hang = false, empty = false }) {
  runs += 1;
  return `calls-${calls}.delay-${delay}.hang-${Number(hang)}.empty-${Number(empty)}.run-${runs}`;
}
