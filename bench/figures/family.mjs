/** A run with three generations of five below it: 156 runs, a model that takes 50 ms, over its longest chain of requests. */
import { startLegwork } from "../support/start-legwork.mjs";
import { startModel } from "../support/start-model.mjs";
import { median } from "../support/statistics.mjs";
import { ms, row } from "../support/table.mjs";

const [GENERATIONS, CHILDREN, DELAY, ROUNDS] = [3, 5, 50, 5];
/** Down the tree one request each, and up again one each but for the last: it answers with its first. */
const CHAIN = 2 * GENERATIONS + 1;

export async function measure() {
  const model = await startModel();
  const legwork = await startLegwork(model, { depth: GENERATIONS + 1 });
  try {
    const ours = async (n) => {
      const started = performance.now();
      await legwork.finish([await legwork.spawn(modelOf(n))]);
      return performance.now() - started;
    };
    await ours(0); // the first round also loads modules
    const walls = [];
    for (let n = 1; n <= ROUNDS; n++) walls.push(await ours(n));
    const ideal = CHAIN * DELAY;
    return [
      row("156 runs, five below each, four deep", {
        ours: ms(median(walls)),
        floor: ms(ideal),
        ratio: median(walls) / ideal,
        bar: 1.5,
      }),
    ];
  } finally {
    await legwork.close();
    model.close();
    legwork.remove();
  }
}

/** A name of its own for each round; see model-stand-in.mjs. */
function modelOf(round) {
  return `below-${GENERATIONS}.children-${CHILDREN}.delay-${DELAY}.round-${round}`;
}
