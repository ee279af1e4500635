import { configDefaults, defineConfig } from "vitest/config";

/** Settings of all test runs. */
export const settings = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // Many tests wait for real processes: some more workers than processors use the time, many more only queue.
  maxWorkers: 3,
  // Workers keep the modules that they have loaded: modules of tests/support register hooks in functions only.
  isolate: false,
};

/** Tests that spend half a minute on a rare fault or on another version: `npm run test:long` runs them. */
export const LONG_ONLY = [
  "tests/attacks/names-and-models.test.ts",
  "tests/attacks/poisoned-runs.test.ts",
  "tests/e2e/disk-trouble.test.ts",
  "tests/e2e/docs-examples.test.ts",
  "tests/e2e/hostile-processes.test.ts",
  "tests/e2e/lost-database.test.ts",
  "tests/e2e/newer-legwork.test.ts",
  "tests/e2e/older-server.test.ts",
  "tests/e2e/resume-interrupted.test.ts",
  "tests/e2e/slow-start.test.ts",
  "tests/e2e/unloadable-sqlite.test.ts",
  "tests/e2e/unusable-environment.test.ts",
];

export default defineConfig({
  test: { ...settings, include: ["tests/**/*.test.ts"], exclude: [...configDefaults.exclude, ...LONG_ONLY] },
});
