/** A run about to be created, for tests to which most of it does not matter. */

import type { NewRun } from "../../src/core/ports/run-store.js";
import { DEFAULT_LIMITS } from "../../src/core/run/limits.js";
import type { RunRequest } from "../../src/core/run/run.js";

export const REQUEST: RunRequest = {
  prompt: "do it",
  context: null,
  systemPrompt: null,
  agent: "default",
  provider: "rehearsal",
  model: "script",
  limits: DEFAULT_LIMITS,
  policy: { allow: [{ patterns: ["read_only"], from: "test" }], block: [] },
  outputSchema: null,
  workflow: null,
  variables: {},
};

/** A host's run at depth 1, but for `fields`. */
export function newRunNamed(id: string, fields: Partial<NewRun> = {}): NewRun {
  return {
    id,
    sessionId: `ses_${id}`,
    parentSessionId: "ses_host",
    parentRunId: null,
    rootRunId: id,
    continues: null,
    message: null,
    step: null,
    depth: 1,
    project: "/project",
    title: "a title",
    hostSession: null,
    idempotency: null,
    request: REQUEST,
    ...fields,
  };
}
