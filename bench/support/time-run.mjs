/** Times the turns of one run, for legwork and for the bare loop: the model's stand-in takes the times. */
import { cpuOf } from "./processes.mjs";
import { modelNamed } from "./start-model.mjs";
import { gaps, median, sum } from "./statistics.mjs";

export const TURNS = 200;
export const ENDS = 40; // turns at the start and at the end, compared for the growth

/** Has `run` do a run of 200 turns with the model that it gets. Resolves to its turns, and the processor time of `pid`. */
export async function timeRun(run, pid, model) {
  const name = modelNamed({ calls: TURNS });
  const before = cpuOf(pid);
  await run(name);
  const cpu = cpuOf(pid) - before;
  const { arrived } = await model.times(name);
  const turns = gaps(arrived);
  if (turns.length !== TURNS) throw new Error(`${turns.length} turns instead of ${TURNS}`);
  return { cpu, turns, turn: median(turns), growth: sum(turns.slice(-ENDS)) / sum(turns.slice(0, ENDS)) };
}
