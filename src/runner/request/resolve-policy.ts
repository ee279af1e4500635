/** The tool policy of a run: the patterns of caller, definitions and configuration, each with its source. */
import type { AgentDefinition } from "../../core/definitions/agent.js";
import { RequestError } from "../../core/errors.js";
import type { PatternSource, RunRequest, ToolPolicy } from "../../core/run/run.js";
import { READ_ONLY_ENTRY } from "../../core/tools/gate.js";
import { patternFault } from "../../core/tools/tool.js";
import type { Step, Workflow } from "../../core/workflow/workflow.js";
import type { RunSettings } from "./run-settings.js";

const CALL = "the spawn_agent call";
const BY_DEFAULT: PatternSource = { patterns: [READ_ONLY_ENTRY], from: "the default policy" };

export interface PolicySources {
  readonly tools: readonly string[] | undefined;
  readonly blockedTools: readonly string[] | undefined;
  readonly agent: AgentDefinition | null;
  readonly workflow: Workflow | null;
  /** Whether the workflow comes with the project: then it only restricts. */
  readonly workflowIsProjects: boolean;
}

/** Throws RequestError for patterns of the caller that are none. */
export function resolvePolicy(sources: PolicySources, settings: RunSettings): ToolPolicy {
  const { tools, blockedTools, agent } = sources;
  refuseBadPatterns("tools", tools);
  refuseBadPatterns("blocked_tools", blockedTools);
  const servers = agent?.servers?.map((server) => `${server}__*`);
  return {
    allow: [
      ...grants(sources, settings),
      ...(agent && servers ? [{ patterns: servers, from: `servers of ${nameOf(agent)}` }] : []),
    ],
    block: [
      ...(blockedTools ? [{ patterns: blockedTools, from: CALL }] : []),
      ...(agent ? blocksOf(agent) : []),
      ...settings.blockedTools,
    ],
  };
}

/** Another host spells the names in its files, so one that matches nothing here is more likely unknown to us than harmless. */
function blocksOf(agent: AgentDefinition): readonly PatternSource[] {
  if (agent.blockedTools.length === 0) return [];
  const source = { patterns: agent.blockedTools, from: nameOf(agent) };
  return [agent.isImported ? { ...source, mustMatch: true } : source];
}

/** The caller's grants, else the agent definition's (a project's within the caller's or the user's), else the steps' lists, else the user's, else read-only tools. */
function grants(
  { tools, agent, workflow, workflowIsProjects }: PolicySources,
  settings: RunSettings,
): readonly PatternSource[] {
  const asked = tools && { patterns: tools, from: CALL };
  const users = settings.tools ?? BY_DEFAULT;
  const own = agent?.tools && { patterns: agent.tools, from: nameOf(agent) };
  // A project's definition restricts the grants of its user, in the call or the configuration, and adds none.
  if (own && agent.origin === "project") return [own, asked ?? users];
  if (asked) return [asked];
  if (own) return [own];
  const stepsGrant =
    workflow !== null && !workflowIsProjects && workflow.steps.every(({ allowedTools }) => allowedTools !== "all");
  return stepsGrant ? [] : [users];
}

/**
 * The request under the blocks of the configuration as it is now, beside those that it began with: a block of the user holds
 * for every run that a process works on. Grants stay those of the beginning.
 */
export function withBlocksOfNow(request: RunRequest, blockedNow: readonly PatternSource[]): RunRequest {
  const { policy } = request;
  const known = new Set(policy.block.map(sourceKey));
  const added = blockedNow.filter((source) => !known.has(sourceKey(source)));
  if (added.length === 0) return request;
  const named = added.map(({ patterns, from }) => ({ patterns, from: `${from} as it is now` }));
  return { ...request, policy: { ...policy, block: [...policy.block, ...named] } };
}

function sourceKey({ patterns, from }: PatternSource): string {
  return JSON.stringify([from, patterns]);
}

/** The policy of a run in a step: its own, restricted by the lists of the step. */
export function policyInStep({ policy, workflow }: RunRequest, step: Step | null): ToolPolicy {
  if (workflow === null || step === null) return policy;
  const from = `step "${step.name}" of workflow ${workflow.name}`;
  const { allowedTools, blockedTools } = step;
  return {
    allow: allowedTools === "all" ? policy.allow : [{ patterns: allowedTools, from }, ...policy.allow],
    block: blockedTools.length === 0 ? policy.block : [{ patterns: blockedTools, from }, ...policy.block],
  };
}

/** The policies that the run may come to have. */
export function policiesOf(request: RunRequest): readonly ToolPolicy[] {
  return request.workflow === null
    ? [request.policy]
    : request.workflow.steps.map((step) => policyInStep(request, step));
}

function nameOf({ name }: AgentDefinition): string {
  return `agent ${name}`;
}

function refuseBadPatterns(field: string, patterns: readonly string[] | undefined): void {
  for (const pattern of patterns ?? []) {
    const fault = patternFault(pattern);
    if (fault !== null) throw new RequestError("invalid_arguments", `${field}: ${fault}`);
  }
}
