/** Trust: the files of a project take effect only after their user trusts them, and only until they change. */
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { z } from "zod";
import { ConfigError } from "../../core/errors.js";
import { AGENTS_HOSTS, type AgentsHost, SERVERS_HOSTS } from "../../hosts/known-hosts.js";
import { sha256 } from "../../lib/hash.js";
import { ProjectConfigFile, parseConfigFile } from "../files/config-file.js";
import { IMPORTS, projectServersFiles, userFileOf } from "../files/host-files.js";
import { parseJson } from "../files/parse-json.js";
import type { Paths } from "../files/paths.js";
import { LARGEST_CONFIG, readRegularFile } from "../files/read-file.js";

export const PROJECT_CONFIG = ".legwork/config.yaml";

/** The configuration files of a project that can widen the rights of its agents, by their paths in the project. */
export function guardedFiles(paths: Pick<Paths, "folders">): readonly string[] {
  return [PROJECT_CONFIG, ...IMPORTS.flatMap((host) => projectServersFiles(host, paths))];
}

const TrustFile = z.strictObject({
  projects: z.record(z.string(), z.strictObject({ files: z.record(z.string(), z.string()) })),
});
type TrustFile = z.infer<typeof TrustFile>;

/** Guarded files of a project, compared with their trusted state. */
export interface TrustState {
  /** The bytes of the files that exist, by their path in the project. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** One sentence for each path that cannot be read as a file. */
  readonly refused: readonly string[];
  /** The files that are new, changed or gone since they were trusted. */
  readonly changed: readonly string[];
}

/** Compares guarded files of the project with the record of `legwork trust`. Throws ConfigError for a bad record. */
export function readTrust(paths: Paths, names: readonly string[]): TrustState {
  const files = new Map<string, Uint8Array>();
  const refused: string[] = [];
  const asked = names.filter((name) => !isUsersOwn(paths, name));
  // Each file is read once, so that the judged bytes are the used bytes.
  for (const name of asked) {
    try {
      const bytes = readRegularFile(join(paths.project, name), LARGEST_CONFIG);
      if (bytes !== null) files.set(name, bytes);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      refused.push(error.message);
    }
  }
  const now = hashesOf(files);
  const recorded = readTrustFile(paths.home).projects[paths.project]?.files ?? {};
  return { files, refused, changed: asked.filter((name) => now[name] !== recorded[name]) };
}

/** Whether the user's environment trusts the project, by its path or with every other; its files may then change. */
export function isTrustedByVariable({ env, project }: Pick<Paths, "env" | "project">): boolean {
  const { LEGWORK_TRUST_PROJECT: named = "" } = env;
  return named === "1" || (isAbsolute(named) && existsSync(named) && realpathSync(named) === project);
}

/** Whether the user has ever trusted the project, whose files may have changed since. Throws ConfigError for a bad record. */
export function isTrustedProject(paths: Paths): boolean {
  const { home, userHome, project } = paths;
  // The files in the user's own home folder are the user's.
  return isTrustedByVariable(paths) || project === userHome || Object.hasOwn(readTrustFile(home).projects, project);
}

/** Whether a definition file of the project, such as ".legwork/agents/a.md", is in its trusted state. Throws ConfigError for a bad record. */
export function trustsDefinition(paths: Paths, name: string, bytes: Uint8Array | null): boolean {
  if (isTrustedByVariable(paths)) return true;
  const recorded = readTrustFile(paths.home).projects[paths.project]?.files[name];
  return bytes !== null && recorded !== undefined && recorded === sha256(bytes);
}

/**
 * Records the current state of the project's guarded files and definition files. Returns them, the files whose
 * record changes, and whether the project had none. Throws ConfigError for a guarded file that cannot be used.
 */
export async function trustProject(
  paths: Paths,
  definitions: ReadonlyMap<string, Uint8Array>,
): Promise<TrustState & { readonly isNew: boolean }> {
  const { home, project } = paths;
  const guarded = guardedFiles(paths);
  const state = readTrust(paths, guarded);
  const [refused] = state.refused;
  if (refused !== undefined) throw new ConfigError(refused);
  for (const [name, bytes] of state.files) {
    if (name === PROJECT_CONFIG) parseConfigFile(bytes, join(project, name), ProjectConfigFile);
    else await parseJson(bytes, join(project, name));
  }
  const { projects } = readTrustFile(home);
  const files = new Map([...state.files, ...definitions]);
  const before = projects[project]?.files ?? {};
  const hashes = { ...outOfSight(before, paths), ...hashesOf(files) };
  const next: TrustFile = { projects: { ...projects, [project]: { files: hashes } } };
  const file = trustFile(home);
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.${process.pid}`, file); // atomic for readers
  } catch (cause) {
    throw new ConfigError(`${file} cannot be written: make ${home} writable, or set LEGWORK_HOME to another folder`, {
      cause,
    });
  }
  const isNew = projects[project] === undefined;
  const names = [...new Set([...Object.keys(before), ...files.keys()])];
  return { ...state, files, changed: names.filter((name) => before[name] !== hashes[name]), isNew };
}

/** The records of files in folders of the project that this command does not look at: they stay as they are. */
function outOfSight(before: Readonly<Record<string, string>>, { folders }: Paths): Record<string, string> {
  const isSeen = (name: string) => folders.some((folder) => folderOf(name) === folder);
  return Object.fromEntries(Object.entries(before).filter(([name]) => !isSeen(name)));
}

/** The folder of the project to whose settings a file belongs: "web" for "web/.claude/agents/a.md". */
function folderOf(name: string): string {
  const places = [...SERVERS_HOSTS.map(({ servers }) => servers.projectFile), ...AGENTS_HOSTS.map(agentsFolderOf)];
  const ends = places.map((place) => `/${name}`.indexOf(`/${place}`)).filter((end) => end > 0);
  return ends.length === 0 ? "" : name.slice(0, Math.min(...ends) - 1);
}

function agentsFolderOf({ agents }: AgentsHost): string {
  return `${agents.folder}/`;
}

/** Whether the file is the user's own: it is, where the project is the user's home folder. */
function isUsersOwn(paths: Paths, name: string): boolean {
  const own = usersFolder(paths, name);
  const folder = dirname(join(paths.project, name));
  return own !== null && existsSync(folder) && existsSync(own) && realpathSync(folder) === realpathSync(own);
}

/** The folder in which the user has a file of the same kind and name; null where the user's file has another name. */
function usersFolder(paths: Paths, name: string): string | null {
  if (name === PROJECT_CONFIG) return paths.home;
  const files = SERVERS_HOSTS.find(
    ({ servers }) => name === servers.projectFile || name.endsWith(`/${servers.projectFile}`),
  )?.servers;
  if (files === undefined || basename(files.userFile.inHome) !== basename(name)) return null;
  return dirname(userFileOf(files, files.userFile, paths));
}

function hashesOf(files: ReadonlyMap<string, Uint8Array>): Record<string, string> {
  return Object.fromEntries([...files].map(([name, bytes]) => [name, sha256(bytes)]));
}

function readTrustFile(home: string): TrustFile {
  const file = trustFile(home);
  if (!existsSync(file)) return { projects: {} };
  try {
    return TrustFile.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new ConfigError(`${file}: not a trust record: delete it and run "legwork trust" again`, { cause });
  }
}

function trustFile(home: string): string {
  return join(home, "trust.json");
}
