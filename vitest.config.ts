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

/** Tests that start tens of processes, or wait for time limits: `npm run test:long` runs them. */
export const LONG_ONLY = [
  "tests/attacks/floods.test.ts",
  "tests/attacks/forbidden-afterwards.test.ts",
  "tests/attacks/large-messages.test.ts",
  "tests/attacks/names-and-models.test.ts",
  "tests/attacks/poisoned-runs.test.ts",
  "tests/attacks/schemas.test.ts",
  "tests/e2e/agent-files.test.ts",
  "tests/e2e/ask-unknown.test.ts",
  "tests/e2e/config.test.ts",
  "tests/e2e/definition-trust.test.ts",
  "tests/e2e/disk-trouble.test.ts",
  "tests/e2e/docs-examples.test.ts",
  "tests/e2e/hostile-processes.test.ts",
  "tests/e2e/hostile-servers.test.ts",
  "tests/e2e/idempotency.test.ts",
  "tests/e2e/import.test.ts",
  "tests/e2e/list-agents.test.ts",
  "tests/e2e/long-run.test.ts",
  "tests/e2e/lost-database.test.ts",
  "tests/e2e/moved-project.test.ts",
  "tests/e2e/nesting-ends.test.ts",
  "tests/e2e/newer-legwork.test.ts",
  "tests/e2e/older-journals.test.ts",
  "tests/e2e/older-server.test.ts",
  "tests/e2e/on-unknown.test.ts",
  "tests/e2e/orchestration.test.ts",
  "tests/e2e/process-ends.test.ts",
  "tests/e2e/question-budgets.test.ts",
  "tests/e2e/recovery-rules.test.ts",
  "tests/e2e/respond-command.test.ts",
  "tests/e2e/resume-interrupted.test.ts",
  "tests/e2e/robustness.test.ts",
  "tests/e2e/runs-live-command.test.ts",
  "tests/e2e/slow-start.test.ts",
  "tests/e2e/stale-writes.test.ts",
  "tests/e2e/storage-commands.test.ts",
  "tests/e2e/tools-command.test.ts",
  "tests/e2e/trust.test.ts",
  "tests/e2e/untrusted-start.test.ts",
  "tests/e2e/unusable-environment.test.ts",
  "tests/e2e/visibility.test.ts",
  "tests/e2e/workflow-guarantees.test.ts",
  "tests/integration/failing-store.test.ts",
  "tests/integration/http-hostile.test.ts",
  "tests/integration/open-at-once.test.ts",
  "tests/integration/processes.test.ts",
  "tests/integration/real-servers.test.ts",
];

export default defineConfig({
  test: { ...settings, include: ["tests/**/*.test.ts"], exclude: [...configDefaults.exclude, ...LONG_ONLY] },
});
