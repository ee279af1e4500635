/** 100 runs at once, 10 tool calls each, a model that takes 100 ms: the time from the first spawn_agent to the last end. */
import { memoryOf } from "../support/processes.mjs";
import { startBareLoop } from "../support/start-bare-loop.mjs";
import { startLegwork } from "../support/start-legwork.mjs";
import { modelNamed, startModel } from "../support/start-model.mjs";
import { median, medianRatio } from "../support/statistics.mjs";
import { mib, ms, row } from "../support/table.mjs";

const RUNS = 100;
const ROUNDS = 5;

export async function measure() {
  const model = await startModel();
  const bare = await startBareLoop(model);
  const legwork = await startLegwork(model, { concurrentRuns: RUNS });
  const models = () => Array.from({ length: RUNS }, () => modelNamed({ calls: 10, delay: 100 }));
  try {
    const ours = async () => {
      const started = performance.now();
      await legwork.finish(await Promise.all(models().map((name) => legwork.spawn(name))));
      return performance.now() - started;
    };
    await ours(); // the first round also starts servers and loads modules
    const { peak } = memoryOf(legwork.pid);
    await bare.run(models());
    const { peak: barePeak } = memoryOf(bare.pid);
    const pairs = [];
    for (let n = 0; n < ROUNDS; n++) {
      if (n % 2 === 0) pairs.push({ floor: await bare.run(models()), ours: await ours() });
      else pairs.push({ ours: await ours(), floor: await bare.run(models()) });
    }
    return [
      row(`${RUNS} runs at once, wall`, {
        ours: ms(median(pairs.map((pair) => pair.ours))),
        floor: ms(median(pairs.map((pair) => pair.floor))),
        ratio: medianRatio(pairs),
        bar: 1.3,
      }),
      row(`${RUNS} runs at once, resident at the peak`, {
        ours: mib(peak),
        floor: mib(barePeak),
        value: peak,
        bar: 200,
        unit: "MiB",
      }),
      row(`${RUNS} runs at once, ${ROUNDS + 1} times over in one process, resident at the peak`, {
        ours: mib(memoryOf(legwork.pid).peak),
        floor: mib(memoryOf(bare.pid).peak),
      }),
    ];
  } finally {
    await Promise.all([legwork.close(), bare.close()]);
    model.close();
    legwork.remove();
  }
}
