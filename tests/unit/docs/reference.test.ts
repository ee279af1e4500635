/** docs/workflows.md and docs/agents.md list what there is: every field, name and definition, and none that there is not. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createConditions } from "../../../src/conditions/create-conditions.js";
import { ClaudeFile } from "../../../src/definitions/hosts/claude-agent.js";
import { GeminiFile } from "../../../src/definitions/hosts/gemini-agent.js";
import { AgentFile } from "../../../src/definitions/read/agent-file.js";
import { WorkflowFile } from "../../../src/definitions/workflow/workflow-file.js";
import { createProjectPath } from "../../../src/files/project-path.js";
import { definitionsIn, SHIPPED, writeFiles } from "../../support/definitions.js";
import { codeIn, type Table, tablesIn } from "../../support/document.js";

const DOCUMENTS = ["workflows", "agents"].map((name) =>
  tablesIn(readFileSync(resolve(import.meta.dirname, `../../../docs/${name}.md`), "utf8")),
);
const [WORKFLOWS = [], AGENTS = []] = DOCUMENTS;

const Step = WorkflowFile.shape.steps.element;
const Stop = WorkflowFile.shape.on_premature_stop.unwrap();
const Rule = Step.shape.rules.unwrap().element;
const Transition = Step.shape.transitions.unwrap().element;

function table(tables: readonly Table[], heading: string): Table {
  const found = tables.filter((one) => one.heading === heading);
  expect(found, heading).toHaveLength(1);
  return found[0] as Table;
}

/** The names in the first column. */
function namesIn({ rows }: Table): readonly string[] {
  return rows.flatMap(([cell = ""]) => codeIn(cell));
}

describe("the fields of the documents are those of the files", () => {
  it.each([
    ["Top level", WORKFLOWS, WorkflowFile],
    ["settings", WORKFLOWS, WorkflowFile.shape.settings.unwrap()],
    ["Steps", WORKFLOWS, Step],
    ["Rules", WORKFLOWS, Rule],
    ["Transitions", WORKFLOWS, Transition],
    ["on_premature_stop", WORKFLOWS, Stop],
    ["The file", AGENTS, AgentFile],
    ["Claude Code", AGENTS, ClaudeFile],
    ["Gemini CLI", AGENTS, GeminiFile],
  ] as const)("%s", (heading, tables, schema) => {
    const documented = table(tables, heading);
    const shape: z.core.$ZodShape = schema.shape;
    expect(namesIn(documented).toSorted()).toEqual(Object.keys(shape).toSorted());
    if (!documented.columns.includes("default")) return;
    const required = documented.rows.filter(([, , fallback]) => fallback === "required");
    const isRequired = (name: string) => !z.safeParse(shape[name] as z.core.$ZodType, undefined).success;
    expect(required.flatMap(([cell = ""]) => codeIn(cell))).toEqual(namesIn(documented).filter(isRequired));
  });

  it.each([
    ["Actions", Step.shape.on_enter.unwrap().element, ["action", "when"]],
    ["Exit conditions", Step.shape.exit_conditions.unwrap().element, ["type"]],
  ] as const)("%s", (heading, union, common) => {
    const documented = table(WORKFLOWS, heading).rows.map(([kind = "", fields = ""]) => [
      codeIn(kind)[0] ?? "",
      codeIn(fields).toSorted(),
    ]);
    const known = union.options.map(({ shape }) => {
      const kinds: z.core.$ZodShape = shape;
      const [kind = ""] = common.flatMap((key) => (kinds[key] instanceof z.ZodLiteral ? [kinds[key].value] : []));
      const fields = Object.keys(shape).filter((key) => !(common as readonly string[]).includes(key));
      return [kind, fields.toSorted()];
    });
    expect(documented).toEqual(known);
  });
});

describe("conditions", () => {
  const conditions = createConditions(createProjectPath(process.cwd()));

  /** The words that a complaint about an unknown one lists. */
  function knownBy(condition: string): readonly string[] {
    const result = conditions.compile(condition);
    const [, list = ""] = /: (?:there are|it has) (.*)$/.exec(result.kind === "fault" ? result.fault : "") ?? [];
    return list.split(", ").toSorted();
  }

  it("have the names that are documented", () => {
    expect(namesIn(table(WORKFLOWS, "Names")).toSorted()).toEqual(knownBy("zzzzzzzzzzzz"));
  });

  it.each(["run", "tool_result"])("have the members of %s that are documented", (name) => {
    const row = table(WORKFLOWS, "Names").rows.find(([cell = ""]) => codeIn(cell)[0] === name);
    const members = codeIn(row?.[1] ?? "").map((member) => member.slice(name.length + 1));
    expect(members.toSorted()).toEqual(knownBy(`${name}.zzzzzzzzzzzz`));
  });

  it("have the functions that are documented", () => {
    const [ofRun = [], ofValue = [], ofText = []] = table(WORKFLOWS, "Functions").rows.map(([, names = ""]) =>
      codeIn(names),
    );
    expect([...ofRun, ...ofValue].toSorted()).toEqual(knownBy("zzzzzzzzzzzz(1)"));
    expect(ofText.toSorted()).toEqual(knownBy('"a".zzzzzzzzzzzz()'));
  });
});

describe("the shipped definitions", () => {
  const shipped = () => definitionsIn(writeFiles({}), { project: null, shippedFolder: SHIPPED });

  it("are the workflows that are documented, with these steps", () => {
    const definitions = shipped();
    const documented = table(WORKFLOWS, "Shipped workflows").rows.map(([name = "", steps]) => [codeIn(name)[0], steps]);
    const known = definitions.workflows().map(({ name }) => {
      const steps = definitions.workflow(name)?.definition.steps ?? [];
      return [name, steps.map((step) => step.name).join(", ")];
    });
    expect(documented.toSorted()).toEqual(known.toSorted());
  });

  it("are the agents that are documented, with these workflows and tools", () => {
    const definitions = shipped();
    const documented = table(AGENTS, "Shipped agents").rows.map(([name = "", workflow = "", tools = ""]) => [
      codeIn(name)[0],
      codeIn(workflow)[0] ?? null,
      codeIn(tools),
    ]);
    const known = definitions.agents().map(({ name }) => {
      const { workflow, tools } = definitions.agent(name)?.definition ?? {};
      return [name, workflow, tools];
    });
    expect(documented.toSorted()).toEqual(known);
  });
});
