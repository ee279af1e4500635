/** `legwork selftest` as a user runs it: a short crash campaign that costs nothing, and touches nothing of the user's. */
import { existsSync, readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { legwork } from "../support/command.js";
import { setBench } from "../support/rehearsals.js";

const DEATHS = 12;
const LONGEST = 240_000; // milliseconds, on a busy machine: each death starts a process

it("loses nothing, repeats nothing and leaves nothing stuck or behind", { timeout: LONGEST }, async () => {
  const bench = setBench();
  const { code, stdout, stderr } = await legwork(
    bench,
    ["selftest", "--crash", String(DEATHS), "--seed", "1", "--json"],
    { TMPDIR: bench.root },
  );
  expect(stdout, stderr).not.toBe("");
  const report = JSON.parse(stdout);
  expect(report.findings).toEqual([]);
  expect(report).toMatchObject({
    ok: true,
    seed: 1,
    deaths: DEATHS,
    repeated_effects: 0,
    lost_work: 0,
    stuck_runs: 0,
    folder: null,
  });
  expect(code).toBe(0);
  const moments = Object.values<number>(report.deaths_by_moment);
  expect(moments.reduce((sum, count) => sum + count)).toBe(DEATHS);
  expect(report.takeovers).toBeGreaterThan(0);
  expect(report.runs).toBeGreaterThanOrEqual(8);
  expect(stderr).toMatch(new RegExp(`^\\d+ of ${DEATHS} deaths, \\d+ of \\d+ points; \\d+ runs started$`, "m"));

  expect(existsSync(bench.home)).toBe(false);
  expect(readdirSync(bench.project)).toEqual([".git"]);
  expect(readdirSync(bench.root)).toEqual(["project"]);
});

it.each([
  [["selftest"], "say how many servers to kill: legwork selftest --crash 50"],
  [["selftest", "--crash", "none"], '--crash is "none": use a whole number from 1 to 100000'],
  [["selftest", "20"], 'unexpected argument "20"'],
  [["runs", "--seed", "1"], "--seed belongs to legwork selftest"],
])("%j is refused before anything is started", async (args, message) => {
  const bench = setBench();
  const { code, stdout, stderr } = await legwork(bench, args, { TMPDIR: bench.root });
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
  expect(readdirSync(bench.root)).toEqual(["project"]);
});
