/** The shipped workflows and agents work with the shipped workspace server alone. */
import { describe, expect, it } from "vitest";
import { createConditions } from "../../../src/conditions/create-conditions.js";
import type { CatalogTool } from "../../../src/core/tools/tool.js";
import { checkWorkflow } from "../../../src/definitions/workflow/check-workflow.js";
import { toMermaid } from "../../../src/definitions/workflow/to-mermaid.js";
import { createProjectPath } from "../../../src/files/project-path.js";
import { definitionsIn, SHIPPED, writeFiles } from "../../support/definitions.js";

const WORKFLOWS = [
  "fan-out",
  "plan-act-reflect",
  "plan-execute",
  "react",
  "research",
  "review-loop",
  "review",
  "test-driven",
];
const AGENTS = ["implementer", "orchestrator", "researcher", "reviewer", "summarizer"];

const WORKSPACE: readonly CatalogTool[] = [
  ["read_text_file", "read_only"],
  ["list_directory", "read_only"],
  ["search_files", "read_only"],
  ["write_file", "effectful"],
  ["edit_file", "effectful"],
  ["create_directory", "idempotent"],
  ["move_file", "effectful"],
].map(([tool = "", effect]) => ({
  name: `workspace__${tool}`,
  server: "workspace",
  tool,
  description: "",
  inputSchema: {},
  effect: effect as CatalogTool["effect"],
}));

function shipped() {
  return definitionsIn(writeFiles({}), { project: null, shippedFolder: SHIPPED });
}

describe("the shipped workflows", () => {
  it("are listed, can be loaded and have a description", () => {
    const entries = shipped().workflows();
    expect(entries.map(({ name }) => name)).toEqual(WORKFLOWS);
    for (const entry of entries)
      expect(entry).toMatchObject({ origin: "shipped", error: null, description: expect.stringMatching(/\.$/) });
  });

  it.each(WORKFLOWS)("%s has no finding", (name) => {
    const workflow = shipped().workflow(name)?.definition;
    expect(workflow && checkWorkflow(workflow, WORKSPACE, createConditions(createProjectPath(process.cwd())))).toEqual(
      [],
    );
  });

  it.each(WORKFLOWS)("%s allows its tools step by step", (name) => {
    for (const step of shipped().workflow(name)?.definition.steps ?? []) expect(step.allowedTools).not.toBe("all");
  });

  it.each(WORKFLOWS)("%s is drawn with its steps, arrows and conditions", (name) => {
    const workflow = shipped().workflow(name)?.definition;
    if (!workflow) throw new Error(`there is no workflow ${name}`);
    const drawn = toMermaid(workflow).replace(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
    expect(drawn.replace(/ : .*/g, "")).toMatchSnapshot();
    for (const { when } of workflow.steps.flatMap(({ transitions }) => transitions))
      expect(drawn).toContain((when ?? "").trim().replace(/\s+/g, " ").slice(0, 90));
  });
});

describe("the shipped agents", () => {
  it("are listed, can be loaded and have a description and a prompt", () => {
    const definitions = shipped();
    expect(definitions.agents().map(({ name, error }) => [name, error])).toEqual(AGENTS.map((name) => [name, null]));
    for (const name of AGENTS) {
      const agent = definitions.agent(name)?.definition;
      expect(agent?.description).toMatch(/\.$/);
      expect(agent?.prompt?.length).toBeGreaterThan(100);
      expect(agent?.notes).toEqual([]);
      if (agent?.workflow) expect(definitions.workflow(agent.workflow)).not.toBeNull();
    }
  });
});
