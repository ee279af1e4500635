/** Parts of a run's request for tests to which most of them do not matter: agents, providers, settings, tools. */
import { expect } from "vitest";
import type { AgentDefinition } from "../../src/core/definitions/agent.js";
import { RequestError } from "../../src/core/errors.js";
import type { ProviderEntry } from "../../src/core/ports/provider.js";
import { NO_ALLOWANCE } from "../../src/core/run/budget.js";
import type { Price } from "../../src/core/run/cost.js";
import { DEFAULT_LIMITS } from "../../src/core/run/limits.js";
import { type CatalogTool, type Effect, qualifiedName } from "../../src/core/tools/tool.js";
import { createRehearsalProvider } from "../../src/providers/rehearsal/provider.js";
import type { RunSettings } from "../../src/runner/request/run-settings.js";
import { NO_SETTINGS } from "./definitions.js";
import { mentions } from "./mentions.js";

/** A configuration that sets nothing. */
export const SETTINGS: RunSettings = {
  provider: null,
  model: null,
  fallbackModels: [],
  aliases: {},
  tools: null,
  blockedTools: [],
  limits: DEFAULT_LIMITS,
  allowances: { session: NO_ALLOWANCE, day: NO_ALLOWANCE },
};

/** A user's agent that sets nothing, but for `changes`. */
export function agentWith(changes: Partial<AgentDefinition>): AgentDefinition {
  return {
    name: "helper",
    from: "/home/agents/helper.md",
    origin: "user",
    ...NO_SETTINGS,
    ...changes,
  };
}

/** A provider with these models and their prices, null where the price is unknown. The first is its default. */
export function entryWith(name: string, models: Readonly<Record<string, Price | null>>, ready = true): ProviderEntry {
  return {
    name,
    defaultModel: Object.keys(models)[0] ?? "none",
    ready,
    keyVariable: `${name.toUpperCase()}_API_KEY`,
    fault: null,
    account: null,
    modelNames: "plain",
    mostTools: null,
    windowOf: () => null,
    namesModel: (model) => model.startsWith(`${name}-`),
    priceOf: (model) => models[model] ?? null,
    async check(model) {
      if (!Object.hasOwn(models, model)) throw new RequestError("unknown_model", `${name} has no model "${model}"`);
    },
    open: async () => createRehearsalProvider(() => ({ replies: [] })),
  };
}

export function toolOf(server: string, tool: string, effect: Effect = "effectful"): CatalogTool {
  return { name: qualifiedName(server, tool), server, tool, description: "", inputSchema: { type: "object" }, effect };
}

/** Matches a RequestError with this code, and with each of these words in its message. */
export function requestError(code: string, ...words: readonly string[]) {
  return expect.objectContaining({
    name: "RequestError",
    code,
    message: expect.stringMatching(mentions(...words)),
  });
}

/** The same for a ConfigError, which has no code. */
export function configError(...words: readonly string[]) {
  return expect.objectContaining({ name: "ConfigError", message: expect.stringMatching(mentions(...words)) });
}
