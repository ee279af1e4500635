/** The arguments of legwork's own tools: values that agents and hosts may pass, and faults that they can correct. */
import { describe, expect, it } from "vitest";
import { MOST_SOURCES } from "../../../../src/core/run/context-source.js";
import { MOST } from "../../../../src/core/run/limits.js";
import { ChildArguments, Completion, faultInArguments } from "../../../../src/runner/tools/arguments.js";
import { mentions } from "../../../support/mentions.js";

/** The fault of arguments in words, or null. */
function faultOf(schema: typeof ChildArguments | typeof Completion, value: unknown): string | null {
  const { error } = schema.safeParse(value, { reportInput: true });
  return error === undefined ? null : faultInArguments(error);
}

describe("the arguments of a spawn", () => {
  it.each([
    [{}],
    [{ agent: "helper", workflow: "plan", provider: "gemini", model: "m", title: "a title" }],
    [{ tools: [], blocked_tools: [], variables: {}, context: ["text:a"] }],
    [{ variables: { deep: [{ list: [null, true, 1, "a"] }] } }],
    [{ max_turns: 1, timeout_seconds: 0.5, max_cost_usd: 0.000001 }],
    [{ max_turns: MOST.maxTurns, timeout_seconds: MOST.seconds, max_cost_usd: MOST.usd }],
    [{ output_schema: false }],
    [{ output_schema: "checked when the request is resolved" }],
  ])("may be %j", (args) => {
    expect(faultOf(ChildArguments, { prompt: "go", ...args })).toBeNull();
  });

  it.each<[object | null | string, string[]]>([
    [{ prompt: undefined }, ["prompt", "string"]],
    [{ prompt: "" }, ["prompt", "1"]],
    [{ promt: "go" }, ["promt"]],
    [{ idempotency_key: "legwork gives it" }, ["idempotency_key"]],
    [{ system_prompt: "for hosts only" }, ["system_prompt"]],
    [{ max_turns: 0 }, ["max_turns", "1"]],
    [{ max_turns: 1.5 }, ["max_turns"]],
    [{ max_turns: "3" }, ["max_turns", "string"]],
    [{ max_turns: MOST.maxTurns + 1 }, ["max_turns", String(MOST.maxTurns)]],
    [{ timeout_seconds: 0 }, ["timeout_seconds", "0"]],
    [{ timeout_seconds: MOST.seconds + 1 }, ["timeout_seconds", String(MOST.seconds)]],
    [{ max_cost_usd: -1 }, ["max_cost_usd", "0"]],
    [{ max_cost_usd: Number.POSITIVE_INFINITY }, ["max_cost_usd"]],
    [{ context: [] }, ["context", "1"]],
    [{ context: Array(MOST_SOURCES + 1).fill("text:a") }, ["context", String(MOST_SOURCES)]],
    [{ context: ["text:a", 5] }, ["context.1", "string"]],
    [{ tools: "read" }, ["tools", "array", "string"]],
    [{ tools: null }, ["tools", "null"]],
    [{ variables: { a: undefined } }, ["variables.a"]],
    [{ title: "t".repeat(201) }, ["title", "200"]],
  ])("are refused: %j, naming %j", (args, words) => {
    expect(faultOf(ChildArguments, { prompt: "go", ...(args as object) })).toMatch(mentions(...words));
  });

  it.each([[null], ["go"], [["go"]], [5]])("are an object, not %j", (args) => {
    expect(faultOf(ChildArguments, args)).toMatch(mentions("the arguments", "object"));
  });

  it("are refused by their first fault", () => {
    const fault = faultOf(ChildArguments, { prompt: "", max_turns: 0 });
    expect(fault).toMatch(mentions("prompt"));
    expect(fault).not.toMatch(mentions("max_turns"));
  });
});

describe("the arguments of complete", () => {
  it("are a success by default", () => {
    expect(Completion.parse({ result: "" })).toEqual({ result: "", status: "success" });
  });

  it.each([
    [{ status: "error" }, ["status", "success", "partial", "blocked"]],
    [{ status: "sucess" }, ["status", '"success"']],
    [{ next_steps: [1] }, ["next_steps.0", "string"]],
    [{ files: [] }, ["files"]],
  ])("are refused: %j, naming %j", (args, words) => {
    expect(faultOf(Completion, { result: "done", ...args })).toMatch(mentions(...words));
  });
});
