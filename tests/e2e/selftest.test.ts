/** `legwork selftest` as a user runs it: a short crash campaign that costs nothing, and touches nothing of the user's. */
import { existsSync, readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { legwork } from "../support/command.js";
import { messageOf, naming } from "../support/naming.js";
import { setBench } from "../support/rehearsals.js";
import { repetitions } from "../support/repetitions.js";

const KILLS = repetitions(4, 40);
const LONGEST = 240_000; // milliseconds, on a busy machine: each kill starts a process

it("loses nothing, repeats nothing and leaves nothing stuck or behind", { timeout: LONGEST }, async () => {
  const bench = setBench();
  const { code, stdout, stderr } = await legwork(
    bench,
    ["selftest", "--crash", String(KILLS), "--seed", "1", "--json"],
    { TMPDIR: bench.root },
  );
  expect(stdout, stderr).not.toBe("");
  const report = JSON.parse(stdout);
  expect(report.findings).toEqual([]);
  expect(report).toMatchObject({
    ok: true,
    seed: 1,
    kills: KILLS,
    repeated_effects: 0,
    lost_work: 0,
    stuck_runs: 0,
    folder: null,
  });
  expect(code).toBe(0);
  const moments = Object.values<number>(report.kills_by_moment);
  expect(moments.reduce((sum, count) => sum + count)).toBe(KILLS);
  expect(report.recoveries).toBeGreaterThan(0);
  expect(report.runs).toBeGreaterThan(0);
  expect(stderr).toMatch(new RegExp(`^\\d+\\D+${KILLS}\\D+\\d+\\D+\\d+\\D+\\d+.*$`, "m")); // how far it is

  expect(existsSync(bench.home)).toBe(false);
  expect(readdirSync(bench.project)).toEqual([".git"]);
  expect(readdirSync(bench.root)).toEqual(["project"]);
});

it.each<[string[], readonly string[]]>([
  [["selftest"], ["selftest --crash"]],
  [
    ["selftest", "--crash", "none"],
    ["--crash", '"none"', "1", "100000"],
  ],
  [["selftest", "20"], ['"20"']],
  [
    ["runs", "--seed", "1"],
    ["--seed", "selftest"],
  ],
])("legwork refuses %j before it starts anything", async (args, facts) => {
  const bench = setBench();
  const { code, stdout, stderr } = await legwork(bench, args, { TMPDIR: bench.root });
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(messageOf({ stderr })).toEqual(naming(...facts));
  expect(readdirSync(bench.root)).toEqual(["project"]);
});
