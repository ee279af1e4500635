/** An agent definition: the recipe of a run. */
import type { Json, Workflow } from "../workflow/workflow.js";

export type DefinitionOrigin = "project" | "user" | "shipped";

export interface AgentDefinition {
  readonly name: string;
  readonly from: string;
  readonly origin: DefinitionOrigin;
  readonly description: string | null;
  /** The system prompt. */
  readonly prompt: string | null;
  readonly provider: string | null;
  readonly model: string | null;
  /** Tool patterns; null leaves it to the configuration. */
  readonly tools: readonly string[] | null;
  readonly blockedTools: readonly string[];
  /** The only servers whose tools it may use; null is all. */
  readonly servers: readonly string[] | null;
  readonly workflow: string | null;
  readonly variables: Readonly<Record<string, Json>>;
  readonly maxTurns: number | null;
  readonly timeoutSeconds: number | null;
  readonly maxCostUsd: number | null;
  readonly maxDepth: number | null;
  readonly outputSchema: object | boolean | null;
  /** What stands in the file and could not be taken over, one sentence each. */
  readonly notes: readonly string[];
}

/** A definition that was found by name, and what it hides. */
export interface Found<T> {
  readonly definition: T;
  readonly from: string;
  readonly origin: DefinitionOrigin;
  /** A definition of the project that hides one of the user's or a shipped one is told. */
  readonly hides: string | null;
  /** `file:line:column` of a part such as "steps.plan.transitions.0"; of its nearest parent where the file has no such part. */
  place(part: string): string;
}

/** A definition as lists show it; `error` says why it cannot be used, with the place in the file. */
export interface DefinitionEntry {
  readonly name: string;
  readonly from: string;
  readonly origin: DefinitionOrigin;
  readonly description: string | null;
  readonly error: string | null;
}

export interface AgentEntry extends DefinitionEntry {
  /** Null where it cannot be used. */
  readonly definition: AgentDefinition | null;
}

/** The agents and workflows that can be named. Files are read again when they have changed. */
export interface Definitions {
  /** Null where there is none of that name. Throws ConfigError for one that cannot be used. */
  agent(name: string): Found<AgentDefinition> | null;
  workflow(name: string): Found<Workflow> | null;
  agents(): readonly AgentEntry[];
  workflows(): readonly DefinitionEntry[];
  /** What was left out and how to have it, one sentence each. */
  readonly notices: readonly string[];
}
