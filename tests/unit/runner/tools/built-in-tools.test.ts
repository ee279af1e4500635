/** The tools that legwork gives to every agent: their schemas are valid, and hold the shape of a run's output. */
import { describe, expect, it } from "vitest";
import { askTool, completeTool, readResultTool, requestStepTool } from "../../../../src/runner/tools/built-in-tools.js";
import { childTool, childTools, effectOfChildTool } from "../../../../src/runner/tools/child-tools.js";
import { builtJsonSchemas } from "../../../support/json-schemas.js";
import { mentions } from "../../../support/mentions.js";

const schemas = builtJsonSchemas();
const DONE = { result: "done", status: "success" };

it.each(
  [askTool, readResultTool, requestStepTool(["a", "b"]), completeTool(null), ...childTools()].map(
    (tool) => [tool.name, tool] as const,
  ),
)("%s has a valid schema that refuses unknown arguments", async (_, { inputSchema }) => {
  expect(await schemas.faultOf(inputSchema)).toBeNull();
  expect(await schemas.checkArguments({ ...inputSchema, required: [] }, { no_such_argument: 1 })).toMatch(
    mentions("no_such_argument"),
  );
});

describe("complete", () => {
  it.each([
    ["without an output schema", null, DONE, null],
    ["without an output schema, with any data", null, { ...DONE, data: [1] }, null],
    ["with an output schema that any data fits", true, { ...DONE, data: [1] }, null],
    ["with an output schema, without data", { type: "object" }, DONE, ["data"]],
    ["with an output schema that data does not fit", { type: "object" }, { ...DONE, data: 5 }, ["data", "object"]],
    ["with an unknown status", null, { ...DONE, status: "error" }, ["status"]],
    ["without a result", null, { status: "success" }, ["result"]],
  ])("is checked %s: %j", async (_, outputSchema, args, words) => {
    const fault = await schemas.checkArguments(completeTool(outputSchema).inputSchema, args);
    if (words === null) expect(fault).toBeNull();
    else expect(fault).toMatch(mentions(...words));
  });

  it("requires data under every output schema", () => {
    expect(completeTool(null).inputSchema).toMatchObject({ required: ["result", "status"] });
    for (const outputSchema of [true, false, {}])
      expect(completeTool(outputSchema).inputSchema).toMatchObject({ required: ["result", "status", "data"] });
  });

  it("keeps the references of an output schema to itself", async () => {
    const tree = {
      $defs: { name: { type: "string" } },
      properties: { name: { $ref: "#/$defs/name" }, children: { type: "array", items: { $ref: "#" } } },
      required: ["name"],
    };
    const { inputSchema } = completeTool(tree);
    const fault = (data: unknown) => schemas.checkArguments(inputSchema, { ...DONE, data });
    expect(await schemas.faultOf(inputSchema)).toBeNull();
    expect(await fault({ name: "a", children: [{ name: "b", children: [] }] })).toBeNull();
    expect(await fault({ name: 5 })).toMatch(mentions("data.name", "string"));
    expect(await fault({ name: "a", children: [{ name: "b", children: [{}] }] })).toMatch(
      mentions("data.children.0.children.0", "name"),
    );
  });

  it("leaves other references and values as they are", () => {
    const outputSchema = {
      $ref: "https://example.test/other#/a",
      properties: { $ref: { type: "string" }, anchored: { $ref: "#anchor" } },
      enum: [null, 1, { a: ["b"] }],
    };
    expect(completeTool(outputSchema).inputSchema).toMatchObject({ properties: { data: outputSchema } });
  });
});

it("request_step takes the steps of the workflow only", async () => {
  const { inputSchema } = requestStepTool(["plan", "build"]);
  expect(await schemas.checkArguments(inputSchema, { to: "build" })).toBeNull();
  expect(await schemas.checkArguments(inputSchema, { to: "ship" })).toMatch(mentions("plan", "build"));
});

describe("a tool for child runs", () => {
  it.each([
    ["spawn_agent", "idempotent"],
    ["wait_for_runs", "read_only"],
    ["get_run", "read_only"],
    ["cancel_run", "idempotent"],
    ["complete", null],
    ["files__spawn_agent", null],
    ["", null],
  ])("has an effect: %s is %s", (name, effect) => {
    expect(effectOfChildTool(name)).toBe(effect);
    expect(childTool(name)?.name ?? null).toBe(effect && name);
  });

  it("is declared once for all runs", () => {
    expect(childTools()).toBe(childTools());
    expect(childTool("get_run")).toBe(childTools().find(({ name }) => name === "get_run"));
  });
});
