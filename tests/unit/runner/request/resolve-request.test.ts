/** The frozen request of a run: which source decides each setting, and the arguments that are refused. */
import { describe, expect, it } from "vitest";
import { type ResolveDeps, resolveRequest } from "../../../../src/runner/request/resolve-request.js";
import type { SpawnArguments } from "../../../../src/runner/request/run-settings.js";
import { definitionsIn, writeFiles } from "../../../support/definitions.js";
import { builtJsonSchemas } from "../../../support/json-schemas.js";
import { mentions } from "../../../support/mentions.js";
import { configError, entryWith, requestError, SETTINGS } from "../../../support/run-requests.js";

const PROVIDERS = [entryWith("one", { small: null, large: null }), entryWith("two", { other: null }, false)];

/** Files of the user and the project, as JSON, which is YAML too; and the request of a caller among them. */
function resolved(
  files: Readonly<Record<string, object>>,
  args: Partial<SpawnArguments>,
  changes: Partial<ResolveDeps> = {},
) {
  const texts = Object.entries(files).map(([name, content]) => [name, JSON.stringify(content)]);
  return resolveRequest(
    { prompt: "go", ...args },
    {
      parent: null,
      settings: SETTINGS,
      providers: PROVIDERS,
      definitions: definitionsIn(writeFiles(Object.fromEntries(texts))),
      schemas: builtJsonSchemas(),
      context: null,
      ...changes,
    },
  );
}

const USERS = "home/agents/a.yaml";
const PROJECTS = "project/.legwork/agents/a.yaml";
const LED = { agent: "a", workflow: "w" };
const steps = [{ name: "first" }];

describe("a limit", () => {
  const ofWorkflow = { "home/workflows/w.yaml": { settings: { max_turns: 5, max_cost_usd: 5, max_depth: 5 }, steps } };
  const ofAgent = { [USERS]: { max_turns: 4, max_cost_usd: 4, max_depth: 4 } };

  it.each<[string, Record<string, object>, Partial<SpawnArguments>, object]>([
    ["the configuration", {}, {}, { maxTurns: 30, maxCostUsd: null, maxDepth: 1 }],
    ["the workflow", ofWorkflow, { workflow: "w" }, { maxTurns: 5, maxCostUsd: 5, maxDepth: 5 }],
    ["the agent", { ...ofWorkflow, ...ofAgent }, LED, { maxTurns: 4, maxCostUsd: 4, maxDepth: 4 }],
    [
      "the caller",
      { ...ofWorkflow, ...ofAgent },
      { ...LED, max_turns: 3, max_cost_usd: 3 },
      { maxTurns: 3, maxCostUsd: 3 },
    ],
  ])("comes from %s", async (_, files, args, expected) => {
    expect((await resolved(files, args)).request.limits).toMatchObject(expected);
  });

  it("of the project's definition never exceeds depth and money of the configuration", async () => {
    const settings = { ...SETTINGS, limits: { ...SETTINGS.limits, maxDepth: 2, maxCostUsd: 1 } };
    const limitsOf = async (own: object) =>
      (await resolved({ [PROJECTS]: own }, { agent: "a" }, { settings })).request.limits;
    expect(await limitsOf({ max_depth: 5, max_cost_usd: 5, max_turns: 50 })).toMatchObject({
      maxDepth: 2,
      maxCostUsd: 1,
      maxTurns: 50,
    });
    expect(await limitsOf({ max_depth: 1, max_cost_usd: 0.5 })).toMatchObject({ maxDepth: 1, maxCostUsd: 0.5 });
  });
});

describe("a request", () => {
  it("of a caller who names only a task is that of the general agent", async () => {
    const { request, entries, notices } = await resolved({}, { prompt: " go " });
    expect(request).toMatchObject({
      prompt: " go ",
      agent: "default",
      provider: "one",
      model: "small",
      workflow: null,
    });
    expect(request).toMatchObject({ systemPrompt: null, outputSchema: null, variables: {}, context: null });
    expect([...entries.keys()]).toEqual(["one"]);
    expect(notices).toEqual([]);
  });

  it("fills the prompt of the agent with the variables of workflow, agent and caller, the last of which win", async () => {
    const files = {
      [USERS]: { prompt: "{{ x }} {{ y }} {{ z }}", variables: { y: "agent", z: "agent" }, workflow: "w" },
      "home/workflows/w.yaml": { variables: { x: "workflow", y: "workflow" }, steps },
    };
    const { request } = await resolved(files, { agent: "a", variables: { z: "caller" } });
    expect(request.systemPrompt).toBe("workflow agent caller");
    expect(request.variables).toEqual({ y: "agent", z: "caller" });
    expect(request.workflow?.name).toBe("w");
    expect((await resolved(files, { agent: "a", system_prompt: "be brief" })).request.systemPrompt).toBe("be brief");
  });

  it.each<[string, Record<string, object>, Partial<SpawnArguments>, Partial<ResolveDeps>, string]>([
    ["the caller", { [USERS]: { provider: "one" } }, { agent: "a", provider: "two" }, {}, "two other"],
    ["the agent", { [USERS]: { model: "large" } }, { agent: "a" }, {}, "one large"],
    ["the parent", {}, {}, { parent: { provider: "two", model: "other" } }, "two other"],
  ])("has the model of %s", async (_, files, args, changes, model) => {
    const { request } = await resolved(files, args, changes);
    expect(`${request.provider} ${request.model}`).toBe(model);
  });

  it("of a caller who names a model uses it in every step", async () => {
    const led = { "home/workflows/w.yaml": { steps: [{ name: "first", provider: "two" }] } };
    expect([...(await resolved(led, { workflow: "w" })).entries.keys()]).toEqual(["one", "two"]);
    const { request, entries } = await resolved(led, { workflow: "w", model: "large" });
    expect(request.workflow?.steps).toMatchObject([{ provider: null, model: null }]);
    expect([...entries.keys()]).toEqual(["one"]);
  });

  it("comes with a notice of variables that nothing reads, and of a project's agent in place of the general one", async () => {
    const files = { "project/.legwork/agents/default.yaml": { prompt: "{{ language }}" } };
    const { notices } = await resolved(files, { variables: { langauge: "en", language: "de" } });
    expect(notices).toEqual([
      expect.stringMatching(mentions("default.yaml", "general agent")),
      expect.stringMatching(mentions('"langauge"', '"language"')),
    ]);
  });
});

describe("an output schema", () => {
  const [ofCall, ofAgent, ofWorkflow] = [{ title: "call" }, { title: "agent" }, { title: "workflow" }];
  const files = {
    [USERS]: { output_schema: ofAgent },
    "home/workflows/w.yaml": { settings: { output_schema: ofWorkflow }, steps },
  };

  it.each<[string, Partial<SpawnArguments>, unknown]>([
    ["the caller", { ...LED, output_schema: ofCall }, ofCall],
    ["the caller, where it refuses all data", { ...LED, output_schema: false }, false],
    ["the agent", LED, ofAgent],
    ["the workflow", { workflow: "w" }, ofWorkflow],
    ["nobody", {}, null],
  ])("comes from %s", async (_, args, expected) => {
    expect((await resolved(files, args)).request.outputSchema).toEqual(expected);
  });

  it.each([[null], ["object"], [["object"]], [{ type: "banana" }], [{ title: "t".repeat(100_000) }]])(
    "of the caller is refused where it is none or too long: %#",
    async (output_schema) => {
      await expect(resolved({}, { output_schema })).rejects.toEqual(requestError("invalid_arguments", "output_schema"));
    },
  );

  it("of a file is refused with its place", async () => {
    const broken = resolved({ [USERS]: { output_schema: { type: "banana" } } }, { agent: "a" });
    await expect(broken).rejects.toEqual(configError("a.yaml:1:3", "output_schema"));
  });
});

describe("a caller", () => {
  const fixed = { "home/workflows/w.yaml": { settings: { allow_provider_override: false }, steps } };

  it.each<[string, Partial<SpawnArguments>, string, string[]]>([
    ["no task", { prompt: " \n" }, "invalid_arguments", ["prompt"]],
    ["an unknown agent", { agent: "b" }, "unknown_agent", ['"b"']],
    ["an unknown workflow", { workflow: "v" }, "unknown_workflow", ['"v"', '"w"']],
    ["a model where the workflow fixes it", { workflow: "w", model: "large" }, "invalid_arguments", ["w", "model"]],
    ["a provider where the workflow fixes it", { workflow: "w", provider: "one" }, "invalid_arguments", ["provider"]],
    ["a variable of legwork itself", { variables: { can_spawn: true } }, "invalid_arguments", ['"can_spawn"']],
    ["a bad pattern", { tools: ["a b"] }, "invalid_arguments", ["tools", '"a b"']],
    ["an unknown provider", { provider: "three" }, "unknown_provider", ['"three"']],
  ])("is refused with %s", async (_, args, code, words) => {
    await expect(resolved(fixed, args)).rejects.toEqual(requestError(code, ...words));
  });
});
