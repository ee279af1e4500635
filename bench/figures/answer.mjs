/** An answer: the time from respond_to_run in one process to the next model request of the run in another process. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { benchConfig, createSandbox, startLegwork } from "../support/start-legwork.mjs";
import { modelNamed, startModel } from "../support/start-model.mjs";
import { median } from "../support/statistics.mjs";
import { ms, row } from "../support/table.mjs";
import { until } from "../support/until.mjs";

const ROUNDS = 20;
const WORKFLOW = "steps: [{ name: work, rules: [{ name: ask, action: require_approval }] }]";
const LONGEST_PAUSE_MS = 300; // a little more than the time between two checks of the database

export async function measure() {
  const model = await startModel();
  const sandbox = createSandbox(benchConfig(model));
  const folder = join(sandbox.env.LEGWORK_HOME, "workflows");
  mkdirSync(folder);
  writeFileSync(join(folder, "careful.yaml"), WORKFLOW);
  const worker = await startLegwork(model, { sandbox });
  const answerer = await startLegwork(model, { sandbox });
  try {
    // Starts the server in both processes, because either may continue a run, and compiles the code.
    await answerOnce(worker, answerer, model);
    await answerOnce(answerer, worker, model);
    const times = [];
    for (let n = 0; n < ROUNDS; n++) {
      await delay((LONGEST_PAUSE_MS * n) / ROUNDS); // at any moment between two checks
      times.push(await answerOnce(worker, answerer, model));
    }
    const worst = Math.max(...times);
    return [
      row("approval in another process to the next model request, median", { ours: ms(median(times)) }),
      row(`the same, worst of ${ROUNDS}`, { ours: ms(worst), value: worst, bar: 500, unit: "ms" }),
    ];
  } finally {
    await Promise.all([worker.close(), answerer.close()]);
    model.close();
    sandbox.remove();
  }
}

async function answerOnce(worker, answerer, model) {
  const name = modelNamed({ calls: 1 });
  const args = { prompt: "Go on until done.", model: name, workflow: "careful", tools: ["*"], wait_seconds: 50 };
  const { run_id, status } = await worker.call("spawn_agent", args);
  if (status !== "waiting") throw new Error(`the run is ${status}`);
  const given = performance.now();
  await answerer.call("respond_to_run", { run_id, approve: true });
  await until(async () => (await model.times(name)).arrived.length >= 2);
  return performance.now() - given;
}
