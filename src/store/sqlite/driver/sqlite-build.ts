/** The two builds of SQLite that legwork installs, and the Node versions they are for. */

export interface SqliteBuild {
  /** The package, under the name that package.json gives it. */
  readonly name: "better-sqlite3" | "better-sqlite3-napi";
  /** Its binary serves one NODE_MODULE_VERSION only, and a script of the package fetches or compiles it. */
  readonly isCompiled: boolean;
}

const COMPILED: SqliteBuild = { name: "better-sqlite3", isCompiled: true };
const PREBUILT: SqliteBuild = { name: "better-sqlite3-napi", isCompiled: false };
const FIRST_PREBUILT_MAJOR = 22;

/** The compiled build aborts Node 24; the prebuilt one crashes Node 20. */
export function buildFor(node: string): SqliteBuild {
  return majorOf(node) >= FIRST_PREBUILT_MAJOR ? PREBUILT : COMPILED;
}

export function otherBuild({ isCompiled }: SqliteBuild): SqliteBuild {
  return isCompiled ? PREBUILT : COMPILED;
}

export function majorOf(node: string): number {
  return Number.parseInt(node, 10);
}
