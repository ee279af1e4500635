/** 1,000 live runs in one process: each has made a tool call and waits for a reply that never comes. */
import { memoryOf } from "../support/processes.mjs";
import { startLegwork } from "../support/start-legwork.mjs";
import { modelNamed, startModel } from "../support/start-model.mjs";
import { mib, row } from "../support/table.mjs";
import { until } from "../support/until.mjs";
import { endAndWatch } from "./exit.mjs";

const RUNS = 1_000;

export async function measure() {
  const model = await startModel();
  const legwork = await startLegwork(model, { concurrentRuns: RUNS });
  try {
    for (let n = 0; n < RUNS; n++) await legwork.spawn(modelNamed({ calls: 1, hang: true }));
    await until(async () => (await model.held()) === RUNS);
    const { peak, now } = memoryOf(legwork.pid);
    const end = await endAndWatch(legwork, RUNS);
    return [
      row("1,000 live runs, resident at the peak", { ours: mib(peak), value: peak, bar: 512, unit: "MiB" }),
      row("1,000 live runs, resident while they wait", { ours: mib(now) }),
      row("1,000 live runs, end of input to all interrupted on disk", { ours: `${Math.round(end.written)} ms` }),
    ];
  } finally {
    await legwork.close();
    model.close();
    legwork.remove();
  }
}
