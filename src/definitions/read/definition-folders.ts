/** The folders of definition files, in the order of the search. */
import { readdirSync, realpathSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import type { DefinitionOrigin } from "../../core/definitions/agent.js";
import { ConfigError } from "../../core/errors.js";
import { AGENTS_HOSTS, type AgentsHost } from "../../hosts/known-hosts.js";
import type { Bounds } from "./read-file.js";

type HostVocabulary = AgentsHost["id"];
/** The fields that the files of a folder use: legwork's own, or those of another host. */
export type Vocabulary = "workflow" | "agent" | HostVocabulary;

export interface DefinitionFolder extends Bounds {
  readonly origin: DefinitionOrigin;
  readonly vocabulary: Vocabulary;
  /** The path in the project; null for a folder outside. */
  readonly inProject: string | null;
}

export interface DefinitionPaths {
  readonly projectRoot: string | null;
  /** legwork's own folder. */
  readonly home: string;
  readonly userHome: string;
  /** The folder of the shipped workflows. */
  readonly shippedFolder: string;
}

const PROJECT_WORKFLOWS = [[".legwork/workflows", "workflow"]] as const;
const OWN_PROJECT_AGENTS = [[".legwork/agents", "agent"]] as const;
const HOST_PROJECT_AGENTS = AGENTS_HOSTS.map(({ id, agents }) => [agents.folder, id] as const);

export const WORKFLOW_ENDINGS: readonly string[] = [".yaml", ".yml"];
const AGENT_ENDINGS: readonly string[] = [".yaml", ".yml", ".md"];

function endingsOf(vocabulary: Vocabulary): readonly string[] {
  if (vocabulary === "workflow") return WORKFLOW_ENDINGS;
  if (vocabulary === "agent") return AGENT_ENDINGS;
  return AGENTS_HOSTS.find(({ id }) => id === vocabulary)?.agents.endings ?? [];
}

/** Whether a vocabulary is that of another host. Files of other hosts name their definition themselves. */
export function isHostVocabulary(vocabulary: Vocabulary): vocabulary is HostVocabulary {
  return vocabulary !== "workflow" && vocabulary !== "agent";
}

export function workflowFolders({ projectRoot, home, shippedFolder }: DefinitionPaths): readonly DefinitionFolder[] {
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
}: DefinitionPaths): readonly DefinitionFolder[] {
  return withoutDoubles([
    ...ofProject(projectRoot, OWN_PROJECT_AGENTS),
    outside(join(home, "agents"), "user", "agent"),
    ...HOST_PROJECT_AGENTS.flatMap(([folder, id]) => [
      ...ofProject(projectRoot, [[folder, id]]),
      outside(join(userHome, folder), "user", id),
    ]),
    outside(join(shippedFolder, "agents"), "shipped", "agent"),
  ]);
}

/** All definition folders of a project. */
export function projectFolders(root: string): readonly DefinitionFolder[] {
  return ofProject(root, [...PROJECT_WORKFLOWS, ...OWN_PROJECT_AGENTS, ...HOST_PROJECT_AGENTS]);
}

/** The names of the files in a folder that may hold a definition; none for a missing folder. Throws ConfigError. */
export function filesIn({ folder, vocabulary }: DefinitionFolder): readonly string[] {
  let names: readonly string[];
  try {
    if (statSync(folder, { throwIfNoEntry: false }) === undefined) return []; // most folders are missing, and an exception is slow
    names = readdirSync(folder);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw new ConfigError(`${folder}: cannot be read: ${(cause as Error).message}`, { cause });
  }
  const endings = endingsOf(vocabulary);
  const isDefinition = (name: string) =>
    endings.includes(extname(name)) && !name.startsWith(".") && name.toLowerCase() !== "readme.md";
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

/** Where the project is the user's home folder, drops the project's folders that are the user's own. */
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
