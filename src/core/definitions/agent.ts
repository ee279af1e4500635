/** An agent definition: the recipe of a run. */
import type { ModelSettings } from "../run/model-settings.js";
import type { Json, Workflow } from "../workflow/workflow.js";

export type DefinitionOrigin = "project" | "user" | "shipped";

export interface AgentDefinition extends ModelSettings {
  readonly name: string;
  readonly from: string;
  readonly origin: DefinitionOrigin;
  /** Whether its file was written for another host. */
  readonly isImported: boolean;
  readonly description: string | null;
  /** The system prompt. */
  readonly prompt: string | null;
  readonly provider: string | null;
  readonly model: string | null;
  readonly fallbackModels?: readonly string[];
  /** Tool patterns; null for those of the configuration. */
  readonly tools: readonly string[] | null;
  readonly blockedTools: readonly string[];
  /** The only servers whose tools it may use; null for all. */
  readonly servers: readonly string[] | null;
  readonly workflow: string | null;
  readonly variables: Readonly<Record<string, Json>>;
  readonly maxTurns: number | null;
  readonly timeoutSeconds: number | null;
  readonly maxCostUsd: number | null;
  readonly maxTokens: number | null;
  readonly maxDepth: number | null;
  readonly outputSchema: object | boolean | null;
  /** Settings of the file that legwork cannot apply, one sentence each. */
  readonly notes: readonly string[];
}

/** A definition found by name, and the definition that it hides. */
export interface Found<T> {
  readonly definition: T;
  readonly from: string;
  readonly origin: DefinitionOrigin;
  /** A sentence that names the user's or shipped definition that a definition of the project hides; null where it hides none. */
  readonly hides: string | null;
  /** `file:line:column` of a part such as "steps.plan.transitions.0", or of its nearest parent that the file has. */
  place(part: string): string;
}

/** A definition as lists show it; `error` says why it cannot be used, and where in the file. */
export interface DefinitionEntry {
  readonly name: string;
  /** A short name under which it is found too, where its name is not short itself. */
  readonly slug?: string;
  readonly from: string;
  readonly origin: DefinitionOrigin;
  readonly description: string | null;
  readonly error: string | null;
}

export interface AgentEntry extends DefinitionEntry {
  /** Null where it cannot be used. */
  readonly definition: AgentDefinition | null;
}

/** The agents and workflows by name. Reads a file again after it has changed. */
export interface Definitions {
  /** Null where no definition has the name. Throws ConfigError where the definition cannot be used. */
  agent(name: string): Found<AgentDefinition> | null;
  workflow(name: string): Found<Workflow> | null;
  agents(): readonly AgentEntry[];
  workflows(): readonly DefinitionEntry[];
  /** Definitions that were left out and how to include them, one sentence each. */
  readonly notices: readonly string[];
}
