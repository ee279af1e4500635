/** Where definitions lie, in the order in which they are looked for. */
import { readdirSync, realpathSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import type { DefinitionOrigin } from "../../core/definitions/agent.js";
import { ConfigError } from "../../core/errors.js";
import type { Bounds } from "./read-file.js";

/** Which vocabulary the files of a folder are written in. */
export type Vocabulary = "workflow" | "agent" | "claude" | "gemini";

export interface DefinitionFolder extends Bounds {
  readonly origin: DefinitionOrigin;
  readonly vocabulary: Vocabulary;
  /** The folder as a project names it; null for all others. */
  readonly inProject: string | null;
}

export interface DefinitionPlaces {
  readonly projectRoot: string | null;
  /** legwork's own folder. */
  readonly home: string;
  readonly userHome: string;
  /** The folder of the shipped workflows. */
  readonly shippedFolder: string;
}

const PROJECT_WORKFLOWS = [[".legwork/workflows", "workflow"]] as const;
const PROJECT_AGENTS = [
  [".legwork/agents", "agent"],
  [".claude/agents", "claude"],
  [".gemini/agents", "gemini"],
] as const;

/** How the names of definition files end. */
export const ENDINGS: Readonly<Record<Vocabulary, readonly string[]>> = {
  workflow: [".yaml", ".yml"],
  agent: [".yaml", ".yml", ".md"],
  claude: [".md"],
  gemini: [".md"],
};

export function workflowFolders({ projectRoot, home, shippedFolder }: DefinitionPlaces): readonly DefinitionFolder[] {
  return withoutDoubles([
    ...ofProject(projectRoot, PROJECT_WORKFLOWS),
    outside(join(home, "workflows"), "user", "workflow"),
    outside(shippedFolder, "shipped", "workflow"),
  ]);
}

export function agentFolders({
  projectRoot,
  home,
  userHome,
  shippedFolder,
}: DefinitionPlaces): readonly DefinitionFolder[] {
  const [own = [], claude = [], gemini = []] = PROJECT_AGENTS.map((entry) => ofProject(projectRoot, [entry]));
  return withoutDoubles([
    ...own,
    outside(join(home, "agents"), "user", "agent"),
    ...claude,
    outside(join(userHome, ".claude", "agents"), "user", "claude"),
    ...gemini,
    outside(join(userHome, ".gemini", "agents"), "user", "gemini"),
    outside(join(shippedFolder, "agents"), "shipped", "agent"),
  ]);
}

/** All definition folders of a project. */
export function projectFolders(root: string): readonly DefinitionFolder[] {
  return ofProject(root, [...PROJECT_WORKFLOWS, ...PROJECT_AGENTS]);
}

/** The names of the files in a folder that may hold a definition; a folder that is not there has none. Throws ConfigError. */
export function filesIn({ folder, vocabulary }: DefinitionFolder): readonly string[] {
  let names: readonly string[];
  try {
    if (statSync(folder, { throwIfNoEntry: false }) === undefined) return []; // most are not there, and an exception is dear
    names = readdirSync(folder);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw new ConfigError(`${folder}: cannot be read: ${(cause as Error).message}`, { cause });
  }
  const isDefinition = (name: string) =>
    ENDINGS[vocabulary].includes(extname(name)) && !name.startsWith(".") && name.toLowerCase() !== "readme.md";
  return names.filter(isDefinition).sort();
}

function ofProject(
  root: string | null,
  folders: readonly (readonly [string, Vocabulary])[],
): readonly DefinitionFolder[] {
  if (root === null) return [];
  return folders.map(([inProject, vocabulary]) => ({
    folder: join(root, inProject),
    root,
    origin: "project",
    vocabulary,
    inProject,
  }));
}

function outside(folder: string, origin: DefinitionOrigin, vocabulary: Vocabulary): DefinitionFolder {
  return { folder, root: null, origin, vocabulary, inProject: null };
}

/** In a project that is the user's home folder, the user's own folders are not the project's. */
function withoutDoubles(folders: readonly DefinitionFolder[]): readonly DefinitionFolder[] {
  const users = new Set(folders.flatMap((folder) => (folder.inProject === null ? realOf(folder.folder) : [])));
  return folders.filter(({ inProject, folder }) => inProject === null || !users.has(realOf(folder)));
}

function realOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
