/** Which files define servers, in the order in which they win, and which variables each may read. */
import type { LoadedFile } from "./files/config-file.js";
import { type Import, PROJECT_FILES } from "./files/imported-files.js";
import type { Paths } from "./files/paths.js";
import { hasProjectFile } from "./files/project-files.js";
import type { Variables } from "./servers/expand.js";
import type { ServerSource } from "./servers/server-source.js";
import { PROVIDER_KEYS } from "./trust/secrets.js";

interface Files {
  readonly paths: Paths;
  readonly own: LoadedFile | null;
  readonly user: LoadedFile | null;
  /** What was read of the project's other trusted files, by their place in the project. */
  readonly imported: ReadonlyMap<string, Uint8Array>;
  readonly notices: string[];
}

/** The project's configuration, the user's, then what they import. Throws ConfigError. */
export async function loadSources(files: Files): Promise<readonly ServerSource[]> {
  const { paths, own, user, imported, notices } = files;
  const variables = { user: userVariables(paths), project: projectVariables(paths, user) };
  const sources: ServerSource[] = [];
  if (own) sources.push(configSource(own, variables.project));
  if (user) sources.push(configSource(user, variables.user));
  for (const name of new Set([...(own?.value.import ?? []), ...(user?.value.import ?? [])])) {
    const found = await IMPORTERS[name](paths, imported.get(PROJECT_FILES[name]) ?? null, variables);
    if (found.length === 0 && !hasProjectFile(paths, name))
      notices.push(`import: ${name} found no file: neither ${PROJECT_FILES[name]} in the project nor one of your own`);
    sources.push(...found);
  }
  return sources;
}

interface SourceVariables {
  readonly user: Variables;
  readonly project: Variables;
}

type Importer = (
  paths: Paths,
  projectFile: Uint8Array | null,
  variables: SourceVariables,
) => Promise<readonly ServerSource[]>;

/** Loaded when they are asked for. */
const IMPORTERS: Readonly<Record<Import, Importer>> = {
  claude: async (...given) => (await import("./imports/claude.js")).readClaude(...given),
  gemini: async (...given) => (await import("./imports/gemini.js")).readGemini(...given),
};

function configSource({ file, value }: LoadedFile, variables: Variables): ServerSource {
  const entries = Object.entries(value.mcpServers ?? {});
  return { file, variables, entries: entries.map(([name, entry]) => ({ name, field: `mcpServers.${name}`, entry })) };
}

function userVariables({ env }: Paths): Variables {
  return { get: (name) => env[name], refusal: () => null, bare: false };
}

/** A project may only read what its user exposes, and never a provider's key. */
function projectVariables({ env }: Paths, user: LoadedFile | null): Variables {
  const exposed = new Set(user?.value.expose_env ?? []);
  const keys: ReadonlySet<string> = new Set(PROVIDER_KEYS);
  return {
    get: (name) => env[name],
    refusal: (name) => {
      if (keys.has(name)) return "is a provider's key, which a project may not read";
      return exposed.has(name)
        ? null
        : `may be read by a project only when your own config.yaml lists it in expose_env`;
    },
    bare: false,
  };
}
