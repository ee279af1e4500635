/** checkWorkflow: conditions that an agent gets round, in the spellings in which authors write them. */
import { describe, expect, it } from "vitest";
import { createConditions } from "../../../../src/conditions/create-conditions.js";
import type { CatalogTool } from "../../../../src/core/tools/tool.js";
import { checkWorkflow } from "../../../../src/definitions/workflow/check-workflow.js";
import { createProjectPath } from "../../../../src/files/project-path.js";
import { definitionsIn, writeFiles } from "../../../support/definitions.js";

const conditions = createConditions(createProjectPath(process.cwd()));

function findings(workflow: object, catalog: readonly CatalogTool[] = [], unseen: readonly string[] = []) {
  const files = writeFiles({ "home/workflows/w.yaml": JSON.stringify(workflow) });
  const found = definitionsIn(files).workflow("w");
  if (!found) throw new Error("there is no such workflow");
  return checkWorkflow(found.definition, catalog, conditions, unseen).map(
    ({ where, message }) => `${where}: ${message}`,
  );
}

const block = (when: string) => ({ name: "keep", when, action: "block" });
const ruled = (when: string) => ({ steps: [{ name: "a", rules: [block(when)] }] });
const led = (when: string) => ({ steps: [{ name: "a", transitions: [{ to: "b", when }] }, { name: "b" }] });

describe("an argument that is compared as it is spelled", () => {
  it.each([
    'args.path == "LICENSE"',
    '"LICENSE" == args.path',
    'args["path"] != "LICENSE"',
    'args.path.lowerAscii().endsWith("licence")',
    'not args.file_path.startsWith("src/")',
    'args.path in ["a", "b"]',
    '"README.md" in args.paths',
    'args.paths[0] == "x"',
    'args.text == "notes/a"',
    'args.opts.path == "LICENSE"',
    'args.items[0]["file"] == "LICENSE"',
    'args["opts"].to.startsWith("src/")',
    'dyn(args.path) == "LICENSE"',
    'string(dyn(args.path)) in ["LICENSE"]',
    'args.path + "" == "LICENSE"',
    '("./" + args.path).endsWith("/LICENSE")',
    '(tool == "a" ? args.path : "x") == "LICENSE"',
    '[args.path] == ["LICENSE"]',
    '{"a": args.path}.a == "LICENSE"',
    'args.path >= "LICENSE" and turn > 1',
    'args.sourceFile.trim() == "x" and turn > 1',
    'step == "a" and (turn > 3 or args.destination == "x")',
  ])("is found: %s", (when) => {
    expect(findings(ruled(when)).filter((line) => line.includes("compare path(args."))).toHaveLength(1);
  });

  it.each([
    'path(args.path) == "LICENSE"',
    '"LICENSE" in paths(args.paths)',
    "args.path == variables.agent_depth",
    "args.path == null",
    "size(args.paths) > 10",
    'args.text == "yes"',
    'args.url.startsWith("https://example.com/a")',
    'args.version == "1.5"',
    "size(args.path) > 3",
    'path(args.opts.path) == "LICENSE"',
  ])("is not found where it is none: %s", (when) => {
    expect(findings(ruled(when))).toEqual([]);
  });
});

describe("a text that path() never gives", () => {
  it.each([
    'path(args.path) == "./LICENSE"',
    '"src/" == path(args.path)',
    'path(args.path) != "a//b"',
    'path(args.path) == "/etc/hosts"',
    'path(args.path) in ["LICENSE", "../LICENSE"]',
    'path(args.path) == ""',
    '"./LICENSE" in path(args.paths)',
    'path(args.paths)[0] == "a/./b"',
    'dyn(path(args.path).lowerAscii()) == "a/.."',
    'path(args.path).startsWith("/src")',
    'path(args.path).startsWith("./")',
    'path(args.path).endsWith("src/")',
    'path(args.path).contains("/../")',
    'path(args.path).indexOf("//") == 0',
  ])("is found: %s", (when) => {
    expect(findings(ruled(when)).filter((line) => line.includes("path() gives no path"))).toHaveLength(1);
  });

  it.each([
    'path(args.path) == "."',
    'path(args.path) == "a/.b/..c/d."',
    'path(args.path).startsWith("src/")',
    'path(args.path).startsWith(".")',
    'path(args.path).endsWith("/index.js")',
    'path(args.path).contains("/test/")',
    'path(args.path).contains("./")',
    'path(args.path).substring(0, 4) == "src/"',
    'path(args.path) + "/" == "src/"',
    'path(args.path) == "a" and args.text == "/b"',
  ])("is not found where it is none: %s", (when) => {
    expect(findings(ruled(when)).filter((line) => line.includes("path() gives no path"))).toEqual([]);
  });
});

describe("a transition that asks for the tool", () => {
  it.each([
    'tool == "x__y"',
    '"x__y" == tool',
    'tool in ["x__y"]',
    'tool.startsWith("x__")',
    'turn > 1 and not tool != "x__y"',
  ])("is found: %s", (when) => {
    expect(findings(led(when))).toEqual([expect.stringMatching(/^steps\.a\.transitions\.0\.when: .*_in_step/)]);
  });

  it.each(['tool_succeeded_in_step("x__y")', "step_action_count > 1", "tool_result.is_error"])(
    "is not found where it asks something else: %s",
    (when) => expect(findings(led(when), [], ["x"])).toEqual([]),
  );
});

describe("a rule that a move gets round", () => {
  const tool = (name: string, args: readonly string[], effect: CatalogTool["effect"] = "effectful"): CatalogTool => ({
    name,
    server: name.split("__")[0] ?? "",
    tool: name.split("__")[1] ?? "",
    description: "",
    inputSchema: { properties: Object.fromEntries(args.map((arg) => [arg, {}])) },
    effect,
  });
  const FILES = [
    tool("disk__put", ["file", "text"]),
    tool("disk__rename", ["from", "to"]),
    tool("disk__show", ["file"], "read_only"),
    tool("other__move", ["source", "destination"]),
  ];
  const KEEP = block('path(args.file) == "LICENSE"');
  const moves = (step: object) =>
    findings({ steps: [{ name: "a", rules: [KEEP], ...step }] }, FILES).filter((line) => line.includes("disk__rename"));

  it("is found where the step allows the move", () => {
    expect(moves({})).toEqual([expect.stringMatching(/^steps\.a\.rules\.0: rule "keep" /)]);
    expect(moves({ allowed_tools: ["disk__*"] })).toHaveLength(1);
    expect(moves({ rules: [block('tool == "disk__put" and path(args.file) == "x"')] })).toHaveLength(1);
  });

  it.each([
    ["the step does not allow the move", { allowed_tools: ["disk__put"] }],
    ["the step blocks the move", { blocked_tools: ["rename"] }],
    ["a rule names the move", { rules: [KEEP, block('tool == "disk__rename"')] }],
    ["a rule is about the arguments of the move", { rules: [KEEP, block('path(args.to) == "LICENSE"')] }],
    ["no rule is about paths", { rules: [block("step_action_count > 3")] }],
  ])("is not found where %s", (_what, step) => {
    expect(moves(step)).toEqual([]);
  });

  it.each([
    'path(args.from) == "src/main.js"',
    'tool == "disk__rename" and path(args.from).startsWith("src/")',
    'path(args.from).lowerAscii().contains("test") or path(args.to).contains("test")',
    'path(args.from) in ["LICENSE", "docs/LICENSE"]',
    'not (path(args.to) != "a/b")',
  ])("is found where a folder above gets round the rule: %s", (when) => {
    expect(moves({ rules: [block(when)] })).toEqual([expect.stringMatching(/^steps\.a\.rules\.0: .*folder/)]);
  });

  it.each([
    'path(args.from) == "LICENSE"',
    'tool.endsWith("rename") and path(args.from) in ["LICENSE", "README.md"]',
    'path(args.from).startsWith("src")',
    'not path(args.from).startsWith("notes/")',
    'path(args.to) != "out/x"',
    'tool == "disk__rename"',
  ])("is not found where no folder gets round it: %s", (when) => {
    expect(moves({ rules: [block(when)] })).toEqual([]);
  });

  it("is found for the shipped file server before that has run", () => {
    const workflow = ruled('tool == "workspace__write_file" and path(args.path) == "LICENSE"');
    expect(findings(workflow, [], ["workspace"])).toEqual([expect.stringContaining("workspace__move_file")]);
  });
});

it("a file is refused with all its faults, each with its place", () => {
  const workflow = {
    steps: [
      { name: "a", alowed_tools: [], rules: [{ name: "r", when: "nobody.knows", action: "block" }] },
      { name: "b", transitions: [{ to: "c", when: "turn >" }], instructions: "{{ unknown }}" },
    ],
  };
  const files = writeFiles({ "home/workflows/w.yaml": JSON.stringify(workflow) });
  let faults: readonly string[] = [];
  try {
    definitionsIn(files).workflow("w");
  } catch (error) {
    faults = (error as { faults: readonly string[] }).faults;
  }
  const words = ["alowed_tools", "nobody", '"c"', "turn >", "unknown"];
  expect(faults).toHaveLength(words.length);
  for (const word of words) expect(faults).toContainEqual(expect.stringContaining(word));
  for (const fault of faults) expect(fault).toMatch(/w\.yaml:1:\d+: /);
});
