/** Copilot CLI, by GitHub. */
import type { Host } from "./host.js";

export const COPILOT_CLI = {
  id: "copilot",
  clientNames: ["copilot-cli"],
  limits: { maxAnswer: 18_000, maxWaitSeconds: 50 },
  addedArguments: [],
  servers: null,
  agents: null,
} as const satisfies Host;
