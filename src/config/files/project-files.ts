/** What of the project's own files counts: all of those in use, or none. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../../core/errors.js";
import { type GuardedFile, PROJECT_CONFIG, readTrust } from "../trust/trust.js";
import { type LoadedFile, ProjectConfigFile, parseConfigFile } from "./config-file.js";
import { type Import, PROJECT_FILES } from "./imported-files.js";
import { COMMAND, type Paths } from "./paths.js";

export interface ProjectFiles {
  readonly config: LoadedFile | null;
  /** What was read of other hosts' files, by their place in the project. */
  readonly imported: ReadonlyMap<string, Uint8Array>;
}

const NOTHING: ProjectFiles = { config: null, imported: new Map() };

/** Reads config.yaml and what is imported by it or by the user; says in `notices` what was left out. Throws ConfigError. */
export function readProjectFiles(paths: Paths, imports: readonly Import[], notices: string[]): ProjectFiles {
  const first: readonly GuardedFile[] = [PROJECT_CONFIG, ...filesOf(imports)];
  const files = trustedFiles(paths, first, false, notices);
  if (files === null) return NOTHING;
  const bytes = files.get(PROJECT_CONFIG);
  if (bytes === undefined) return { config: null, imported: files };
  const config = parseConfigFile(bytes, join(paths.project, PROJECT_CONFIG), ProjectConfigFile);
  // Only a trusted file may say that others are in use.
  const more = filesOf(config.value.import ?? []).filter((name) => !first.includes(name));
  const moreFiles = trustedFiles(paths, more, true, notices);
  return moreFiles === null ? NOTHING : { config, imported: new Map([...files, ...moreFiles]) };
}

/** Whether a host's file is there at all, trusted or not. */
export function hasProjectFile(paths: Paths, name: Import): boolean {
  return existsSync(join(paths.project, PROJECT_FILES[name]));
}

function filesOf(imports: readonly Import[]): readonly GuardedFile[] {
  return imports.map((name) => PROJECT_FILES[name]);
}

/** The files that exist, or null where one is not as it was trusted; where none exists and no other is in use, no matter what was trusted. */
function trustedFiles(
  paths: Paths,
  names: readonly GuardedFile[],
  othersInUse: boolean,
  notices: string[],
): ReadonlyMap<string, Uint8Array> | null {
  const { files, refused, changed } = readTrust(paths, names);
  const trustsAll = paths.env.LEGWORK_TRUST_PROJECT === "1";
  const [fault] = refused;
  if (fault !== undefined) {
    if (trustsAll) throw new ConfigError(fault);
    notices.push(`${fault}; so nothing of this project's configuration counts: remove it or put a file in its place`);
    return null;
  }
  const anyInUse = othersInUse || files.size > 0;
  if (!anyInUse || changed.length === 0 || trustsAll) return files;
  const labels = changed.map((name) => (files.has(name) ? name : `${name} (gone)`));
  const hasOthers = othersInUse || [...files.keys()].some((name) => !changed.includes(name as GuardedFile));
  const rest = hasOthers ? ", and so was all its other configuration" : "";
  notices.push(
    `${labels.join(", ")} of this project is not trusted and was left out${rest}: read it, run "${COMMAND} trust" in ${paths.project}, then restart legwork in your host`,
  );
  return null;
}
