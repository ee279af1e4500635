/** The files of other hosts whose servers `import` takes over. */
import { isAbsolute, join } from "node:path";
import { ConfigError } from "../../core/errors.js";
import type { Paths } from "./paths.js";

export const IMPORTS = ["claude", "gemini"] as const;
export type Import = (typeof IMPORTS)[number];

/** Where each host looks in a project. */
export const PROJECT_FILES = { claude: ".mcp.json", gemini: ".gemini/settings.json" } as const;

type HomePlace = Pick<Paths, "userHome" | "env">;

/** Claude Code's file of the user. Throws ConfigError. */
export function claudeUserFile(place: HomePlace): string {
  return join(folderFrom("CLAUDE_CONFIG_DIR", place), ".claude.json");
}

/** The folder with Claude Code's settings of the user. Throws ConfigError. */
export function claudeSettingsFolder(place: HomePlace): string {
  return place.env.CLAUDE_CONFIG_DIR ? folderFrom("CLAUDE_CONFIG_DIR", place) : join(place.userHome, ".claude");
}

/** Gemini CLI's folder of the user. Throws ConfigError. */
export function geminiUserFolder(place: HomePlace): string {
  return join(folderFrom("GEMINI_CLI_HOME", place), ".gemini");
}

/** A relative one could name a folder of the project, whose files are not the user's. */
function folderFrom(variable: string, { env, userHome }: HomePlace): string {
  const folder = env[variable] || userHome;
  if (!isAbsolute(folder)) throw new ConfigError(`${variable} is "${folder}": it has to be an absolute path`);
  return folder;
}
