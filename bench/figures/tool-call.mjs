/**
 * The time that a proxied tool call adds to a direct one, including its journal.
 * The time of a single call cannot be measured precisely enough, so this figure compares two gaps between a reply of the
 * model and the next request: after a reply with a tool call, and after an empty reply, which legwork requests again.
 * The second gap is the cost of a reply without a call; the difference is the call: its gate, its commit and the server's answer.
 */
import { startBareLoop } from "../support/start-bare-loop.mjs";
import { startLegwork } from "../support/start-legwork.mjs";
import { modelNamed, startModel } from "../support/start-model.mjs";
import { median } from "../support/statistics.mjs";
import { ms, row } from "../support/table.mjs";

const CALLS = 200;
const ROUNDS = 5;

export async function measure() {
  const model = await startModel();
  const bare = await startBareLoop(model);
  const legwork = await startLegwork(model);
  try {
    await callCost(legwork, model);
    await bare.timeCalls(CALLS);
    const rounds = [];
    for (let n = 0; n < ROUNDS; n++) {
      const direct = median(await bare.timeCalls(CALLS));
      const commit = median(await bare.timeCommits(CALLS));
      rounds.push({ direct, commit, proxied: await callCost(legwork, model) });
    }
    const added = median(rounds.map(({ direct, proxied }) => proxied - direct));
    const of = (field) => ms(median(rounds.map((round) => round[field])));
    return [
      row("the time a proxied tool call adds to a direct one", { ours: ms(added), value: added, bar: 1, unit: "ms" }),
      row("the proxied call, the direct one", { ours: of("proxied"), floor: of("direct") }),
      row("one commit of the bare journal: the wait for the disk", { floor: of("commit") }),
    ];
  } finally {
    await Promise.all([legwork.close(), bare.close()]);
    model.close();
    legwork.remove();
  }
}

async function callCost(legwork, model) {
  const name = modelNamed({ calls: CALLS, empty: true });
  await legwork.finish([await legwork.spawn(name)]);
  const { arrived, answered } = await model.times(name);
  const afterReply = arrived.slice(1).map((time, n) => time - answered[n]);
  const [afterEmpty, afterCall] = [0, 1].map((kind) => afterReply.filter((_, n) => n % 2 === kind));
  return median(afterCall) - median(afterEmpty);
}
