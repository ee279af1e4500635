/** Qwen Code, by Alibaba. */
import type { Host } from "./host.js";

export const QWEN_CODE = {
  id: "qwen",
  clientNames: ["qwen-cli-mcp-client*"],
  limits: { maxAnswer: 25_000, maxWaitSeconds: 50 },
  addedArguments: [],
  servers: null,
  agents: null,
} as const satisfies Host;
