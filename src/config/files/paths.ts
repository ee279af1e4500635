/** The folders and files that legwork uses. Only this file reads the environment and the working folder of the process. */
import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, relative, sep } from "node:path";
import { ConfigError } from "../../core/errors.js";
import { isWithin } from "../../files/is-within.js";
import { inPackage } from "./package-folder.js";
import { findProject } from "./project.js";

/** The shell command that starts this legwork. */
export const COMMAND = `node ${inPackage("bin/legwork.js")}`;

export interface Paths {
  /** legwork's own folder: `$LEGWORK_HOME`, else `~/.legwork`. */
  readonly home: string;
  /** The user's home folder: its real path, or its name where it does not exist. */
  readonly userHome: string;
  readonly project: string;
  /** The folders of the project from the working folder up, as paths in the project, the project itself ("") last. */
  readonly folders: readonly string[];
  readonly databaseFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The shell that starts a process. */
interface Shell {
  readonly env: Paths["env"];
  readonly cwd: string;
  readonly userHome: string;
}

/** Finds home and project without reading a file. Throws ConfigError for a project that does not exist. */
export function findPaths(projectArgument: string | null, shell: Shell = ownShell()): Paths {
  const { env, cwd, userHome } = shell;
  const asked = env.LEGWORK_HOME || join(userHome, ".legwork");
  // A host chooses our working folder, so a relative home could lie in a project that nobody has trusted.
  if (!isAbsolute(asked)) throw new ConfigError(`LEGWORK_HOME is "${asked}": give an absolute path`);
  const home = realPath(asked);
  const project = findProject(projectArgument, cwd, home);
  const folders = foldersUpTo(project, realPath(cwd));
  return { home, userHome: realPath(userHome), project, folders, databaseFile: join(home, "legwork.db"), env };
}

/** The folder in which `legwork trust` sees the same files as this process. */
export function trustFolder({ project, folders }: Pick<Paths, "project" | "folders">): string {
  return join(project, folders[0] ?? "");
}

/** Of a working folder outside the project, only the project itself. */
function foldersUpTo(project: string, workingFolder: string): readonly string[] {
  const below = isWithin(project, workingFolder) ? relative(project, workingFolder).split(sep) : [];
  const names = below.filter((name) => name !== "");
  return names.map((_, index) => names.slice(0, names.length - index).join("/")).concat("");
}

function ownShell(): Shell {
  return { env: process.env, cwd: process.cwd(), userHome: homedir() };
}

/** The name itself where nothing is there. */
export function realPath(name: string): string {
  return existsSync(name) ? realpathSync(name) : name;
}
