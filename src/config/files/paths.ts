/** Where things are: the only reading of the process's environment and folder. */
import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { ConfigError } from "../../core/errors.js";
import { inPackage } from "./package-folder.js";
import { findProject } from "./project.js";

/** How the command line of this legwork is called. */
export const COMMAND = `node ${inPackage("bin/legwork.js")}`;

export interface Paths {
  /** legwork's own folder: `$LEGWORK_HOME`, else `~/.legwork`. */
  readonly home: string;
  /** The user's home folder as a real path, or as it is named where it does not exist. */
  readonly userHome: string;
  readonly project: string;
  readonly databaseFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Finds home and project; reads names of files only. Throws ConfigError for a project that does not exist. */
export function findPaths(projectArgument: string | null): Paths {
  const env = process.env;
  const asked = env.LEGWORK_HOME || join(homedir(), ".legwork");
  // Relative to wherever a host happens to start us it could be a folder of the project, which nobody has trusted.
  if (!isAbsolute(asked)) throw new ConfigError(`LEGWORK_HOME is "${asked}": it has to be an absolute path`);
  const home = existsSync(asked) ? realpathSync(asked) : asked;
  const project = findProject(projectArgument, process.cwd(), home);
  const userHome = existsSync(homedir()) ? realpathSync(homedir()) : homedir();
  return { home, userHome, project, databaseFile: join(home, "legwork.db"), env };
}
