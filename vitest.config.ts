import { defineConfig } from "vitest/config";

/** Settings of all test runs. */
export const settings = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // Many tests wait for real processes: some more workers than processors use the time, many more only queue.
  maxWorkers: 3,
  isolate: false,
};

export default defineConfig({ test: { ...settings, include: ["tests/**/*.test.ts"] } });
