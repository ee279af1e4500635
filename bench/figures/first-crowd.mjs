/**
 * The runs of the figure "crowd" as the first calls of a process: the time from its spawn, through `initialize` and 100
 * `spawn_agent` at once, to the last end. The floor is the start of one process with as many bare loops.
 */
import { startBareLoop } from "../support/start-bare-loop.mjs";
import { benchConfig, createSandbox, startLegwork } from "../support/start-legwork.mjs";
import { modelNamed, startModel } from "../support/start-model.mjs";
import { median, medianRatio } from "../support/statistics.mjs";
import { ms, row } from "../support/table.mjs";

const RUNS = 100;
const ROUNDS = 9;

export async function measure() {
  const model = await startModel();
  const sandbox = createSandbox(benchConfig(model, { concurrentRuns: RUNS }));
  const models = () => Array.from({ length: RUNS }, () => modelNamed({ calls: 10, delay: 100 }));
  const ours = () =>
    timeProcess(
      () => startLegwork(model, { sandbox }),
      async (legwork) => legwork.finish(await Promise.all(models().map((name) => legwork.spawn(name)))),
    );
  const floor = () =>
    timeProcess(
      () => startBareLoop(model),
      (bare) => bare.run(models()),
    );
  try {
    await ours(); // fills the caches of the disk, and makes the database
    await floor();
    const pairs = [];
    for (let n = 0; n < ROUNDS; n++) {
      if (n % 2 === 0) pairs.push({ floor: await floor(), ours: await ours() });
      else pairs.push({ ours: await ours(), floor: await floor() });
    }
    return [
      row(`${RUNS} runs at once, from the spawn of the process`, {
        ours: ms(median(pairs.map((pair) => pair.ours))),
        floor: ms(median(pairs.map((pair) => pair.floor))),
        ratio: medianRatio(pairs),
      }),
    ];
  } finally {
    model.close();
    sandbox.remove();
  }
}

/** The milliseconds from the spawn of a process to the end of its work. */
async function timeProcess(start, work) {
  const startedAt = performance.now();
  const started = await start();
  try {
    await work(started);
    return performance.now() - startedAt;
  } finally {
    await started.close();
  }
}
