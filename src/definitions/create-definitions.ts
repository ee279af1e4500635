/** Finds agents and workflows by name. Looks for files at each call, and reads a file again only when it has changed. */
import { basename, dirname, extname, join, resolve } from "node:path";
import type {
  AgentDefinition,
  DefinitionEntry,
  DefinitionOrigin,
  Definitions,
  Found,
} from "../core/definitions/agent.js";
import { ConfigError, RequestError } from "../core/errors.js";
import type { ConditionReader } from "../core/workflow/condition.js";
import type { Workflow } from "../core/workflow/workflow.js";
import { didYouMean } from "../lib/nearest.js";
import { readYaml, type YamlDocument, type YamlPath } from "../yaml/read-yaml.js";
import { type LoadedAgent, loadAgent } from "./load-agent.js";
import { vocabularyOf } from "./read/agent-hosts.js";
import { NAME, NAME_RULE } from "./read/definition-fields.js";
import {
  agentFolders,
  type DefinitionPaths,
  outside,
  type ProjectFolders,
  WORKFLOW_ENDINGS,
  workflowFolders,
} from "./read/definition-folders.js";
import { createFileReader } from "./read/read-file.js";
import { type Candidate, createSearch, type Search } from "./read/search.js";
import { slugOf } from "./read/slug.js";
import type { FindParent } from "./workflow/extend-workflow.js";
import { createWorkflowLoader, type LoadedWorkflow } from "./workflow/load-workflow.js";

export interface DefinitionsDeps {
  readonly project: GuardedProject | null;
  /** legwork's own folder. */
  readonly home: string;
  /** The user's folder of agent definitions of each host. */
  readonly userAgents: DefinitionPaths["userAgents"];
  /** The folder of the shipped workflows; its `agents` holds the shipped agents. */
  readonly shippedFolder: string;
  readonly conditions: ConditionReader;
  /** The shell command that trusts a project. */
  readonly trustCommand: string;
}

/** A project whose files are used only while its user trusts them. */
export interface GuardedProject extends ProjectFolders {
  /**
   * Whether the user trusts a file such as ".legwork/agents/a.md". Called at each use with the bytes that are about to be
   * used; null where the file cannot be read.
   */
  trusts(name: string, bytes: Uint8Array | null): boolean;
}

/** All definitions, and workflows in any file. */
export interface AllDefinitions extends Definitions {
  /** The workflow in a file of any folder. Finds the workflow that it extends by name. Throws ConfigError. */
  workflowAt(file: string): Pick<Found<Workflow>, "definition" | "place">;
  /** The agent in a file of any folder that was written for a host, or for legwork. Throws ConfigError. */
  agentAt(file: string, host: string): AgentDefinition;
}

/** Creates the loader of all definitions. It reads nothing before the first call. */
export function createDefinitions(deps: DefinitionsDeps): AllDefinitions {
  const { project, conditions } = deps;
  const read = createFileReader();
  const trusts = (name: string, bytes: Uint8Array | null) => project?.trusts(name, bytes) ?? false;
  const workflows = createSearch<YamlDocument>({
    folders: workflowFolders(deps),
    read,
    trusts,
    parse: ({ file, bytes }) => ({ name: null, load: () => readYaml(bytes, file) }),
  });
  const agents = createSearch<LoadedAgent>({
    folders: agentFolders(deps),
    read,
    trusts,
    parse: loadAgent,
  });
  const loadWorkflow = createWorkflowLoader(conditions);

  function workflowOf(
    candidate: Candidate<YamlDocument>,
    all: readonly Candidate<YamlDocument>[],
  ): LoadedWorkflow & { readonly origin: DefinitionOrigin } {
    let { origin } = candidate.folder;
    const findParent = parentIn(all, (parent) => {
      if (parent.folder.origin === "project") origin = "project"; // the project can change the result
    });
    const loaded = loadWorkflow(candidate.name, candidate.load(), findParent);
    return { ...loaded, origin };
  }

  /** Throws ConfigError where the workflow that the agent names does not exist. */
  function withWorkflow(loaded: LoadedAgent): LoadedAgent {
    const { workflow } = loaded.definition;
    const all = workflow === null ? [] : workflows.candidates();
    if (workflow !== null && !all.some(({ name }) => name === workflow))
      throw new ConfigError(
        `${loaded.place(["workflow"])}: there is no workflow "${workflow}"${suggest(workflow, all)}`,
      );
    return loaded;
  }

  return {
    agent(name) {
      const all = agents.candidates();
      const candidate = all.find((one) => one.name === name) ?? all.find((one) => slugOf(one.name) === name);
      if (!candidate) return null;
      const { definition, place } = withWorkflow(candidate.load());
      return found<AgentDefinition>(definition, candidate, all, place);
    },
    workflow(name) {
      checkWorkflowName(name);
      const all = workflows.candidates();
      const candidate = all.find((one) => one.name === name);
      if (!candidate) return null;
      const { workflow, place, origin } = workflowOf(candidate, all);
      return { ...found<Workflow>(workflow, candidate, all, place), origin };
    },
    workflowAt(file) {
      const [path, ending] = [resolve(file), extname(file)];
      if (!WORKFLOW_ENDINGS.includes(ending))
        throw new ConfigError(`${path}: the name of a workflow's file has to end in ${WORKFLOW_ENDINGS.join(" or ")}`);
      const { bytes } = read({ folder: dirname(path), root: null, isUsers: true }, basename(path));
      const document = readYaml(bytes, path);
      const loaded = loadWorkflow(basename(path, ending), document, parentIn(workflows.candidates()));
      return { definition: loaded.workflow, place: placeIn(loaded) };
    },
    agentAt(file, host) {
      const path = resolve(file);
      const folder = outside(dirname(path), "user", vocabularyOf(host));
      if (!folder.endings.includes(extname(path)))
        throw new ConfigError(`${path}: the name of an agent's file has to end in ${folder.endings.join(" or ")}`);
      const parsed = loadAgent(read(folder, basename(path)), folder, basename(path, extname(path)));
      if (parsed === null)
        throw new ConfigError(`${path}: is no agent: it does not begin with its fields between two lines of "---"`);
      return withWorkflow(parsed.load()).definition;
    },
    agents: () =>
      entriesOf(agents, (candidate) => withWorkflow(candidate.load()).definition).map(({ loaded, ...entry }) => ({
        ...entry,
        description: loaded?.description ?? null,
        definition: loaded,
      })),
    workflows: () =>
      entriesOf(workflows, (candidate, all) => workflowOf(candidate, all).workflow).map(({ loaded, ...entry }) => ({
        ...entry,
        description: loaded?.description ?? null,
      })),
    get notices() {
      const count = workflows.leftOut() + agents.leftOut();
      if (project === null || count === 0) return [];
      const files = count === 1 ? "1 agent or workflow file" : `${count} agent and workflow files`;
      const left = `${files} of this project ${count === 1 ? "is" : "are"} not trusted and left out`;
      return [`${left}: read them, then run "${deps.trustCommand}" in ${join(project.root, project.folders[0] ?? "")}`];
    },
  };
}

function parentIn(
  all: readonly Candidate<YamlDocument>[],
  onFound: (parent: Candidate<YamlDocument>) => void = () => {},
): FindParent {
  return (parent, place) => {
    const found = all.find(({ name }) => name === parent);
    if (!found) throw new ConfigError(`${place}: there is no workflow "${parent}" to extend${suggest(parent, all)}`);
    onFound(found);
    return found.load();
  };
}

function checkWorkflowName(name: string): void {
  if (NAME.test(name)) return;
  throw new RequestError("unknown_workflow", `"${name.slice(0, 100)}" cannot be the name of a workflow: ${NAME_RULE}`);
}

function suggest(name: string, all: readonly Candidate<unknown>[]): string {
  const names = [...new Set(all.map((candidate) => candidate.name))];
  return didYouMean(name, names) || `: there are ${names.slice(0, 20).join(", ")}`;
}

function found<T>(
  definition: T,
  candidate: Candidate<unknown>,
  all: readonly Candidate<unknown>[],
  place: (path: YamlPath) => string,
): Found<T> {
  const { name, file, folder } = candidate;
  const hidden = all.find((other) => other.name === name && other.folder.origin !== "project");
  return {
    definition,
    from: file,
    origin: folder.origin,
    hides: folder.origin === "project" ? (hidden?.file ?? null) : null,
    place: placeIn({ place }),
  };
}

function placeIn({ place }: Pick<LoadedWorkflow, "place">): Found<unknown>["place"] {
  return (part) => place(part === "" ? [] : part.split("."));
}

/** One entry for each name, for the definition that wins; `loaded` is null where that cannot be used. */
function entriesOf<T, D>(
  search: Search<T>,
  load: (candidate: Candidate<T>, all: readonly Candidate<T>[]) => D,
): readonly (Omit<DefinitionEntry, "description"> & { readonly loaded: D | null })[] {
  const all = search.candidates();
  const winners = new Map<string, Candidate<T>>();
  for (const candidate of all) if (!winners.has(candidate.name)) winners.set(candidate.name, candidate);
  return [...winners.values()].map((candidate) => {
    const { name, file, folder } = candidate;
    const slug = slugOf(name);
    const isTaken = slug === null || winners.has(slug);
    const entry = { name, ...(isTaken ? {} : { slug }), from: file, origin: folder.origin };
    try {
      return { ...entry, loaded: load(candidate, all), error: null };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return { ...entry, loaded: null, error: error.message };
    }
  });
}
