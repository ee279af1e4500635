/** Trust: what a repository asks for counts only after its user has said so, and only as it was then. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ConfigError } from "../core/errors.js";
import { parseYaml } from "../yaml/parse-yaml.js";
import { ProjectConfigFile } from "./config-file.js";

/** The files of a project that can widen what its agents may do. */
export const PROJECT_CONFIG = ".legwork/config.yaml";
const GUARDED_FILES = [PROJECT_CONFIG] as const;

const TrustFile = z.strictObject({
  projects: z.record(z.string(), z.strictObject({ files: z.record(z.string(), z.string()) })),
});
type TrustFile = z.infer<typeof TrustFile>;

/** How a project's guarded files stand to what was trusted. */
export interface TrustState {
  readonly trusted: boolean;
  /** Guarded files that exist, by their place in the project, with what was read of them. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Those that are new, changed or gone since they were trusted. */
  readonly changed: readonly string[];
}

/** Compares a project's guarded files with what `legwork trust` recorded in `home`. Throws ConfigError. */
export function readTrust(home: string, project: string): TrustState {
  const files = readGuarded(project);
  const now = hashesOf(files);
  const recorded = readTrustFile(home).projects[project]?.files;
  const names = [...new Set([...Object.keys(now), ...Object.keys(recorded ?? {})])];
  const changed = names.filter((name) => now[name] !== recorded?.[name]);
  return { trusted: changed.length === 0, files, changed };
}

/** Records the project's guarded files as they are now and says which of them that changes. Throws ConfigError for one that could not be used. */
export function trustProject(home: string, project: string): TrustState {
  const state = readTrust(home, project);
  for (const [name, bytes] of state.files) parseYaml(bytes, join(project, name), ProjectConfigFile);
  const { projects } = readTrustFile(home);
  const next: TrustFile = { projects: { ...projects, [project]: { files: hashesOf(state.files) } } };
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
  return { ...state, trusted: true };
}

/** Each file is read once: what is judged is what is used. */
function readGuarded(project: string): ReadonlyMap<string, Uint8Array> {
  const present = GUARDED_FILES.filter((name) => existsSync(join(project, name)));
  return new Map(present.map((name) => [name, readFile(join(project, name))]));
}

function readFile(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new ConfigError(`${file}: cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function hashesOf(files: ReadonlyMap<string, Uint8Array>): Record<string, string> {
  return Object.fromEntries(
    [...files].map(([name, bytes]) => [name, createHash("sha256").update(bytes).digest("hex")]),
  );
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
