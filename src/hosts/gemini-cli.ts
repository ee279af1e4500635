/** Gemini CLI, by Google. */
import type { Host } from "./host.js";

export const GEMINI_CLI = {
  id: "gemini",
  clientNames: ["gemini-cli-mcp-client"],
  limits: { maxAnswer: 30_000, maxWaitSeconds: 50 }, // it cuts answers at 40,000 characters
  addedArguments: ["wait_for_previous"],
  servers: {
    projectFile: ".gemini/settings.json",
    isNested: false,
    homeVariable: "GEMINI_CLI_HOME",
    userFile: { inHome: ".gemini/settings.json", inVariable: ".gemini/settings.json" },
    userSwitches: {
      inHome: ".gemini/mcp-server-enablement.json",
      inVariable: ".gemini/mcp-server-enablement.json",
    },
    projectSwitches: [],
  },
  agents: {
    folder: ".gemini/agents",
    homeVariable: "GEMINI_CLI_HOME",
    inVariable: ".gemini/agents",
    hasSubfolders: false,
    ignoredPrefix: "_",
    endings: [".md"],
  },
} as const satisfies Host;
