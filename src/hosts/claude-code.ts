/** Claude Code, by Anthropic. */
import type { Host } from "./host.js";

export const CLAUDE_CODE = {
  id: "claude",
  clientNames: ["claude-code"],
  limits: { maxAnswer: 30_000, maxWaitSeconds: 50 }, // it warns at 10,000 tokens
  addedArguments: [],
  servers: {
    projectFile: ".mcp.json",
    isNested: true,
    homeVariable: "CLAUDE_CONFIG_DIR",
    userFile: { inHome: ".claude.json", inVariable: ".claude.json" },
    userSwitches: { inHome: ".claude/settings.json", inVariable: "settings.json" },
    projectSwitches: [".claude/settings.json", ".claude/settings.local.json"],
  },
  agents: {
    folder: ".claude/agents",
    homeVariable: "CLAUDE_CONFIG_DIR",
    inVariable: "agents",
    hasSubfolders: true,
    ignoredPrefix: null,
    endings: [".md"],
  },
} as const satisfies Host;
