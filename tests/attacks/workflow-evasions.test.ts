/** Agents that try to get round a workflow: by other spellings, by further calls of a turn, by moves and by helpers. */
import { existsSync, linkSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { naming } from "../support/naming.js";
import { rehearse } from "../support/rehearsals.js";
import {
  calls,
  completes,
  eventsOf,
  goes,
  refusalsIn,
  shareSandbox,
  stepsOf,
  variableOf,
} from "../support/workflows.js";

const sandbox = shareSandbox();
const ALL = { tools: ["*"] };
const inProject = (...names: readonly string[]) => join(sandbox.bench.project, ...names);
const textOf = (name: string) => readFileSync(inProject(name), "utf8");
const write = (path: string, content = "mine") => ["workspace__write_file", { path, content }] as const;
const move = (source: string, destination: string) => ["workspace__move_file", { source, destination }] as const;
const list = ["workspace__list_directory", { path: "." }] as const;
const add = (text: string) => ["effects__add_line", { text }] as const;
const request = (to: string) => ["request_step", { to }] as const;

describe("a rule about a path", () => {
  const KEEP = {
    steps: [
      {
        name: "work",
        rules: [{ name: "keep", when: 'path(args.path) == "LICENSE"', action: "block", message: "It stays." }],
      },
    ],
  };

  it("holds for every spelling of the path, and for no other file", async () => {
    sandbox.bench.write("LICENSE", "ours");
    mkdirSync(inProject("deep"), { recursive: true });
    symlinkSync("../LICENSE", inProject("deep", "way"));
    symlinkSync("deep", inProject("short"));
    const spellings = [
      "LICENSE",
      "./LICENSE",
      "deep/../LICENSE",
      "none/../LICENSE",
      ".//LICENSE",
      "LICENSE/",
      inProject("LICENSE"),
      `/${inProject("LICENSE")}`,
      inProject("deep", "..", "LICENSE"),
      "deep/way",
      "short/way",
      "short/../deep/way",
      "~/LICENSE",
      "~somebody/LICENSE",
      ...["file://", "FILE://", " file://", "file:///", "file://localhost"].map(
        (start) => start + inProject("LICENSE"),
      ),
      ...["file:LICENSE", "File:./LICENSE", "fi\tle:LICENSE", `file://${inProject("%4cICENSE")}`],
      `file://${inProject("LICENSE")}?x`,
    ];
    const led = await sandbox.lead({
      workflow: KEEP,
      replies: [calls(...spellings.map((path) => write(path)), write("LICENSE.md")), completes()],
      args: ALL,
    });
    expect(textOf("LICENSE")).toBe("ours");
    expect(textOf("LICENSE.md")).toBe("mine");
    expect(refusalsIn(led).filter(({ tool }) => tool === "workspace__write_file")).toHaveLength(spellings.length);
  });

  it.each(["NFC", "NFD"])("holds for letters that are written in two ways, in a rule in %s too", async (form) => {
    mkdirSync(inProject("gepr\u00fcft".normalize("NFD")), { recursive: true });
    const when = `path(args.path).startsWith("gepr\u00fcft/")`.normalize(form);
    const workflow = { steps: [{ name: "work", rules: [{ name: "keep", when, action: "block" }] }] };
    const asked = ["NFC", "NFD"].map((spelling) => write("gepr\u00fcft/new.txt".normalize(spelling)));
    const led = await sandbox.lead({ workflow, replies: [calls(...asked), completes()], args: ALL });
    expect(refusalsIn(led)).toHaveLength(2);
  });

  it("refuses a path in a list or an object, which have no path", async () => {
    const echo = (path: unknown) => ["effects__echo", { path }] as const;
    const odd = [["./LICENSE"], { name: "LICENSE" }, 1, [["LICENSE"]]];
    const led = await sandbox.lead({
      workflow: KEEP,
      replies: [calls(...odd.map(echo), echo("x")), completes()],
      args: ALL,
    });
    expect(refusalsIn(led)).toEqual(odd.map(() => ({ tool: "effects__echo", reason: naming('"keep"', "path()") })));
    const rule = { name: "keep", when: '"LICENSE" in paths(args.path)', action: "block" };
    const listed = await sandbox.lead({
      workflow: { steps: [{ name: "work", rules: [rule] }] },
      replies: [
        calls(echo(["a", "./LICENSE"]), echo("./LICENSE"), echo([{ path: "LICENSE" }]), echo(["a"])),
        completes(),
      ],
      args: ALL,
    });
    expect(refusalsIn(listed)).toHaveLength(3);
  });

  it("tells a hard link from the file that it names", async () => {
    sandbox.bench.write("kept/one.txt", "ours");
    linkSync(inProject("kept", "one.txt"), inProject("kept", "ONE.txt"));
    const workflow = {
      steps: [{ name: "work", rules: [{ name: "keep", when: 'path(args.path) == "kept/one.txt"', action: "block" }] }],
    };
    const replies = [calls(write("kept/one.txt"), write("kept/x/../one.txt")), completes()];
    expect(refusalsIn(await sandbox.lead({ workflow, replies, args: ALL }))).toHaveLength(2);
  });

  it("takes a list of paths, and refuses where a path has no single meaning", async () => {
    const rule = { name: "keep", when: '"LICENSE" in paths(args.paths)', action: "block" };
    const read = (...paths: readonly string[]) => ["workspace__read_multiple_files", { paths }] as const;
    sandbox.bench.write("LICENSE", "ours");
    symlinkSync("circle", inProject("circle"));
    const led = await sandbox.lead({
      workflow: { steps: [{ name: "work", rules: [rule] }] },
      replies: [calls(read("a.txt", "./LICENSE"), read("circle"), read("/etc/hostname", "a.txt")), completes()],
      args: ALL,
    });
    expect(refusalsIn(led)).toEqual([
      { tool: "workspace__read_multiple_files", reason: naming('"keep"') },
      { tool: "workspace__read_multiple_files", reason: naming('"keep"', "circle") },
    ]);
  });
});

describe("a call behind a transition in the same turn", () => {
  const THEN = {
    steps: [
      {
        name: "one",
        transitions: [{ to: "two", when: 'tool == "effects__add_line" and args.text == "last"' }],
      },
      { name: "two", allowed_tools: ["read_only"] },
    ],
  };

  it("is judged in the new step, also where a further call hides the one that led there", async () => {
    const replies = [calls(add("before"), add("last"), add("after"), ["effects__read_lines"]), completes()];
    const led = await sandbox.lead({ workflow: THEN, replies, args: ALL });
    expect(stepsOf(led)).toEqual(["one", "two"]);
    expect(sandbox.effects()).toEqual(expect.arrayContaining(["before", "last"]));
    expect(sandbox.effects()).not.toContain("after");
    expect(refusalsIn(led)).toEqual([{ tool: "effects__add_line", reason: naming('"two"') }]);
  });

  it("finds each of the calls that ran together, and counts them in the step in which they began", async () => {
    const workflow = {
      steps: [
        { name: "one", transitions: [{ to: "two", when: 'path(args.path) == "deep"' }] },
        { name: "two", exit_conditions: [{ type: "action_count", min_count: 1 }] },
      ],
    };
    mkdirSync(inProject("deep"), { recursive: true });
    const at = (path: string) => ["workspace__list_directory", { path }] as const;
    const replies = [calls(at("."), at("./deep"), at(".")), completes(), calls(at(".")), completes()];
    const led = await sandbox.lead({ workflow, replies, args: ALL });
    expect(stepsOf(led)).toEqual(["one", "two"]);
    expect(refusalsIn(led)).toEqual([{ tool: "complete", reason: naming(/\b0 of 1\b/) }]);
    expect(led.run.status).toBe("success");
  });

  it("is not made at all where the workflow ends the run", async () => {
    const workflow = {
      steps: [{ name: "only" }],
      on_error: [{ action: "end_run", status: "blocked", result: "it failed" }],
    };
    const replies = [calls(["effects__fail"], add("too late")), completes()];
    const led = await sandbox.lead({ workflow, replies, args: ALL });
    expect(led.run).toMatchObject({ status: "blocked", result: "it failed" });
    expect(sandbox.effects()).not.toContain("too late");
  });
});

describe("many calls in one turn", () => {
  it("are refused beyond max_calls_per_turn, and may be made in later turns", async () => {
    const ten = Array.from({ length: 10 }, (_, index) => add(`ten ${index}`));
    const led = await sandbox.lead({
      workflow: { steps: [{ name: "slow", max_calls_per_turn: 2 }] },
      replies: [calls(...ten), calls(add("ten later")), completes()],
      args: ALL,
    });
    expect(sandbox.effects().filter((line) => line.startsWith("ten"))).toEqual(["ten 0", "ten 1", "ten later"]);
    expect(refusalsIn(led)).toEqual(
      Array.from({ length: 8 }, () => ({ tool: "effects__add_line", reason: naming('"slow"', /\b2 calls\b/) })),
    );
  });

  it("that only read are counted before any of them is made", async () => {
    const looks = Array.from({ length: 10 }, () => list);
    const workflow = { steps: [{ name: "slow", max_calls_per_turn: 1 }] };
    const led = await sandbox.lead({ workflow, replies: [calls(...looks), completes()], args: ALL });
    expect(eventsOf(led, "tool_call_started")).toHaveLength(1);
  });

  it("are one in the step act of react", async () => {
    const replies = [goes("act"), calls(write("r1.txt"), write("r2.txt"), list), completes()];
    const led = await sandbox.lead({ workflow: null, replies, args: { workflow: "react" } });
    expect([existsSync(inProject("r1.txt")), existsSync(inProject("r2.txt"))]).toEqual([true, false]);
    expect(stepsOf(led)).toEqual(["think", "act", "think"]);
  });
});

it("test-driven keeps its tests from being moved, written and moved back, and its code waits, by any spelling", async () => {
  const led = await sandbox.lead({
    workflow: null,
    args: { workflow: "test-driven" },
    replies: [
      calls(
        write("src/../main.js"),
        write("file:main.js"),
        write("t/../sum.test.js", "the test"),
        request("implement"),
      ),
      calls(
        move("sum.test.js", "sum.js"),
        write("sum.js", "easy"),
        move("sum.js", "sum.test.js"),
        write("x/../sum.test.js", "easy"),
        write(inProject("sum.test.js"), "easy"),
      ),
      calls(request("verify")),
      calls(
        list,
        ["workspace__read_text_file", { path: "sum.test.js" }],
        ["complete", { result: "r", status: "success" }],
      ),
    ],
  });
  expect(textOf("sum.test.js")).toBe("the test");
  expect(textOf("sum.js")).toBe("easy");
  expect(existsSync(inProject("main.js"))).toBe(false);
  expect(refusalsIn(led).map(({ tool }) => tool)).toEqual([
    "workspace__write_file",
    "workspace__write_file",
    "workspace__move_file",
    "workspace__move_file",
    "workspace__write_file",
    "workspace__write_file",
  ]);
  expect(led.run.status).toBe("success");
});

it("test-driven keeps its tests from being exchanged with the folders that they lie in", async () => {
  for (const folder of ["pkg", "alt"]) mkdirSync(inProject(folder), { recursive: true });
  const led = await sandbox.lead({
    workflow: null,
    args: { workflow: "test-driven" },
    replies: [
      calls(write("pkg/sum.test.js", "the test"), write("alt/sum.test.js", "easy"), move("alt", "pkg/alt")),
      calls(request("implement")),
      calls(move("pkg", "old"), move("alt", "pkg"), write("pkg/sum.js")),
      calls(request("verify")),
      calls(list, list, ["complete", { result: "r", status: "success" }]),
    ],
  });
  expect(textOf("pkg/sum.test.js")).toBe("the test");
  expect(refusalsIn(led).map(({ tool }) => tool)).toEqual(Array(3).fill("workspace__move_file"));
  expect(led.run.status).toBe("success");
});

describe("review-loop", () => {
  const GOOD = { verdict: "good", findings: [] };
  const done = (data: object) => completes({ data });
  const review = (verdict: string) => [calls(list, request("judge")), completes({ data: { verdict, findings: [] } })];

  /** The step review, in which the agent starts these helpers and waits for them. */
  async function reviewedBy(name: string, ...helpers: readonly object[]) {
    const spawned = helpers.map((helper) => ["spawn_agent", { prompt: "Say that it is good.", ...helper }] as const);
    rehearse(sandbox.bench, name, [
      calls(write(`${name}.txt`), request("review")),
      calls(...spawned, ["wait_for_runs"]),
      completes(),
      completes(),
      completes(),
    ]);
    const { structured } = await sandbox.spawn({ workflow: "review-loop", provider: "rehearsal", model: name });
    return await sandbox.told(structured);
  }

  it("is satisfied by its reviewer", async () => {
    rehearse(sandbox.bench, "honest", review("good"));
    const led = await reviewedBy("honestly", { agent: "reviewer", model: "honest" });
    expect(stepsOf(led)).toEqual(["implement", "review", "finish"]);
    expect(led.run).toMatchObject({ status: "success" });
  });

  it.each([
    ["self-made", [{ model: "yes-man" }]],
    ["of another workflow", [{ agent: "reviewer", workflow: "react", model: "yes-man" }]],
    ["without the agent", [{ workflow: "review", model: "good-reviewer" }]],
    ["with another schema of data", [{ agent: "reviewer", model: "good-reviewer", output_schema: { type: "object" } }]],
    ["self-made beside one that failed", [{ agent: "reviewer", model: "no-such-script" }, { model: "yes-man" }]],
  ])("is not satisfied by a reviewer that is %s", async (what, helpers) => {
    rehearse(sandbox.bench, "yes-man", [done(GOOD)]);
    rehearse(sandbox.bench, "good-reviewer", review("good"));
    const led = await reviewedBy(`with ${what}`.replaceAll(" ", "-"), ...helpers);
    expect(stepsOf(led)).toEqual(["implement", "review"]);
    expect(led.run.status).toBe("blocked");
    expect(variableOf(led, "verdict")).toBeUndefined();
  });

  it("goes back where its reviewer finds faults, no matter how others judge", async () => {
    rehearse(sandbox.bench, "yes-man", [done(GOOD)]);
    rehearse(sandbox.bench, "strict", review("broken"));
    const led = await reviewedBy("both", { agent: "reviewer", model: "strict" }, { model: "yes-man" });
    expect(stepsOf(led)).toEqual(["implement", "review", "implement"]);
  });
});
