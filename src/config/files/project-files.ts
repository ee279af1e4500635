/** Reads the configuration files of a project. Either every file in use is trusted, or none of them applies. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../../core/errors.js";
import { isTrustedByVariable, isTrustedProject, PROJECT_CONFIG, readTrust } from "../trust/trust.js";
import { type LoadedFile, ProjectConfigFile, parseConfigFile } from "./config-file.js";
import { type Import, projectServersFiles } from "./host-files.js";
import { COMMAND, type Paths, trustFolder } from "./paths.js";

export interface ProjectFiles {
  readonly config: LoadedFile | null;
  /** The bytes of other hosts' files, by their path in the project. */
  readonly imported: ReadonlyMap<string, Uint8Array>;
  /** Whether the user has trusted the project, and none of its files in use has changed since. */
  readonly isTrusted: boolean;
  /** The files that count, by their path in the project, whether they exist or not. */
  readonly names: readonly string[];
}

/** Reads config.yaml and the files that it or the user imports. Adds a notice for files that are left out. Throws ConfigError. */
export function readProjectFiles(paths: Paths, imports: readonly Import[], notices: string[]): ProjectFiles {
  const filesOf = (hosts: readonly Import[]) => hosts.flatMap((host) => projectServersFiles(host, paths));
  const first = [PROJECT_CONFIG, ...filesOf(imports)];
  const other = misnamed(join(paths.project, PROJECT_CONFIG));
  if (other !== null)
    notices.push(`${other} is left out: legwork reads ${PROJECT_CONFIG} only, so rename or remove it`);
  const files = trustedFiles(paths, first, false, notices);
  const nothing = { config: null, imported: new Map(), isTrusted: false, names: first };
  if (files === null) return nothing;
  const bytes = files.get(PROJECT_CONFIG);
  const isTrusted = isTrustedProject(paths);
  if (bytes === undefined) return { config: null, imported: files, isTrusted, names: first };
  const config = parseConfigFile(bytes, join(paths.project, PROJECT_CONFIG), ProjectConfigFile);
  // Only a trusted file may add others.
  const more = filesOf(config.value.import ?? []).filter((name) => !first.includes(name));
  const moreFiles = trustedFiles(paths, more, true, notices);
  const names = [...first, ...more];
  if (moreFiles === null) return { ...nothing, names };
  return { config, imported: new Map([...files, ...moreFiles]), isTrusted, names };
}

/** A file beside a configuration file whose name has the other ending of YAML; null where there is none. */
export function misnamed(file: string): string | null {
  const other = file.replace(/\.yaml$/, ".yml");
  return existsSync(other) ? other : null;
}

/** Whether a host's file exists, trusted or not. */
export function hasProjectFile(paths: Paths, name: Import): boolean {
  return projectServersFiles(name, paths).some((file) => existsSync(join(paths.project, file)));
}

/**
 * The files that exist, or null where one differs from its trusted state. Where none exists and no other file is in
 * use, the trust record does not matter.
 */
function trustedFiles(
  paths: Paths,
  names: readonly string[],
  othersInUse: boolean,
  notices: string[],
): ReadonlyMap<string, Uint8Array> | null {
  const { files, refused, changed } = readTrust(paths, names);
  const trustsAll = isTrustedByVariable(paths);
  const [fault] = refused;
  if (fault !== undefined) {
    if (trustsAll) throw new ConfigError(fault);
    notices.push(
      `${fault}; legwork ignores this project's configuration until you remove it or put a file in its place`,
    );
    return null;
  }
  const anyInUse = othersInUse || files.size > 0;
  if (!anyInUse || changed.length === 0 || trustsAll) return files;
  const labels = changed.map((name) => (files.has(name) ? name : `${name} (gone)`));
  const unchanged = [...files.keys()].filter((name) => !changed.includes(name));
  const rest = othersInUse || unchanged.length > 0 ? ", and so was all its other configuration" : "";
  notices.push(
    `${labels.join(", ")} of this project is not trusted and was left out${rest}: read it, run "${COMMAND} trust" in ${trustFolder(paths)}, then restart legwork in your host`,
  );
  return null;
}
