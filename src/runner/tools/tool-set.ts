/** The tools of a run: resolved once for each catalog and policy, and shared by all runs with the same. */

import type { ToolRuling } from "../../core/journal/event.js";
import type { Catalog, Downstream, ServerProblem, ServerStatus } from "../../core/ports/downstream.js";
import type { ToolDeclaration } from "../../core/run/message.js";
import type { RunRequest, ToolPolicy } from "../../core/run/run.js";
import { idlePatterns, judgeCatalog, judgeTool } from "../../core/tools/gate.js";
import { type CatalogTool, patternMayReach } from "../../core/tools/tool.js";
import { WORKSPACE, whyMissing } from "../../core/tools/tool-alias.js";
import { policiesOf } from "../request/resolve-policy.js";
import { askTool, completeTool, readResultTool, requestStepTool } from "./built-in-tools.js";
import { childTools } from "./child-tools.js";

export interface ToolSet {
  /** The policy behind it. */
  readonly policy: ToolPolicy;
  /** The declarations for the model; the same array while nothing changes. */
  readonly declarations: readonly ToolDeclaration[];
  /** The declarations in a grace turn. */
  readonly graceDeclarations: readonly ToolDeclaration[];
  readonly catalog: readonly CatalogTool[];
  readonly allowed: ReadonlyMap<string, CatalogTool>;
  /** The names of the declared tools of legwork itself. */
  readonly builtIns: readonly string[];
  readonly rulings: readonly ToolRuling[];
  readonly warnings: readonly string[];
  readonly problems: readonly ServerProblem[];
}

const MOST_TOOL_SETS = 100; // policies differ little; an output schema for each run would otherwise be kept for ever

/** The tools of a catalog under a policy, for the runs of a request; `canSpawn` adds the tools for child runs. */
export type ResolveToolSet = (catalog: Catalog, policy: ToolPolicy, request: RunRequest, canSpawn: boolean) => ToolSet;

export function createToolSets(): ResolveToolSet {
  const cache = new WeakMap<Catalog, Map<string, ToolSet>>();
  return (catalog, policy, request, canSpawn) => {
    const toolSets = cache.get(catalog) ?? new Map<string, ToolSet>();
    cache.set(catalog, toolSets);
    const steps = stepsOf(request);
    const key = JSON.stringify([policy, request.outputSchema, steps, canSpawn]);
    const toolSet = toolSets.get(key) ?? toToolSet(catalog, policy, request.outputSchema, steps, canSpawn);
    if (toolSets.size >= MOST_TOOL_SETS) toolSets.clear();
    toolSets.set(key, toolSet);
    return toolSet;
  };
}

function stepsOf({ workflow }: RunRequest): readonly string[] {
  return (workflow?.steps ?? []).map(({ name }) => name);
}

type NamedServer = Pick<ServerStatus, "name" | "writtenName">;

/** The servers whose tools a run may get. */
export function serversFor(request: RunRequest, servers: readonly NamedServer[]): readonly string[] {
  const policies = policiesOf(request);
  const reaches = ({ name, writtenName }: NamedServer) =>
    policies.some(({ allow }) =>
      allow.every(({ patterns }) => patterns.some((pattern) => patternMayReach(pattern, name, writtenName))),
    );
  return servers.filter(reaches).map(({ name }) => name);
}

/** The same without the servers that are known to have no tool for the run. */
export function usableServers(request: RunRequest, downstream: Downstream): readonly string[] {
  const servers = serversFor(request, downstream.status());
  const policies = policiesOf(request);
  const isUsable = (tool: CatalogTool) => policies.some((policy) => judgeTool(policy, tool).allowed);
  const useless = downstream
    .status()
    .filter(({ listing }) => listing && !listing.tools.some(isUsable))
    .filter(({ pinFindings }) => !pinFindings.some(({ withheld }) => withheld)) // they may have been accepted since
    .map(({ name }) => name);
  return servers.filter((server) => !useless.includes(server));
}

/** The tools and problems that an agent knows. */
export interface KnownTools {
  readonly names: ReadonlySet<string> | ReadonlyMap<string, unknown>;
  readonly problems: readonly ServerProblem[];
}

/** A message to the agent about servers whose tools come in later; null where none does. */
export function startingNotice({ problems }: ToolSet): string | null {
  const starting = problems.filter(isStarting);
  return starting.length === 0 ? null : `Some of your tools are not there yet.\n${shownProblems(starting)}`;
}

/** A message to the agent about its changed tools, or about servers that did not come up after all; null where there is nothing to tell. */
export function changeBetween(before: KnownTools, after: ToolSet): string | null {
  const gone = [...before.names.keys()].filter((name) => !after.allowed.has(name));
  const added = [...after.allowed.keys()].filter((name) => !before.names.has(name));
  const known = new Set(before.problems.map(toWarning));
  const reasons = after.problems.filter((problem) => !known.has(toWarning(problem)));
  const awaited = new Set(before.problems.filter(isStarting).map(({ server }) => server));
  if (gone.length + added.length === 0) {
    const failed = reasons.filter(({ server }) => awaited.has(server));
    return failed.length === 0 ? null : `Some tools that you were promised do not come.\n${shownProblems(failed)}`;
  }
  const lines = [
    ...(gone.length > 0 ? [`no longer there: ${listed(gone)}`] : []),
    ...(added.length > 0 ? [`there now: ${listed(added)}`] : []),
  ];
  const changes = `Your tools have changed: ${lines.join("; ")}.`;
  return reasons.length === 0 ? changes : `${changes}\n${shownProblems(reasons)}`;
}

function isStarting({ code }: ServerProblem): boolean {
  return code === "starting";
}

/** The first problems, a line for each, with the number of the others. */
function shownProblems(problems: readonly ServerProblem[]): string {
  return withRest(problems.map(toWarning), MOST_LISTED).join("\n");
}

function withRest(texts: readonly string[], most: number): readonly string[] {
  const more = texts.length - most;
  return more > 0 ? [...texts.slice(0, most), `and ${more} more`] : texts;
}

/** Why a tool is missing from the catalog, by the problems of its server; null where no problem explains it. */
export function absenceOf(tool: string, { problems }: ToolSet): string | null {
  const ofServer = problems.filter(({ server }) => tool.startsWith(`${server}__`));
  const found = ofServer.find((problem) => problem.tool === tool) ?? ofServer.find(isAboutServer);
  return found?.message ?? null;
}

function isAboutServer({ code, tool }: ServerProblem): boolean {
  return tool === undefined && code !== "tool_rejected" && code !== "tool_list_cut";
}

function toWarning({ server, message, code }: ServerProblem): string {
  return `${server}: ${message} (${code})`;
}

/** Whether a problem concerns a run: one of its grants may name a tool of the server, or it has a tool of it. */
function concerns({ allow }: ToolPolicy, allowed: readonly CatalogTool[]) {
  const patterns = allow.flatMap((source) => source.patterns);
  return ({ server }: ServerProblem): boolean =>
    patterns.some((pattern) => mayName(pattern, server)) || allowed.some((tool) => tool.server === server);
}

/** A file tool of a host names only the server over the project's files. */
function mayName(pattern: string, server: string): boolean {
  return patternMayReach(pattern, server) && (server === WORKSPACE || whyMissing(pattern) === null);
}

const MOST_LISTED = 20; // names and problems in a message to the agent
const MOST_WARNINGS = 100; // of a tool set; a server may change thousands of tools in each turn

function listed(names: readonly string[]): string {
  const more = names.length - MOST_LISTED;
  const counted = names.length > MOST_LISTED ? `${names.length} tools: ` : "";
  return counted + names.slice(0, MOST_LISTED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Tools that a pin withholds are in no catalog; the access of a run names them all the same. */
function pinRulings(problems: readonly ServerProblem[]): readonly ToolRuling[] {
  const tools = problems.flatMap(({ code, tool }) => (code === "tool_withheld" && tool !== undefined ? [tool] : []));
  const rule = "withheld by pin: enforce: it is not as the user accepted it";
  return tools.length === 0 ? [] : [{ rule, allowed: false, blocked: true, tools }];
}

function toToolSet(
  catalog: Catalog,
  policy: ToolPolicy,
  outputSchema: RunRequest["outputSchema"],
  steps: readonly string[],
  canSpawn: boolean,
): ToolSet {
  const allowed = catalog.tools.filter((tool) => judgeTool(policy, tool).allowed);
  const awaited = catalog.problems.filter(isStarting).map(({ server }) => server);
  const complete = completeTool(outputSchema);
  const moving = steps.length > 1 ? [requestStepTool(steps)] : [];
  const builtIns = [complete, ...moving, askTool, readResultTool, ...(canSpawn ? childTools() : [])];
  return {
    policy,
    declarations: [...allowed, ...builtIns],
    graceDeclarations: [complete],
    catalog: catalog.tools,
    allowed: new Map(allowed.map((tool) => [tool.name, tool])),
    builtIns: builtIns.map(({ name }) => name),
    rulings: [...judgeCatalog(policy, catalog.tools), ...pinRulings(catalog.problems)],
    warnings: [
      ...withRest(catalog.problems.filter(concerns(policy, allowed)).map(toWarning), MOST_WARNINGS),
      ...idlePatterns(policy, catalog.tools, { canSpawn, awaited }),
    ],
    problems: catalog.problems,
  };
}
