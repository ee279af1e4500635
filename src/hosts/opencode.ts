/** opencode. */
import type { Host } from "./host.js";

export const OPENCODE = {
  id: "opencode",
  clientNames: ["opencode"],
  limits: { maxAnswer: 30_000, maxWaitSeconds: 50 },
  addedArguments: [],
  servers: null,
  agents: null,
} as const satisfies Host;
