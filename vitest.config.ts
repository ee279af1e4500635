import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Many tests wait for real processes: some more workers than processors use the time, many more only queue.
    maxWorkers: 3,
  },
});
