import { defineConfig } from "vitest/config";
import { LONG_ONLY, settings } from "./vitest.config.js";

/** The tests that take long, and those that use `repetitions` (tests/support/repetitions.ts), each with its large number. */
export default defineConfig({
  test: {
    ...settings,
    env: { LEGWORK_TEST_LONG: "1" },
    include: [
      ...LONG_ONLY,
      "tests/contract/lease-model.test.ts",
      "tests/e2e/selftest.test.ts",
      "tests/unit/runner/loop/run-agent.test.ts",
      "tests/unit/core/workflow/engine-properties.test.ts",
    ],
  },
});
