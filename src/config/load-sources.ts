/** Collects the files that define servers, in order of precedence, each with the variables that it may read. */

import type { LoadedFile } from "./files/config-file.js";
import { type Import, projectServersFile } from "./files/host-files.js";
import type { Paths } from "./files/paths.js";
import { hasProjectFile } from "./files/project-files.js";
import type { SourceVariables, Variables } from "./servers/expand.js";
import type { ServerSource } from "./servers/server-source.js";
import { PROVIDER_KEYS } from "./trust/secrets.js";

interface Files {
  readonly paths: Paths;
  readonly own: LoadedFile | null;
  readonly user: LoadedFile | null;
  /** The bytes of the project's other trusted files, by their path in the project. */
  readonly imported: ReadonlyMap<string, Uint8Array>;
  readonly notices: string[];
}

/** The project's configuration, the user's, then the files they import. Throws ConfigError. */
export async function loadSources(files: Files): Promise<readonly ServerSource[]> {
  const { paths, own, user, imported, notices } = files;
  const variables = { user: userVariables(paths), project: projectVariables(paths, user) };
  const sources: ServerSource[] = [];
  if (own) sources.push(configSource(own, variables.project));
  if (user) sources.push(configSource(user, variables.user));
  for (const name of new Set([...(own?.value.import ?? []), ...(user?.value.import ?? [])])) {
    const projectFile = projectServersFile(name);
    const found = await IMPORTERS[name](paths, imported.get(projectFile) ?? null, variables);
    if (found.length === 0 && !hasProjectFile(paths, name))
      notices.push(`import: ${name} found no file: neither ${projectFile} in the project nor one of your own`);
    sources.push(...found);
  }
  return sources;
}

type Importer = (
  paths: Paths,
  projectFile: Uint8Array | null,
  variables: SourceVariables,
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

function userVariables({ env }: Paths): Variables {
  return { get: (name) => env[name], refusal: () => null, bare: false };
}

/** A project reads only the variables that its user exposes, and never a provider's key. */
function projectVariables({ env }: Paths, user: LoadedFile | null): Variables {
  const exposed = new Set(user?.value.expose_env ?? []);
  const keys: ReadonlySet<string> = new Set(PROVIDER_KEYS);
  return {
    get: (name) => env[name],
    refusal: (name) => {
      if (keys.has(name)) return "is a provider's key, which a project may not read";
      return exposed.has(name)
        ? null
        : "may be read by a project only when your own config.yaml lists it in expose_env";
    },
    bare: false,
  };
}
