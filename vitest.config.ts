import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Many tests start real processes; more workers than this only make them wait for each other.
    maxWorkers: 2,
  },
});
