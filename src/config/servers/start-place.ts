/** Where downstream servers start: in the project, once its user trusts it, because programs run the code that lies in their folder. */
import { delimiter, isAbsolute, parse } from "node:path";
import { isWithin } from "../../files/is-within.js";
import { type Paths, realPath } from "../files/paths.js";

type Environment = Paths["env"];

export interface StartPlace {
  /** The folder of a server that names none, and the base of the relative paths in its entry. */
  readonly folder: string;
  /** Whether that is the project. */
  readonly isProject: boolean;
  /** Whether a path leads into a project that is not trusted. */
  leadsBack(path: string): boolean;
  /** The environment from which servers inherit. */
  readonly env: Environment;
  /**
   * A PATH without the folders of a project that is not trusted, which npx puts in front, and without relative ones;
   * null where none is left.
   */
  cleanPath(path: string): string | null;
}

/** In legwork's home while the project is not trusted, or, where that lies in the project, in the nearest folder that does not. */
export function toStartPlace(paths: Paths, isTrusted: boolean): StartPlace {
  const { project, home, userHome, env } = paths;
  if (isTrusted) return { folder: project, isProject: true, leadsBack: () => false, env, cleanPath: (path) => path };
  const folder = [home, userHome, parse(project).root].find((candidate) => !isWithin(project, candidate)) ?? home;
  const leadsBack = (path: string) => isWithin(project, realPath(path));
  const cleanPath = (path: string) =>
    joined(path.split(delimiter).filter((entry) => isAbsolute(entry) && !leadsBack(entry)));
  return { folder, isProject: false, leadsBack, env: withPath(env, cleanPath), cleanPath };
}

/** The environment with another PATH. Without one the system searches its own folders. */
export function withPath<T extends Environment>(env: T, cleanPath: StartPlace["cleanPath"]): T {
  const entries = Object.entries(env).flatMap(([name, value]) => {
    if (value === undefined || !isPathName(name)) return [[name, value] as const];
    const clean = cleanPath(value);
    return clean === null ? [] : [[name, clean] as const];
  });
  return Object.fromEntries(entries) as T;
}

function isPathName(name: string): boolean {
  return process.platform === "win32" ? name.toUpperCase() === "PATH" : name === "PATH";
}

function joined(folders: readonly string[]): string | null {
  return folders.length === 0 ? null : folders.join(delimiter);
}
