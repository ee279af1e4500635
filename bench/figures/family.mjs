/** A run with three generations of five children each: 156 runs, a model that takes 50 ms, compared with the longest chain of requests. */
import { startBareLoop } from "../support/start-bare-loop.mjs";
import { startLegwork } from "../support/start-legwork.mjs";
import { startModel } from "../support/start-model.mjs";
import { median, medianRatio } from "../support/statistics.mjs";
import { ms, row } from "../support/table.mjs";

const [GENERATIONS, CHILDREN, DELAY, ROUNDS] = [3, 5, 50, 5];
/** One request for each generation on the way down, and one on the way up, except for the last: it answers with its first. */
const CHAIN = 2 * GENERATIONS + 1;

export async function measure() {
  const model = await startModel();
  const bare = await startBareLoop(model);
  const legwork = await startLegwork(model, { depth: GENERATIONS + 1 });
  try {
    const ours = async () => {
      const started = performance.now();
      await legwork.finish([await legwork.spawn(nextModel())]);
      return performance.now() - started;
    };
    await ours(); // the first round also loads modules
    await bare.run([nextModel()]);
    const pairs = [];
    for (let n = 0; n < ROUNDS; n++) {
      const floor = await bare.run([nextModel()]);
      pairs.push({ floor, ours: await ours() });
    }
    const of = (field) => median(pairs.map((pair) => pair[field]));
    const ideal = CHAIN * DELAY;
    return [
      row("156 runs, five below each, four deep, over the longest chain of requests", {
        ours: ms(of("ours")),
        floor: ms(ideal),
        ratio: of("ours") / ideal,
        bar: 1.5,
      }),
      row("156 runs, five below each, four deep, over bare loops", {
        ours: ms(of("ours")),
        floor: ms(of("floor")),
        ratio: medianRatio(pairs),
      }),
    ];
  } finally {
    await Promise.all([legwork.close(), bare.close()]);
    model.close();
    legwork.remove();
  }
}

let trees = 0;

/** A model name for each tree; see model-stand-in.mjs. */
function nextModel() {
  return `below-${GENERATIONS}.children-${CHILDREN}.delay-${DELAY}.round-${trees++}`;
}
