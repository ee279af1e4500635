/**
 * A turn with a workflow on: the run of the figure "turn", in a workflow of two steps. Each call passes a rule, each turn
 * ends with a look at the transitions, and every 20 calls lead to the other step.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startBareLoop } from "../support/start-bare-loop.mjs";
import { benchConfig, createSandbox, startLegwork } from "../support/start-legwork.mjs";
import { startModel } from "../support/start-model.mjs";
import { median, medianRatio, sum } from "../support/statistics.mjs";
import { ms, row } from "../support/table.mjs";
import { TURNS, timeRun } from "../support/time-run.mjs";

const ROUNDS = 9;
const WORKFLOW = `
steps:
  - name: look
    instructions: Look at the next things.
    allowed_tools: [read_only]
    rules:
      - { name: nothing small, when: args.n < 100, action: block, message: Ask for more. }
    transitions:
      - { to: check, when: step_action_count >= 20 }
  - name: check
    instructions: Look at them again.
    allowed_tools: [read_only]
    rules:
      - { name: nothing large, when: args.n > 100000, action: block, message: Ask for less. }
    transitions:
      - { to: look, when: step_action_count >= 20 and not tool_result.is_error }
exit_condition: total_action_count >= ${TURNS}
on_premature_stop: { action: warn }
`;

export async function measure() {
  const model = await startModel();
  const bare = await startBareLoop(model);
  const sandbox = createSandbox(benchConfig(model));
  const folder = join(sandbox.env.LEGWORK_HOME, "workflows");
  mkdirSync(folder);
  writeFileSync(join(folder, "look-and-check.yaml"), WORKFLOW);
  const legwork = await startLegwork(model, { sandbox });
  try {
    const options = { workflow: "look-and-check" };
    const ours = () =>
      timeRun(async (name) => legwork.finish([await legwork.spawn(name, options)]), legwork.pid, model);
    const floor = () => timeRun((name) => bare.run([name], { journal: true }), bare.pid, model);
    await ours(); // the first run of a process is mostly compilation
    await floor();
    const rounds = [];
    for (let n = 0; n < ROUNDS; n++) {
      if (n % 2 === 0) rounds.push({ floor: await floor(), ours: await ours() });
      else rounds.push({ ours: await ours(), floor: await floor() });
    }
    return rowsOf(rounds);
  } finally {
    await Promise.all([legwork.close(), bare.close()]);
    model.close();
    sandbox.remove();
  }
}

function rowsOf(rounds) {
  const of = (contender, field) => rounds.map((round) => round[contender][field]);
  const cpu = (contender) => sum(of(contender, "cpu")) / ROUNDS / TURNS;
  return [
    row("a turn with a workflow on, over the bare loop with a journal", {
      ours: ms(median(of("ours", "turn"))),
      floor: ms(median(of("floor", "turn"))),
      ratio: medianRatio(rounds.map(({ ours, floor }) => ({ ours: ours.turn, floor: floor.turn }))),
    }),
    row("processor time of a turn with a workflow on, over the bare loop with a journal", {
      ours: `${ms(cpu("ours"))} a turn`,
      floor: `${ms(cpu("floor"))} a turn`,
      ratio: cpu("ours") / cpu("floor"),
    }),
  ];
}
