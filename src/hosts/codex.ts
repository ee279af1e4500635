/** Codex, by OpenAI. */
import type { Host } from "./host.js";

export const CODEX = {
  id: "codex",
  clientNames: ["codex-mcp-client"],
  limits: { maxAnswer: 10_000, maxWaitSeconds: 50 },
  addedArguments: [],
  servers: null,
  agents: null,
} as const satisfies Host;
