/** Trust: what a repository asks for counts only after its user has said so, and only as it was then. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { ConfigError } from "../../core/errors.js";
import { parseYaml } from "../../yaml/parse-yaml.js";
import { ProjectConfigFile } from "../files/config-file.js";
import { geminiUserFolder, PROJECT_FILES } from "../files/imported-files.js";
import { parseJson } from "../files/parse-json.js";
import type { Paths } from "../files/paths.js";
import { LARGEST_CONFIG, readRegularFile } from "../files/read-file.js";

export const PROJECT_CONFIG = ".legwork/config.yaml";

/** The files of a project that can widen what its agents may do. */
export const GUARDED_FILES = [PROJECT_CONFIG, ...Object.values(PROJECT_FILES)] as const;
export type GuardedFile = (typeof GUARDED_FILES)[number];

const TrustFile = z.strictObject({
  projects: z.record(z.string(), z.strictObject({ files: z.record(z.string(), z.string()) })),
});
type TrustFile = z.infer<typeof TrustFile>;

/** How guarded files of a project stand to what was trusted. */
export interface TrustState {
  /** Those that exist, by their place in the project, with what was read of them. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Why those were not read that are no files to be read. */
  readonly refused: readonly string[];
  /** Those that are new, changed or gone since they were trusted. */
  readonly changed: readonly string[];
}

/** Compares guarded files of the project with what `legwork trust` recorded. Throws ConfigError for a bad record. */
export function readTrust(paths: Paths, names: readonly GuardedFile[]): TrustState {
  const files = new Map<string, Uint8Array>();
  const refused: string[] = [];
  const asked = names.filter((name) => !isUsersOwn(paths, name));
  // Each file is read once: what is judged is what is used.
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

/** Whether a definition file of the project, such as ".legwork/agents/a.md", is as it was trusted. Throws ConfigError for a bad record. */
export function trustsDefinition(paths: Paths, name: string, bytes: Uint8Array | null): boolean {
  if (paths.env.LEGWORK_TRUST_PROJECT === "1") return true;
  const recorded = readTrustFile(paths.home).projects[paths.project]?.files[name];
  return bytes !== null && recorded !== undefined && recorded === hashOf(bytes);
}

/**
 * Records the project's guarded files and its definition files as they are now and says which of them that changes.
 * Throws ConfigError for a guarded file that could not be used.
 */
export async function trustProject(paths: Paths, definitions: ReadonlyMap<string, Uint8Array>): Promise<TrustState> {
  const { home, project } = paths;
  const state = readTrust(paths, GUARDED_FILES);
  const [refused] = state.refused;
  if (refused !== undefined) throw new ConfigError(refused);
  for (const [name, bytes] of state.files) {
    if (name === PROJECT_CONFIG) parseYaml(bytes, join(project, name), ProjectConfigFile);
    else await parseJson(bytes, join(project, name));
  }
  const { projects } = readTrustFile(home);
  const files = new Map([...state.files, ...definitions]);
  const hashes = hashesOf(files);
  const next: TrustFile = { projects: { ...projects, [project]: { files: hashes } } };
  const file = trustFile(home);
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.${process.pid}`, file); // a reader sees the old file or the new one, never half of it
  } catch (cause) {
    throw new ConfigError(`${file} cannot be written: make ${home} writable, or set LEGWORK_HOME to another folder`, {
      cause,
    });
  }
  const before = projects[project]?.files ?? {};
  const names = [...new Set([...Object.keys(before), ...files.keys()])];
  return { ...state, files, changed: names.filter((name) => before[name] !== hashes[name]) };
}

/** In a home folder that is opened as a project, these files are the user's and not a repository's. */
function isUsersOwn(paths: Paths, name: GuardedFile): boolean {
  if (name === PROJECT_FILES.claude) return false;
  const own = name === PROJECT_CONFIG ? paths.home : geminiUserFolder(paths);
  const folder = dirname(join(paths.project, name));
  return existsSync(folder) && existsSync(own) && realpathSync(folder) === realpathSync(own);
}

function hashesOf(files: ReadonlyMap<string, Uint8Array>): Record<string, string> {
  return Object.fromEntries([...files].map(([name, bytes]) => [name, hashOf(bytes)]));
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
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
