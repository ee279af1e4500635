/** Where things are: the only reading of the process's environment and folder. */
import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { findProject } from "./project.js";

/** How the command line of this legwork is called. */
export const COMMAND = `node ${fileURLToPath(new URL("../../bin/legwork.js", import.meta.url))}`;

export interface Place {
  /** legwork's own folder: `$LEGWORK_HOME`, else `~/.legwork`. */
  readonly home: string;
  readonly project: string;
  readonly databaseFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Finds home and project; reads names of files only. Throws ConfigError for a project that does not exist. */
export function findPlaces(projectArgument: string | null): Place {
  const env = process.env;
  const asked = resolve(env.LEGWORK_HOME || join(homedir(), ".legwork"));
  const home = existsSync(asked) ? realpathSync(asked) : asked;
  const project = findProject(projectArgument, process.cwd(), home);
  return { home, project, databaseFile: join(home, "legwork.db"), env };
}
