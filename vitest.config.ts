import { defineConfig } from "vitest/config";

/** Settings of all test runs. */
export const settings = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // Many tests wait for real processes: some more workers than processors use the time, many more only queue.
  maxWorkers: 3,
  // Workers keep the modules that they have loaded: modules of tests/support register hooks in functions only.
  isolate: false,
};

export default defineConfig({ test: { ...settings, include: ["tests/**/*.test.ts"] } });
