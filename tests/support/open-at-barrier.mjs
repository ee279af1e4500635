/** Opens a store at the moment a file appears, writes one run, and says how it went: `node open-at-barrier.mjs DB START ID`. */
import { existsSync } from "node:fs";
import { openStore } from "../../dist/store/sqlite/open-store.js";

const [file, start, id] = process.argv.slice(2);
process.stdout.write("ready\n");
while (!existsSync(start)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);

const { runs: store } = openStore(file, { now: Date.now });
const run = {
  id,
  sessionId: `ses_${id}`,
  parentSessionId: "ses_host",
  parentRunId: null,
  rootRunId: id,
  depth: 1,
  project: "/project",
  title: id,
  hostSession: null,
  idempotency: null,
  continues: null,
  message: null,
  step: null,
  request: { prompt: id, agent: "default", provider: "rehearsal", model: "script" },
};
await store.createRun(run, { signal: new AbortController().signal, maxChildren: 1 });
await store.close();
process.stdout.write("done\n");
