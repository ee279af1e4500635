/** Cline. */
import type { Host } from "./host.js";

export const CLINE = {
  id: "cline",
  clientNames: ["@cline/core"],
  limits: { maxAnswer: 6_500, maxWaitSeconds: 50 },
  addedArguments: [],
  servers: null,
  agents: null,
} as const satisfies Host;
