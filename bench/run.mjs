/**
 * Measures legwork and the floors to compare it with: `node bench/run.mjs [--markdown] [FIGURE ...]`.
 * Exits with 1 when a figure exceeds its bar. Needs Linux and `npm run build`.
 */
import { parseArgs } from "node:util";
import { toMarkdown, toText } from "./support/table.mjs";

const FIGURES = {
  turn: () => import("./figures/turn.mjs"),
  workflow: () => import("./figures/workflow.mjs"),
  crowd: () => import("./figures/crowd.mjs"),
  "first-crowd": () => import("./figures/first-crowd.mjs"),
  family: () => import("./figures/family.mjs"),
  many: () => import("./figures/many.mjs"),
  start: () => import("./figures/start.mjs"),
  "first-call": () => import("./figures/first-call.mjs"),
  "tool-call": () => import("./figures/tool-call.mjs"),
  catalog: () => import("./figures/catalog.mjs"),
  schemas: () => import("./figures/schemas.mjs"),
  floods: () => import("./figures/floods.mjs"),
  answer: () => import("./figures/answer.mjs"),
  exit: () => import("./figures/exit.mjs"),
  log: () => import("./figures/log.mjs"),
  stored: () => import("./figures/stored.mjs"),
  workspace: () => import("./figures/workspace.mjs"),
  pace: () => import("./figures/pace.mjs"),
  load: () => import("./figures/load.mjs"),
};

const { values, positionals } = parseArgs({ allowPositionals: true, options: { markdown: { type: "boolean" } } });
const unknown = positionals.filter((name) => !(name in FIGURES));
if (unknown.length > 0) {
  process.stderr.write(`there is no figure "${unknown[0]}": use ${Object.keys(FIGURES).join(", ")}\n`);
  process.exit(2);
}

const rows = [];
for (const name of positionals.length > 0 ? positionals : Object.keys(FIGURES)) {
  process.stderr.write(`measuring ${name} …\n`);
  const { measure } = await FIGURES[name]();
  rows.push(...(await measure()));
}
process.stdout.write(`${values.markdown ? toMarkdown(rows) : toText(rows)}\n`);
if (rows.some(({ missed }) => missed)) process.exitCode = 1;
