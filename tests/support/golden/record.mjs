/**
 * node tests/support/golden/record.mjs              records anew and empties renames.json
 * node tests/support/golden/record.mjs --propose    shows the pairs of sentences that renames.json lacks, and fails
 *                                                   where anything else differs
 * node tests/support/golden/record.mjs --propose --write    adds those pairs to renames.json
 * Build first: what is recorded is the bundle.
 */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "../../..");
const given = process.argv.slice(2);
const unknown = given.find((option) => option !== "--propose" && option !== "--write");
if (unknown !== undefined || (given.includes("--write") && !given.includes("--propose"))) {
  console.error("usage: node tests/support/golden/record.mjs [--propose [--write]]");
  process.exit(2);
}
const proposal = given.includes("--write") ? "propose-and-write" : "propose";
const { status } = spawnSync(
  process.execPath,
  [
    resolve(root, "node_modules/vitest/vitest.mjs"),
    "run",
    "--disableConsoleIntercept=true",
    "tests/e2e/golden.test.ts",
  ],
  {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, LEGWORK_GOLDEN: given.includes("--propose") ? proposal : "record" },
  },
);
process.exitCode = status ?? 1;
