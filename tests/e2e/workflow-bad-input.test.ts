/** Definitions and names that cannot be understood: refused with their place, before anything is written. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { naming } from "../support/naming.js";
import { rehearse } from "../support/rehearsals.js";
import { completes, shareSandbox } from "../support/workflows.js";

const sandbox = shareSandbox();

/** What a call is refused with; nothing is written then. */
async function refusalOf(args: Record<string, unknown>): Promise<{ code: string; message: string }> {
  const begun = performance.now();
  const { isError, structured } = await sandbox.spawn({ provider: "rehearsal", wait_seconds: 0, ...args });
  expect(isError, JSON.stringify(structured)).toBe(true);
  expect(performance.now() - begun).toBeLessThan(20_000);
  return structured.error;
}

async function refusalOfWorkflow(content: string | object | Uint8Array): Promise<string> {
  const name = sandbox.put("");
  const file = sandbox.write(`workflows/${name}.yaml`, content instanceof Uint8Array ? content : textOf(content));
  const { code, message } = await refusalOf({ workflow: name });
  expect(code).toBe("configuration");
  expect(message.startsWith(file), message).toBe(true);
  return message.slice(file.length);
}

const textOf = (content: string | object) => (typeof content === "string" ? content : JSON.stringify(content, null, 1));

afterEach(async () => {
  expect((await sandbox.host.call("list_runs", { scope: "all" })).structured.runs).toEqual([]);
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
    ".",
    "con\u0000",
    "..%2fx",
    "a".repeat(65),
    "__proto__.yaml",
  ])("%j is no workflow's and no agent's name", async (name) => {
    const workflow = await refusalOf({ workflow: name });
    expect(workflow).toEqual({ code: "unknown_workflow", message: naming(/\b64\b/, "A-Z", "0-9") });
    const agent = await refusalOf({ agent: name }); // names of agents may be of any kind
    expect(agent).toEqual({ code: "unknown_agent", message: naming("list_agents") });
  });

  it("that no definition has are refused, with the nearest one", async () => {
    expect(await refusalOf({ workflow: "plan-exekute" })).toEqual({
      code: "unknown_workflow",
      message: naming('"plan-exekute"', "list_agents", '"plan-execute"'),
    });
    expect(await refusalOf({ agent: "reviewr" })).toEqual({
      code: "unknown_agent",
      message: naming('"reviewr"', "list_agents", '"reviewer"'),
    });
    for (const name of ["constructor", "__proto__", "toString"])
      expect((await refusalOf({ workflow: name })).code).toBe("unknown_workflow");
  });
});

describe("spawn_agent refuses a key that a workflow does not have, with the nearest one", () => {
  it.each<[key: string, nearest: string, content: object, ...facts: (string | RegExp)[]]>([
    ["allowed_toolz", "allowed_tools", withStep({ allowed_toolz: [] }), /^:5:\d+: /, "steps.0"],
    ["stepz", "steps", { stepz: [] }, /^:2:3: /],
    ["max_turn", "max_turns", { steps, settings: { max_turn: 3 } }, /\bsettings\b/],
    ["contents", "content", withAction({ action: "inject_message", contents: "x" }), "steps.0.on_enter.0"],
    ["mincount", "min_count", withExit({ type: "action_count", mincount: 3 }), "steps.0"],
    ["massage", "message", withRule({ action: "block", massage: "x" }), "steps.0"],
    ["on_transitions", "on_transition", withStep({ transitions: [{ to: "a", on_transitions: [] }] }), "steps.0"],
    ["conditon", "condition", { steps, on_premature_stop: { conditon: "true" } }, "on_premature_stop"],
  ])("%s", async (key, nearest, content, ...facts) => {
    expect(await refusalOfWorkflow(content)).toEqual(naming(/^:\d+:\d+: /, `"${key}"`, `"${nearest}"`, ...facts));
  });
});

describe("spawn_agent refuses a word of another system, with the word that legwork uses", () => {
  it.each<[string, object, readonly string[]]>([
    ["phases", { phases: [] }, ['"steps"']],
    ["triggers", { steps, triggers: {} }, ["triggers", "lifecycle"]],
    ["a lifecycle workflow", { type: "lifecycle", steps }, ['"lifecycle"', "plan-execute"]],
    ["an unknown type", { type: "stepp", steps }, ['"stepp"', "plan-execute"]],
    ["guide_continuation", { steps, on_premature_stop: { action: "guide_continuation" } }, ['"guide"']],
    ["call_mcp_tool", withAction({ action: "call_mcp_tool", server_name: "x", tool_name: "y" }), ['"call_tool"']],
    ["inject_context", withAction({ action: "inject_context" }), ['"inject_message"']],
    ["call_llm", withAction({ action: "call_llm" }), ['"inject_message"']],
    ["webhook", withAction({ action: "webhook" }), ['"call_tool"']],
    ["capture_artifact", withAction({ action: "capture_artifact" }), ["complete(artifacts)"]],
    ["tool_call", withExit({ type: "tool_call", tool: "x" }), ['"tool_succeeded"']],
    ["artifact_exists", withExit({ type: "artifact_exists" }), ['"tool_succeeded"']],
    ["an expression's condition", withExit({ type: "expression", condition: "true" }), ['"when"']],
  ])("%s", async (_word, content, facts) => {
    expect(await refusalOfWorkflow(content)).toEqual(naming(/^:\d+:\d+: /, ...facts));
  });
});

describe("spawn_agent refuses a workflow that means nothing", () => {
  it.each<[string, object, readonly string[]]>([
    ["no steps", { steps: [] }, ["steps"]],
    ["no steps at all", {}, ["steps"]],
    ["a step twice", { steps: [{ name: "a" }, { name: "a" }] }, ['step "a"']],
    [
      "a transition to nowhere",
      { steps: [{ name: "a", transitions: [{ to: "bb" }] }, { name: "b" }] },
      ['"bb"', '"b"'],
    ],
    ["an unknown exit condition", withExit({ type: "moon_is_full" }), ["type"]],
    ["an exit condition without a type", withExit({}), ["type"]],
    ["an unknown action", withAction({ action: "dance" }), ["action"]],
    ["an unknown rule action", withRule({ action: "forbid" }), ["action"]],
    ["a misspelt premature stop", { steps, on_premature_stop: { action: "guid" } }, ["on_premature_stop.action"]],
    ["tools as one text", withStep({ allowed_tools: "effects__*" }), ["allowed_tools", '"all"']],
    ["a tool that is no pattern", withStep({ allowed_tools: ["Bash(git *)"] }), ["Bash(git *)", "arguments"]],
    ["a number of calls that is none", withExit({ type: "action_count", min_count: 0 }), ["min_count"]],
    ["an unknown variable", withExit({ type: "variable_set", variable: "nobody" }), ['"nobody"']],
    [
      "a variable of legwork's",
      withAction({ action: "set_variable", name: "can_spawn", value: true }),
      ["steps.0.on_enter.0.name", "variable"],
    ],
    ["a place that cannot be filled", withStep({ instructions: "{{ nobody }}" }), ["{{ nobody }}"]],
    [
      "a place with logic",
      withStep({ instructions: "{{ variables.a | upper }}" }),
      ["{{ variables.a | upper }}", "{{ name }}"],
    ],
    [
      "a tool without its server",
      withAction({ action: "call_tool", tool: "read_lines" }),
      ["steps.0.on_enter.0.tool", '"workspace__read_text_file"'],
    ],
    [
      "a schema that is none",
      { steps, settings: { output_schema: { type: "objekt" } } },
      ["output_schema", "JSON Schema"],
    ],
    ["another name than the file's", { name: "other", steps }, ['"other"', "name"]],
    ["too many steps", { steps: Array.from({ length: 201 }, (_, n) => ({ name: `s${n}` })) }, ["steps"]],
    ["turns beyond measure", { steps, settings: { max_turns: 1e9 } }, ["settings.max_turns"]],
  ])("%s", async (_what, content, facts) => {
    expect(await refusalOfWorkflow(content)).toEqual(naming(/^:\d+:\d+: /, ...facts));
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
  ])("spawn_agent refuses %s wherever it stands", async (_what, condition) => {
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
      expect(await refusalOfWorkflow(content)).toEqual(naming(/^:\d+:\d+: /, "condition"));
    }
  });
});

describe("spawn_agent refuses a file that holds no workflow", () => {
  it.each<[string, string | Uint8Array, ...(string | RegExp)[]]>([
    ["broken YAML", "steps:\n  - name: a\n bad", /^:3:\d+: /, "YAML"],
    ["a tab for a space", "steps:\n\t- name: a", /^:2:\d+: /, "YAML"],
    ["a key twice", "steps: []\nsteps: []", /^:2:\d+: /, "YAML"],
    ["no UTF-8", new Uint8Array([0x73, 0xff, 0xfe, 0x0a]), /^: /, "UTF-8"],
    ["10 MB", `# ${"x".repeat(10_000_000)}\nsteps: [{name: a}]`, /^: /, "1000000 bytes"],
    ["a list", "- steps", /^:1:1: /],
    ["one text", "steps", /^:1:1: /],
    ["nothing", "", /^:\d+:\d+: .*steps/],
    ["a depth beyond measure", `steps: ${"[".repeat(5_000)}`, "YAML"],
    ["a prototype", "__proto__: { steps: [] }", /^:1:1: /, '"__proto__"'],
    ["a tag", "steps: !!js/function 'function () {}'", "YAML"],
  ])("%s", async (_what, content, ...facts) => {
    expect(await refusalOfWorkflow(content)).toEqual(naming(...facts));
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
    expect(await refusalOfWorkflow(`variables:\n  ${levels.join("\n  ")}\nsteps: [{ name: a }]`)).toEqual(
      naming("YAML", "alias"),
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
    expect(await refusalOfWorkflow(`bomb:\n  ${few.join("\n  ")}\nsteps: [{ name: a }]`)).toMatch(/^:\d+:\d+: /);
  });

  it("a folder, and two files of one name", async () => {
    mkdirSync(join(sandbox.bench.home, "workflows", "folder.yaml"), { recursive: true });
    expect((await refusalOf({ workflow: "folder" })).message).toContain("folder.yaml: ");
    sandbox.write("workflows/twin.yaml", "steps: [{ name: a }]");
    sandbox.write("workflows/twin.yml", "steps: [{ name: b }]");
    expect((await refusalOf({ workflow: "twin" })).message).toEqual(naming("twin.yaml", "twin.yml"));
  });
});

describe("spawn_agent refuses a workflow that extends", () => {
  it.each<[string, Readonly<Record<string, string>>, ...(string | RegExp)[]]>([
    [
      "a parent that is not there",
      { kid: "extends: nobody\nsteps: [{ name: a }]" },
      "kid.yaml:1:1: ",
      'workflow "nobody"',
    ],
    ["itself", { kid: "extends: kid\nsteps: [{ name: a }]" }, "kid.yaml:1:1: ", 'workflow "kid"'],
    ["a circle of two", { kid: "extends: aunt\n", aunt: "extends: kid\n" }, "aunt.yaml:1:1: ", "kid -> aunt -> kid"],
    [
      "a circle further on",
      { kid: "extends: c1\n", c1: "extends: c2\n", c2: "extends: c1\n" },
      "c2.yaml:1:1: ",
      "kid -> c1 -> c2 -> c1",
    ],
    ["a path", { kid: "extends: ../../etc/passwd\nsteps: [{ name: a }]" }, "kid.yaml:1:1: ", '"../../etc/passwd"'],
    ["a list", { kid: "extends: [a, b]\nsteps: [{ name: a }]" }, "kid.yaml:1:1: "],
    [
      "a broken parent",
      { kid: "extends: bad\n", bad: "steps: [{ name: a, allowed_toolz: [] }]" },
      "bad.yaml:1:20: ",
      '"allowed_toolz"',
    ],
    [
      "a parent that it breaks",
      { kid: "extends: fine\nsteps:\n  - name: a\n    transitions: [{ to: z }]\n", fine: "steps: [{ name: a }]" },
      /kid\.yaml:4:\d+: /,
      'step "z"',
    ],
  ])("%s", async (_what, files, ...facts) => {
    for (const [name, content] of Object.entries(files)) sandbox.put(content, name);
    const { code, message } = await refusalOf({ workflow: "kid" });
    expect(code).toBe("configuration");
    expect(message).toEqual(naming(...facts));
  });

  it("over more than 10 files", async () => {
    for (let n = 0; n < 12; n++) sandbox.put(`extends: chain-${n + 1}\n`, `chain-${n}`);
    expect((await refusalOf({ workflow: "chain-0" })).message).toEqual(naming("chain-9.yaml:1:1: ", /\b10\b/));
  });
});

describe("spawn_agent refuses an agent's file with", () => {
  it.each<[string, string, string | Uint8Array, ...(string | RegExp)[]]>([
    ["an unknown key", "one.yaml", "toolz: []", "one.yaml:1:1: ", '"toolz"', '"tools"'],
    ["broken YAML", "two.yaml", "tools: [", /two\.yaml:\d+:\d+: /, "YAML"],
    ["no UTF-8", "three.yaml", new Uint8Array([0xff, 0xfe]), "three.yaml: ", "UTF-8"],
    ["10 MB", "four.md", `---\ndescription: d\n---\n${"x".repeat(10_000_000)}`, "four.md: ", "1000000 bytes"],
    ["no front matter", "five.md", "You are an agent.", "five.md:1:1: ", '"---"'],
    ["front matter without end", "six.md", "---\ndescription: d\n", "six.md:1:1: ", '"---"'],
    ["a workflow that is not there", "seven.yaml", "workflow: nobody", "seven.yaml:1:1: ", 'workflow "nobody"'],
    ["a prompt twice", "eight.md", "---\nprompt: x\n---\ny\n", "eight.md:2:1: ", "front matter"],
  ])("%s", async (_what, file, content, ...facts) => {
    sandbox.write(`agents/${file}`, content);
    const { code, message } = await refusalOf({ agent: file.replace(/\..*/, "") });
    expect(code).toBe("configuration");
    expect(message).toEqual(naming(...facts));
  });

  it("a workflow that is broken, and names the workflow's place", async () => {
    const workflow = sandbox.put("steps: 5");
    sandbox.write("agents/follower.yaml", `workflow: ${workflow}`);
    expect((await refusalOf({ agent: "follower" })).message).toMatch(new RegExp(`${workflow}\\.yaml:1:1: `));
  });
});

it("a broken file next to a sound one does no harm, and a mended one is read again", async () => {
  const broken = sandbox.put("steps: 5");
  await refusalOf({ workflow: broken });
  sandbox.put("steps: [{ name: a }]", broken);
  rehearse(sandbox.bench, "sound", [completes()]);
  const missing = await refusalOf({ workflow: broken, model: "not-there" });
  expect(missing.code).toBe("unknown_model"); // the workflow is fine now; only the script is not there
});
