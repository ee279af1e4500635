/** The filter of a list that leaves nothing out, for tests that narrow it in one way. */
import type { RunFilter } from "../../src/core/ports/run-store.js";

export const EVERYTHING: RunFilter = {
  status: null,
  agent: null,
  project: null,
  parentSessionId: null,
  parentRunId: null,
  since: null,
  after: null,
  limit: 100,
};
