/** Collects the files that define servers, in order of precedence, each with the variables that it may read. */

import { join } from "node:path";
import type { LoadedFile } from "./files/config-file.js";
import { type Import, projectServersFile, projectServersFiles } from "./files/host-files.js";
import { type Paths, trustFolder } from "./files/paths.js";
import { hasProjectFile } from "./files/project-files.js";
import type { ImportOptions, ProjectFile } from "./imports/read-entries.js";
import type { Variables } from "./servers/expand.js";
import type { ServerSource } from "./servers/server-source.js";

interface Files {
  readonly paths: Paths;
  readonly own: LoadedFile | null;
  readonly user: LoadedFile | null;
  /** The bytes of the project's other trusted files, by their path in the project. */
  readonly imported: ReadonlyMap<string, Uint8Array>;
  /** The variables that hold keys of providers. */
  readonly keyVariables: readonly string[];
  readonly notices: string[];
}

/** The project's configuration, the user's, then the files they import. Throws ConfigError. */
export async function loadSources(files: Files): Promise<readonly ServerSource[]> {
  const { paths, own, user, imported, keyVariables, notices } = files;
  const variables = { user: userVariables(paths), project: projectVariables(paths, user, keyVariables) };
  const sources: ServerSource[] = [];
  if (own) sources.push(configSource(own, variables.project));
  if (user) sources.push(configSource(user, variables.user));
  for (const name of new Set([...(own?.value.import ?? []), ...(user?.value.import ?? [])])) {
    const projectFiles = projectServersFiles(name, paths).flatMap((file) => {
      const bytes = imported.get(file);
      return bytes === undefined ? [] : [{ file: join(paths.project, file), bytes }];
    });
    const found = await IMPORTERS[name](paths, projectFiles, { ...variables, notices });
    if (found.length === 0 && !hasProjectFile(paths, name))
      notices.push(
        `import: ${name} found no file: neither ${projectServersFile(name)} in the project nor one of your own`,
      );
    sources.push(...found);
  }
  return sources;
}

/** Reads the project's trusted files of a host, in order of precedence, and the user's own. */
type Importer = (
  paths: Paths,
  projectFiles: readonly ProjectFile[],
  options: ImportOptions,
) => Promise<readonly ServerSource[]>;

/** Each is loaded when it is needed. */
const IMPORTERS: Readonly<Record<Import, Importer>> = {
  claude: async (...args) => (await import("./imports/claude.js")).readClaude(...args),
  gemini: async (...args) => (await import("./imports/gemini.js")).readGemini(...args),
};

function configSource({ file, value }: LoadedFile, variables: Variables): ServerSource {
  const entries = Object.entries(value.mcpServers ?? {}).map(
    ([name, entry]) => ({ kind: "entry", name, field: `mcpServers.${name}`, entry }) as const,
  );
  return { file, variables, entries };
}

function userVariables(paths: Paths): Variables {
  const known = placesOf(paths);
  return { get: (name) => paths.env[name] || known[name], refusal: () => null, bare: false };
}

/** The variables that hold no more than places a project may know: hosts set them for each server. */
function placesOf(paths: Paths): Readonly<Record<string, string>> {
  return { HOME: paths.userHome, PWD: trustFolder(paths), CLAUDE_PROJECT_DIR: paths.project };
}

/** A project reads the places of it and its user, and only the variables that its user exposes; never a provider's key. */
function projectVariables(paths: Paths, user: LoadedFile | null, keyVariables: readonly string[]): Variables {
  const exposed = new Set(user?.value.expose_env ?? []);
  const keys = new Set(keyVariables);
  const known = placesOf(paths);
  const refusal = (name: string) => {
    if (keys.has(name)) return "is a provider's key, which a project may not read";
    return exposed.has(name) || Object.hasOwn(known, name)
      ? null
      : "may be read by a project only when your own config.yaml lists it in expose_env";
  };
  return { get: (name) => known[name] ?? paths.env[name], refusal, bare: false };
}
