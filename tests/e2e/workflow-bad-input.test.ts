/** Definitions and names that cannot be understood: refused with their place, before anything is written. */
import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { rehearse } from "../support/rehearsals.js";
import { completes, shareStage } from "../support/workflows.js";

const stage = shareStage();

/** What a call is refused with; nothing is written then. */
async function refusalOf(args: Record<string, unknown>): Promise<{ code: string; message: string }> {
  const begun = performance.now();
  const { isError, structured } = await stage.spawn({ provider: "rehearsal", wait_seconds: 0, ...args });
  expect(isError, JSON.stringify(structured)).toBe(true);
  expect(performance.now() - begun).toBeLessThan(20_000);
  return structured.error;
}

async function refusalOfWorkflow(content: string | object | Uint8Array): Promise<string> {
  const name = stage.put("");
  const file = stage.write(`workflows/${name}.yaml`, content instanceof Uint8Array ? content : textOf(content));
  const { code, message } = await refusalOf({ workflow: name });
  expect(code).toBe("configuration");
  expect(message.startsWith(file), message).toBe(true);
  return message.slice(file.length);
}

const textOf = (content: string | object) => (typeof content === "string" ? content : JSON.stringify(content, null, 1));

afterEach(async () => {
  expect((await stage.host.call("list_runs", { scope: "all" })).structured.runs).toEqual([]);
});

const steps = [{ name: "a", transitions: [{ to: "b" }] }, { name: "b" }];
const withStep = (step: object) => ({ steps: [{ name: "a", ...step }] });
const withAction = (action: object) => withStep({ on_enter: [action] });
const withExit = (condition: object) => withStep({ exit_conditions: [condition] });
const withRule = (rule: object) => withStep({ rules: [{ name: "r", ...rule }] });

describe("names", () => {
  it.each([
    "../../x",
    "../x",
    "/etc/passwd",
    "a/b",
    "a b",
    "",
    ".",
    "con\u0000",
    "..%2fx",
    "a".repeat(65),
    "__proto__.yaml",
  ])("%j is no workflow's and no agent's name", async (name) => {
    for (const kind of ["workflow", "agent"]) {
      const { code, message } = await refusalOf({ [kind]: name });
      expect(code).toBe(`unknown_${kind}`);
      expect(message).toContain("use 1 to 64 of A-Z, a-z, 0-9, _ and -");
    }
  });

  it("that nobody has are refused, with the nearest one", async () => {
    expect(await refusalOf({ workflow: "plan-exekute" })).toEqual({
      code: "unknown_workflow",
      message:
        'there is no workflow "plan-exekute": leave it out, or use one of list_agents; did you mean "plan-execute"?',
    });
    expect(await refusalOf({ agent: "reviewr" })).toEqual({
      code: "unknown_agent",
      message: 'there is no agent "reviewr": leave it out, or use one of list_agents; did you mean "reviewer"?',
    });
    for (const name of ["constructor", "__proto__", "toString"])
      expect((await refusalOf({ workflow: name })).code).toBe("unknown_workflow");
  });
});

describe("keys that a workflow does not have", () => {
  it.each<[string, object, RegExp]>([
    [
      "allowed_toolz",
      withStep({ allowed_toolz: [] }),
      /^:5:\d+: unknown key "allowed_toolz" in steps\.0; did you mean "allowed_tools"\?/,
    ],
    ["stepz", { stepz: [] }, /^:2:3: unknown key "stepz"; did you mean "steps"\?/],
    [
      "max_turn",
      { steps, settings: { max_turn: 3 } },
      /: unknown key "max_turn" in settings; did you mean "max_turns"\?/,
    ],
    [
      "contents",
      withAction({ action: "inject_message", contents: "x" }),
      /: unknown key "contents" in steps\.0\.on_enter\.0; did you mean "content"\?/,
    ],
    [
      "mincount",
      withExit({ type: "action_count", mincount: 3 }),
      /: unknown key "mincount" in .*; did you mean "min_count"\?/,
    ],
    ["massage", withRule({ action: "block", massage: "x" }), /: unknown key "massage" in .*; did you mean "message"\?/],
    [
      "on_transitions",
      withStep({ transitions: [{ to: "a", on_transitions: [] }] }),
      /: unknown key "on_transitions" in .*; did you mean "on_transition"\?/,
    ],
    [
      "conditon",
      { steps, on_premature_stop: { conditon: "true" } },
      /: unknown key "conditon" in on_premature_stop; did you mean "condition"\?/,
    ],
  ])("%s", async (_key, content, says) => {
    expect(await refusalOfWorkflow(content)).toMatch(says);
  });
});

describe("words of another system, with ours", () => {
  it.each<[string, object, string]>([
    ["phases", { phases: [] }, 'the stages of a workflow are "steps"'],
    ["triggers", { steps, triggers: {} }, "triggers belong to lifecycle workflows, which cannot be spawned"],
    [
      "a lifecycle workflow",
      { type: "lifecycle", steps },
      'workflows of type "lifecycle" cannot be spawned: use a step workflow, such as plan-execute',
    ],
    ["an unknown type", { type: "stepp", steps }, 'workflows of type "stepp" cannot be spawned'],
    ["guide_continuation", { steps, on_premature_stop: { action: "guide_continuation" } }, 'write "guide"'],
    ["call_mcp_tool", withAction({ action: "call_mcp_tool", server_name: "x", tool_name: "y" }), 'write "call_tool"'],
    ["inject_context", withAction({ action: "inject_context" }), 'write "inject_message"'],
    ["call_llm", withAction({ action: "call_llm" }), "there is no such action"],
    ["webhook", withAction({ action: "webhook" }), "there is no such action"],
    ["capture_artifact", withAction({ action: "capture_artifact" }), "complete(artifacts)"],
    ["tool_call", withExit({ type: "tool_call", tool: "x" }), 'write "tool_succeeded"'],
    ["artifact_exists", withExit({ type: "artifact_exists" }), "there is no such exit condition"],
    ["an expression's condition", withExit({ type: "expression", condition: "true" }), 'write "when"'],
  ])("%s", async (_word, content, says) => {
    const said = await refusalOfWorkflow(content);
    expect(said).toMatch(/^:\d+:\d+: /);
    expect(said).toContain(says);
  });
});

describe("what means nothing", () => {
  it.each<[string, object, RegExp]>([
    ["no steps", { steps: [] }, /steps/],
    ["no steps at all", {}, /steps/],
    ["a step twice", { steps: [{ name: "a" }, { name: "a" }] }, /there is already a step "a"/],
    [
      "a transition to nowhere",
      { steps: [{ name: "a", transitions: [{ to: "bb" }] }, { name: "b" }] },
      /there is no step "bb"; did you mean "b"\?/,
    ],
    ["an unknown exit condition", withExit({ type: "moon_is_full" }), /type/],
    ["an exit condition without a type", withExit({}), /type/],
    ["an unknown action", withAction({ action: "dance" }), /action/],
    ["an unknown rule action", withRule({ action: "forbid" }), /action/],
    ["a misspelt premature stop", { steps, on_premature_stop: { action: "guid" } }, /on_premature_stop\.action/],
    [
      "tools as one text",
      withStep({ allowed_tools: "effects__*" }),
      /allowed_tools has to be a list of tool patterns, or "all"/,
    ],
    ["a tool that is no pattern", withStep({ allowed_tools: ["Bash(git *)"] }), /arguments cannot be limited/],
    ["a number of calls that is none", withExit({ type: "action_count", min_count: 0 }), /min_count/],
    [
      "an unknown variable",
      withExit({ type: "variable_set", variable: "nobody" }),
      /nothing sets the variable "nobody"/,
    ],
    [
      "a variable of legwork's",
      withAction({ action: "set_variable", name: "can_spawn", value: true }),
      /legwork itself sets this variable/,
    ],
    [
      "a place that cannot be filled",
      withStep({ instructions: "{{ nobody }}" }),
      /\{\{ nobody \}\} cannot be filled in: nothing sets/,
    ],
    [
      "a place with logic",
      withStep({ instructions: "{{ variables.a | upper }}" }),
      /cannot be filled in: write \{\{ name \}\}/,
    ],
    [
      "a tool without its server",
      withAction({ action: "call_tool", tool: "read_lines" }),
      /name one tool with its server/,
    ],
    [
      "a schema that is none",
      { steps, settings: { output_schema: { type: "objekt" } } },
      /output_schema is not a JSON Schema/,
    ],
    ["another name than the file's", { name: "other", steps }, /the name "other" is not that of the file/],
    ["too many steps", { steps: Array.from({ length: 201 }, (_, n) => ({ name: `s${n}` })) }, /steps/],
    ["turns beyond measure", { steps, settings: { max_turns: 1e9 } }, /settings\.max_turns/],
  ])("%s", async (_what, content, says) => {
    const said = await refusalOfWorkflow(content);
    expect(said).toMatch(/^:\d+:\d+: /);
    expect(said).toMatch(says);
  });
});

describe("conditions", () => {
  it.each([
    ["no expression", "variables.a =="],
    ["another language", "variables.get('a') == None"],
    ["an unknown name", "tols == 'x'"],
    ["an unknown function", "tool_suceeded('x')"],
    ["one sign for two", "variables.a = 1"],
    ["no truth", "1 + 1"],
    ["a regular expression", "args.text.matches('(a+)+$')"],
    ["a loop", "[1, 2].all(x, x > 0)"],
    ["loops in loops", `${"[1,2,3].map(x, ".repeat(8)}x${")".repeat(8)}.size() > 0`],
    ["a depth beyond measure", `${"(".repeat(900)}true${")".repeat(900)}`],
    ["a length beyond measure", `true ${"or true ".repeat(400)}`],
    ["an escape", "variables.constructor.constructor('return process')()"],
    ["a variable that nothing sets", "variables.nobody > 1"],
    ["nothing", "  "],
  ])("%s is refused wherever it stands", async (_what, condition) => {
    const action = { action: "inject_message", content: "x", when: condition };
    for (const content of [
      withRule({ action: "block", when: condition }),
      { steps: [{ name: "a", transitions: [{ to: "b", when: condition }] }, { name: "b" }] },
      withExit({ type: "expression", when: condition }),
      withAction(action),
      { steps, exit_condition: condition },
      { steps, on_premature_stop: { condition } },
      { steps, on_error: [action] },
    ]) {
      const said = await refusalOfWorkflow(content);
      expect(said).toMatch(/^:\d+:\d+: /);
      expect(said).toContain("cannot be used: ");
    }
  });
});

describe("files that are none", () => {
  it.each<[string, string | Uint8Array, RegExp]>([
    ["broken YAML", "steps:\n  - name: a\n bad", /^:3:\d+: not valid YAML/],
    ["a tab for a space", "steps:\n\t- name: a", /^:2:\d+: not valid YAML/],
    ["a key twice", "steps: []\nsteps: []", /^:2:\d+: not valid YAML/],
    ["no UTF-8", new Uint8Array([0x73, 0xff, 0xfe, 0x0a]), /^: not UTF-8 text/],
    ["10 MB", `# ${"x".repeat(10_000_000)}\nsteps: [{name: a}]`, /^: larger than 1000000 bytes/],
    ["a list", "- steps", /^:1:1: /],
    ["one text", "steps", /^:1:1: /],
    ["nothing", "", /^:\d+:\d+: .*steps/],
    ["a depth beyond measure", `steps: ${"[".repeat(5_000)}`, /not valid YAML/],
    ["a prototype", "__proto__: { steps: [] }", /^:1:1: unknown key "__proto__"/],
    ["a tag", "steps: !!js/function 'function () {}'", /not valid YAML/],
  ])("%s", async (_what, content, says) => {
    expect(await refusalOfWorkflow(content)).toMatch(says);
  });

  it("a bomb of aliases costs neither time nor memory", async () => {
    const levels = Array.from(
      { length: 25 },
      (_, n) =>
        `l${n}: &l${n} [${
          n === 0
            ? "x"
            : Array(9)
                .fill(`*l${n - 1}`)
                .join(",")
        }]`,
    );
    expect(await refusalOfWorkflow(`variables:\n  ${levels.join("\n  ")}\nsteps: [{ name: a }]`)).toMatch(
      /not valid YAML: .*alias/,
    );
    const few = Array.from(
      { length: 3 },
      (_, n) =>
        `l${n}: &l${n} [${
          n === 0
            ? "x"
            : Array(9)
                .fill(`*l${n - 1}`)
                .join(",")
        }]`,
    );
    expect(await refusalOfWorkflow(`bomb:\n  ${few.join("\n  ")}\nsteps: [{ name: a }]`)).toMatch(
      /^:\d+:\d+: |unknown key "bomb"/,
    );
  });

  it("a link that leads out, a folder, and two files of one name", async () => {
    const outside = stage.write("elsewhere.yaml", "steps: [{ name: a }]");
    const link = join(stage.bench.home, "workflows", "link.yaml");
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(outside, link);
    expect((await refusalOf({ workflow: "link" })).message).toContain("is a link that leads out of its folder");
    mkdirSync(join(stage.bench.home, "workflows", "folder.yaml"));
    expect((await refusalOf({ workflow: "folder" })).message).toContain("folder.yaml: ");
    stage.write("workflows/twin.yaml", "steps: [{ name: a }]");
    stage.write("workflows/twin.yml", "steps: [{ name: b }]");
    expect((await refusalOf({ workflow: "twin" })).message).toContain("has the same name: keep one of both");
  });
});

describe("extends", () => {
  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    [
      "a parent that is not there",
      { kid: "extends: nobody\nsteps: [{ name: a }]" },
      /kid\.yaml:1:1: there is no workflow "nobody" to extend/,
    ],
    ["itself", { kid: "extends: kid\nsteps: [{ name: a }]" }, /kid\.yaml:1:1: the workflow "kid" extends itself/],
    [
      "a circle of two",
      { kid: "extends: aunt\n", aunt: "extends: kid\n" },
      /aunt\.yaml:1:1: workflows extend each other in a circle: kid -> aunt -> kid/,
    ],
    [
      "a circle further on",
      { kid: "extends: c1\n", c1: "extends: c2\n", c2: "extends: c1\n" },
      /c2\.yaml:1:1: .*circle: kid -> c1 -> c2 -> c1/,
    ],
    [
      "a path",
      { kid: "extends: ../../etc/passwd\nsteps: [{ name: a }]" },
      /kid\.yaml:1:1: there is no workflow "\.\.\/\.\.\/etc\/passwd"/,
    ],
    ["a list", { kid: "extends: [a, b]\nsteps: [{ name: a }]" }, /kid\.yaml:1:1: /],
    [
      "a broken parent",
      { kid: "extends: bad\n", bad: "steps: [{ name: a, allowed_toolz: [] }]" },
      /bad\.yaml:1:20: unknown key "allowed_toolz"/,
    ],
    [
      "a child that breaks its parent",
      { kid: "extends: fine\nsteps:\n  - name: a\n    transitions: [{ to: z }]\n", fine: "steps: [{ name: a }]" },
      /kid\.yaml:4:\d+: there is no step "z"/,
    ],
  ])("%s", async (_what, files, says) => {
    for (const [name, content] of Object.entries(files)) stage.put(content, name);
    const { code, message } = await refusalOf({ workflow: "kid" });
    expect(code).toBe("configuration");
    expect(message).toMatch(says);
  });

  it("more files than anybody follows", async () => {
    for (let n = 0; n < 12; n++) stage.put(`extends: chain-${n + 1}\n`, `chain-${n}`);
    expect((await refusalOf({ workflow: "chain-0" })).message).toMatch(
      /chain-9\.yaml:1:1: workflows extend each other over at most 10 files/,
    );
  });
});

describe("agents", () => {
  it.each<[string, string, string | Uint8Array, RegExp]>([
    ["an unknown key", "one.yaml", "toolz: []", /one\.yaml:1:1: unknown key "toolz"; did you mean "tools"\?/],
    ["broken YAML", "two.yaml", "tools: [", /two\.yaml:\d+:\d+: not valid YAML/],
    ["no UTF-8", "three.yaml", new Uint8Array([0xff, 0xfe]), /three\.yaml: not UTF-8 text/],
    ["10 MB", "four.md", `---\ndescription: d\n---\n${"x".repeat(10_000_000)}`, /four\.md: larger than/],
    ["no front matter", "five.md", "You are an agent.", /five\.md:1:1: an agent's file begins with its fields/],
    ["front matter without end", "six.md", "---\ndescription: d\n", /six\.md:1:1: the front matter does not end/],
    [
      "a workflow that is not there",
      "seven.yaml",
      "workflow: nobody",
      /seven\.yaml:1:1: there is no workflow "nobody"/,
    ],
    [
      "a prompt twice",
      "eight.md",
      "---\nprompt: x\n---\ny\n",
      /eight\.md:2:1: there is text under the front matter too/,
    ],
  ])("%s", async (_what, file, content, says) => {
    stage.write(`agents/${file}`, content);
    const { code, message } = await refusalOf({ agent: file.replace(/\..*/, "") });
    expect(code).toBe("configuration");
    expect(message).toMatch(says);
  });

  it("whose workflow is broken are refused with the workflow's place", async () => {
    const workflow = stage.put("steps: 5");
    stage.write("agents/follower.yaml", `workflow: ${workflow}`);
    expect((await refusalOf({ agent: "follower" })).message).toMatch(new RegExp(`${workflow}\\.yaml:1:1: `));
  });
});

it("a broken file next to a sound one does no harm, and a mended one is read again", async () => {
  const broken = stage.put("steps: 5");
  await refusalOf({ workflow: broken });
  stage.put("steps: [{ name: a }]", broken);
  rehearse(stage.bench, "sound", [completes()]);
  const missing = await refusalOf({ workflow: broken, model: "not-there" });
  expect(missing.code).toBe("unknown_model"); // the workflow is fine now; only the script is not there
});
