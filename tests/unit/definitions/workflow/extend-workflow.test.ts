/** `extends`: merging with parents, and the chains that are refused. */
import { describe, expect, it } from "vitest";
import { definitionsIn, faultOf, put, writeFiles } from "../../../support/definitions.js";
import { mentions } from "../../../support/mentions.js";

const FILE = "project/.legwork/workflows/w.yaml";

function load(text: string, others: Readonly<Record<string, string>> = {}) {
  const found = definitionsIn(writeFiles({ [FILE]: text, ...others })).workflow("w");
  if (!found) throw new Error("there is no such workflow");
  return found;
}

function fault(text: string, others: Readonly<Record<string, string>> = {}): string {
  return faultOf(() => load(text, others)).replace(/^.*?\/workflows\//, "");
}

const BASE = `
description: The base
settings: {max_turns: 5, model: m, required_tools: [a__b, c__d]}
variables: {x: 1, deep: {a: 1, b: [1, 2]}}
steps:
  - name: plan
    instructions: Plan
    allowed_tools: [workspace__read_*]
    transitions: [{to: work}]
  - name: work
    instructions: Work
exit_condition: variables.x == 1
`;
const others = { "home/workflows/base.yaml": BASE };

describe("extends", () => {
  it("merges maps deeply and steps by name, and replaces the rest", () => {
    const { definition } = load(
      `extends: base
settings: {max_turns: 9, required_tools: [e__f]}
variables: {y: 2, deep: {b: [3]}}
steps:
  - name: check
    instructions: Check
  - name: plan
    transitions: [{to: check}]
`,
      others,
    );
    expect(definition).toMatchObject({
      name: "w",
      description: "The base",
      settings: { maxTurns: 9, model: "m", requiredTools: ["e__f"] },
      variables: { x: 1, y: 2, deep: { a: 1, b: [3] } },
      exitCondition: "variables.x == 1",
    });
    expect(definition.steps.map(({ name }) => name)).toEqual(["plan", "work", "check"]);
    expect(definition.steps[0]).toMatchObject({
      instructions: "Plan",
      allowedTools: ["workspace__read_*"],
      transitions: [{ to: "check" }],
    });
  });

  it("follows parents over several files, up to the first file without a parent", () => {
    const { definition } = load("extends: middle\nsteps: [{name: end}]", {
      ...others,
      "project/.legwork/workflows/middle.yaml": "extends: base\nname: middle\ndescription: Middle",
    });
    expect(definition).toMatchObject({ name: "w", description: "Middle" });
    expect(definition.steps.map(({ name }) => name)).toEqual(["plan", "work", "end"]);
  });

  it("reads the workflow again when a parent changes", () => {
    const root = writeFiles({ [FILE]: "extends: base", ...others });
    const definitions = definitionsIn(root);
    const first = definitions.workflow("w");
    expect(definitions.workflow("w")?.definition).toBe(first?.definition);
    put(root, "home/workflows/base.yaml", BASE.replace("The base", "The new base"));
    expect(definitions.workflow("w")?.definition.description).toBe("The new base");
  });

  it("reports a fault at its place in the file that holds it", () => {
    const child = "extends: base\nsteps:\n  - {name: plan, transitions: [{to: nowhere}]}";
    expect(fault(child, others)).toMatch(mentions("w.yaml:3:33", "step", "nowhere"));
    const broken = { "home/workflows/base.yaml": BASE.replace("to: work", "to: worc") };
    expect(fault("extends: base", broken)).toMatch(mentions("base.yaml:9:20", "step", "worc", "work"));
    const misspelt = { "home/workflows/base.yaml": `${BASE}on_eror: []\n` };
    expect(fault("extends: base", misspelt)).toMatch(mentions("base.yaml:13:1", "on_eror"));
  });

  it.each([
    ["itself", "extends: w\nsteps: [{name: a}]", {}, ["w.yaml:1:1", "workflow", '"w"']],
    ["nothing", "extends: bse\nsteps: [{name: a}]", others, ["w.yaml:1:1", "workflow", "bse", "base"]],
    ["a path", "extends: ../base\nsteps: [{name: a}]", others, ["w.yaml:1:1", "workflow", "../base"]],
    ["a number", "extends: 3\nsteps: [{name: a}]", {}, ["w.yaml:1:1", "extends", "string"]],
    [
      "in a circle",
      "extends: b",
      { "home/workflows/b.yaml": "extends: c", "home/workflows/c.yaml": "steps: []\nextends: w" },
      ["c.yaml:2:1", "w -> b -> c -> w"],
    ],
    [
      "two that go in a circle",
      "extends: b",
      { "home/workflows/b.yaml": "extends: c", "home/workflows/c.yaml": "extends: b" },
      ["c.yaml:1:1", "w -> b -> c -> b"],
    ],
    ["a broken file", "extends: b", { "home/workflows/b.yaml": "steps: [" }, ["b.yaml:1:9", "YAML"]],
    [
      "twice the same step",
      "extends: b",
      { "home/workflows/b.yaml": "steps: [{name: a}, {name: a}]" },
      ["b.yaml:1:21", "step", '"a"'],
    ],
  ])("refuses to extend %s", (_, text, files, expected) => {
    expect(fault(text, files as Record<string, string>)).toMatch(mentions(...expected));
  });

  it("refuses a chain of too many files", () => {
    const files = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [`home/workflows/b${index}.yaml`, `extends: b${index + 1}`]),
    );
    expect(fault("extends: b0", files)).toMatch(mentions(" 10", "files"));
  });
});
