/** The downstream servers that the configuration names, and the shipped `workspace`. */
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import type { ServerConfig } from "../core/server-config.js";
import type { LoadedFile, ServerEntry } from "./config-file.js";
import { expand, type Variables } from "./expand.js";

interface ServerSources {
  readonly user: LoadedFile | null;
  readonly own: LoadedFile | null;
  readonly home: string;
  readonly userHome: string;
  readonly project: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly notices: string[];
}

const WORKSPACE = "workspace";
const PROVIDER_KEYS = new Set(["GEMINI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"]);

/** The enabled servers: the project's entries over the user's, then `workspace` where nobody named one. */
export function loadServers(sources: ServerSources): readonly ServerConfig[] {
  const entries = new Map<string, { entry: ServerEntry; file: string; variables: Variables }>();
  for (const source of [sources.user, sources.own]) {
    if (source === null) continue;
    const variables = source === sources.own ? projectVariables(sources) : userVariables(sources);
    for (const [name, entry] of Object.entries(source.value.mcpServers ?? {}))
      entries.set(name, { entry, file: source.file, variables });
  }
  const servers = [...entries].flatMap(([name, { entry, file, variables }]) => {
    const { command } = entry;
    if (entry.disabled || command === undefined) return [];
    const place = (field: string) => `${file}: mcpServers.${name}.${field}`;
    return [
      {
        name,
        command: expand(command, place("command"), variables),
        args: (entry.args ?? []).map((text, index) => expand(text, place(`args.${index}`), variables)),
        env: Object.fromEntries(
          Object.entries(entry.env ?? {}).map(([key, text]) => [key, expand(text, place(`env.${key}`), variables)]),
        ),
        cwd: resolve(sources.project, expand(entry.cwd ?? ".", place("cwd"), variables)),
        timeoutSeconds: entry.timeout_seconds ?? null,
        includeTools: entry.include_tools ?? null,
        excludeTools: entry.exclude_tools ?? [],
        effects: Object.entries(entry.effects ?? {}).map(([pattern, effect]) => ({ pattern, effect })),
        guard: null,
      },
    ];
  });
  return entries.has(WORKSPACE) ? servers : [...servers, ...workspaceServer(sources)];
}

/** The shipped file server over the project, so that agents can work with no configuration at all. */
function workspaceServer({ project, home, userHome, notices }: ServerSources): readonly ServerConfig[] {
  if (project === userHome || dirname(project) === project) {
    notices.push(
      `${project} is too wide a folder for agents, so the "workspace" server is off: start the host in a project folder or pass --project`,
    );
    return [];
  }
  const packageFile = createRequire(import.meta.url).resolve("@modelcontextprotocol/server-filesystem/package.json");
  return [
    {
      name: WORKSPACE,
      command: process.execPath,
      args: [join(dirname(packageFile), "dist", "index.js"), project],
      env: {},
      cwd: project,
      timeoutSeconds: null,
      includeTools: null,
      excludeTools: [],
      effects: [],
      guard: { root: project, home },
    },
  ];
}

function userVariables({ env }: ServerSources): Variables {
  return { get: (name) => env[name], refusal: () => null };
}

/** A project may only read what its user exposes, and never a provider's key. */
function projectVariables({ env, user }: ServerSources): Variables {
  const exposed = new Set(user?.value.expose_env ?? []);
  return {
    get: (name) => env[name],
    refusal: (name) => {
      if (PROVIDER_KEYS.has(name)) return "is a provider's key, which a project may not read";
      return exposed.has(name)
        ? null
        : `may be read by a project only when your own config.yaml lists it in expose_env`;
    },
  };
}
