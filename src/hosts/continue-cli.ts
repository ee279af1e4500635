/** Continue CLI. */
import type { Host } from "./host.js";

export const CONTINUE_CLI = {
  id: "continue",
  clientNames: ["continue-cli-client"],
  limits: { maxAnswer: 30_000, maxWaitSeconds: 50 },
  addedArguments: [],
  servers: null,
  agents: null,
} as const satisfies Host;
