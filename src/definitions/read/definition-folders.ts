/** The folders of definition files, in the order of the search. */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import type { DefinitionOrigin } from "../../core/definitions/agent.js";
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
  /** How the names of its files end. */
  readonly endings: readonly string[];
  /** The beginning of the names of files that are left out; null where none is. */
  readonly ignoredPrefix: string | null;
  /** Whether its files were written for another host, which names a definition in the file. */
  readonly isHosts: boolean;
  readonly hasSubfolders: boolean;
}

export interface DefinitionPaths {
  readonly project: ProjectFolders | null;
  /** legwork's own folder. */
  readonly home: string;
  /** The user's folder of agent definitions of each host. */
  readonly userAgents: Readonly<Record<HostVocabulary, string>>;
  /** The folder of the shipped workflows. */
  readonly shippedFolder: string;
}

export interface ProjectFolders {
  readonly root: string;
  /** The folders in which hosts look for their files, as paths in the project, in the order of the search. */
  readonly folders: readonly string[];
}

const PROJECT_WORKFLOWS = ".legwork/workflows";
const OWN_PROJECT_AGENTS = ".legwork/agents";

export const WORKFLOW_ENDINGS: readonly string[] = [".yaml", ".yml"];
const AGENT_ENDINGS: readonly string[] = [".yaml", ".yml", ".md"];

/** Whether a vocabulary is that of another host. Files of other hosts name their definition themselves. */
export function isHostVocabulary(vocabulary: Vocabulary): vocabulary is HostVocabulary {
  return vocabulary !== "workflow" && vocabulary !== "agent";
}

export function workflowFolders({ project, home, shippedFolder }: DefinitionPaths): readonly DefinitionFolder[] {
  return withoutDoubles([
    ...inProject(project, PROJECT_WORKFLOWS, "workflow"),
    outside(join(home, "workflows"), "user", "workflow"),
    outside(shippedFolder, "shipped", "workflow"),
  ]);
}

export function agentFolders({
  project,
  home,
  userAgents,
  shippedFolder,
}: DefinitionPaths): readonly DefinitionFolder[] {
  return withoutDoubles([
    ...inProject(project, OWN_PROJECT_AGENTS, "agent"),
    outside(join(home, "agents"), "user", "agent"),
    ...AGENTS_HOSTS.flatMap(({ id, agents }) => [
      ...hostsInProject(project, agents.folder, id),
      outside(userAgents[id], "user", id),
    ]),
    outside(join(shippedFolder, "agents"), "shipped", "agent"),
  ]);
}

/** All definition folders of a project. */
export function projectFolders(project: ProjectFolders): readonly DefinitionFolder[] {
  return [
    ...inProject(project, PROJECT_WORKFLOWS, "workflow"),
    ...inProject(project, OWN_PROJECT_AGENTS, "agent"),
    ...AGENTS_HOSTS.flatMap(({ id, agents }) => hostsInProject(project, agents.folder, id)),
  ];
}

/** The folder of that name in each folder in which hosts look. */
function hostsInProject(
  project: ProjectFolders | null,
  folder: string,
  vocabulary: HostVocabulary,
): readonly DefinitionFolder[] {
  const above = project?.folders ?? [];
  return above.flatMap((name) => inProject(project, name === "" ? folder : `${name}/${folder}`, vocabulary));
}

function inProject(project: ProjectFolders | null, path: string, vocabulary: Vocabulary): readonly DefinitionFolder[] {
  if (project === null) return [];
  const { root } = project;
  const place = { folder: join(root, path), root, inProject: path, isUsers: false };
  return [{ ...place, origin: "project", vocabulary, ...rulesOf(vocabulary) }];
}

/** A folder outside the project. */
export function outside(folder: string, origin: DefinitionOrigin, vocabulary: Vocabulary): DefinitionFolder {
  const place = { folder, root: null, inProject: null, isUsers: origin === "user" };
  return { ...place, origin, vocabulary, ...rulesOf(vocabulary) };
}

type FileRules = Pick<DefinitionFolder, "endings" | "ignoredPrefix" | "isHosts" | "hasSubfolders">;

function rulesOf(vocabulary: Vocabulary): FileRules {
  const host = AGENTS_HOSTS.find(({ id }) => id === vocabulary);
  if (host !== undefined) {
    const { endings, ignoredPrefix, hasSubfolders } = host.agents;
    return { endings, ignoredPrefix, hasSubfolders, isHosts: true };
  }
  const endings = vocabulary === "workflow" ? WORKFLOW_ENDINGS : AGENT_ENDINGS;
  return { endings, ignoredPrefix: null, isHosts: false, hasSubfolders: false };
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
