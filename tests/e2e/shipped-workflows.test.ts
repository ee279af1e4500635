/** Each shipped workflow and agent, from the wire to its end, with the shipped workspace server. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { rehearse, type ScriptedReply } from "../support/rehearsals.js";
import { calls, completes, goes, refusalsIn, refused, shareSandbox, stepsOf } from "../support/workflows.js";

const sandbox = shareSandbox();

const list = ["workspace__list_directory", { path: "." }] as const;
const read = (path: string) => ["workspace__read_text_file", { path }] as const;
const write = (path: string) => ["workspace__write_file", { path, content: `This is ${path}.` }] as const;
const request = (to: string) => ["request_step", { to }] as const;
const complete = ["complete", { result: "too early", status: "success" }] as const;
const finding = { file: "notes.txt", line: 1, severity: "low", problem: "It says nothing." };

interface Tour {
  readonly name: string;
  /** The first turn: a call that the step forbids, a step that may not be entered yet, an end that is too early. */
  readonly tries: ScriptedReply;
  readonly refusals: readonly ReturnType<typeof refused>[];
  readonly replies: readonly ScriptedReply[];
  readonly steps: readonly string[];
  /** A file that the run writes. */
  readonly makes?: string;
  readonly data?: object;
}

const TOURS: readonly Tour[] = [
  {
    name: "plan-execute",
    tries: calls(write("early.txt"), request("check"), complete),
    refusals: [
      refused("workspace__write_file", '"plan"', "plan-execute"),
      refused("request_step", '"check"', '"execute"'),
      refused("complete", /\b0\b.*\b1\b/, '"plan"'),
    ],
    replies: [
      calls(list, request("execute")),
      calls(write("plan-execute.txt"), request("check")),
      calls(read("plan-execute.txt"), ["complete", { result: "written", status: "success" }]),
    ],
    steps: ["plan", "execute", "check"],
    makes: "plan-execute.txt",
  },
  {
    name: "research",
    tries: calls(write("early.txt"), request("answer"), complete),
    refusals: [
      refused("workspace__write_file", '"gather"', "research"),
      refused("request_step", '"gather"', /\b3 places\b/),
      refused("complete", /\b3 places\b/, '"gather"'),
    ],
    replies: [calls(list, read("notes.txt"), ["workspace__list_allowed_directories"]), goes("answer"), completes()],
    steps: ["gather", "answer"],
  },
  {
    name: "test-driven",
    tries: calls(write("early.txt"), request("verify"), complete),
    refusals: [
      refused("workspace__write_file", '"tests first"'),
      refused("request_step", '"verify"', '"implement"'),
      refused("complete", "no test", '"specify"'),
    ],
    replies: [
      calls(write("sum.test.txt"), request("implement")),
      calls(write("sum.test.txt"), write("sum.txt"), request("verify")),
      calls(read("sum.test.txt"), read("sum.txt"), ["complete", { result: "built", status: "success" }]),
    ],
    steps: ["specify", "implement", "verify"],
    makes: "sum.txt",
  },
  {
    name: "review",
    tries: calls(write("early.txt"), request("judge"), complete),
    refusals: [
      refused("workspace__write_file", '"read"', "review"),
      refused("request_step", '"read"', /\b0\b.*\b1\b/),
      refused("complete", "output schema", /\bdata\b/),
    ],
    replies: [
      calls(read("notes.txt"), request("judge"), ["complete", { result: "no", status: "success", data: {} }]),
      completes({ data: { verdict: "needs_work", findings: [finding] } }),
    ],
    steps: ["read", "judge"],
    data: { verdict: "needs_work", findings: [finding] },
  },
  {
    name: "react",
    tries: calls(list, request("think"), complete),
    refusals: [
      refused("workspace__list_directory", '"think"', "react"),
      refused("request_step", '"think"'),
      refused("complete", "step think"),
    ],
    replies: [goes("act"), calls(read("notes.txt")), goes("act"), calls(write("react.txt")), completes()],
    steps: ["think", "act", "think", "act", "think"],
    makes: "react.txt",
  },
  {
    name: "plan-act-reflect",
    tries: calls(write("early.txt"), request("reflect"), complete),
    refusals: [
      refused("workspace__write_file", '"plan"', "plan-act-reflect"),
      refused("request_step", '"reflect"', '"act"'),
      refused("complete", /\b0\b.*\b1\b/, "step reflect"),
    ],
    replies: [
      calls(list, request("act")),
      calls(write("part-1.txt"), request("reflect")),
      calls(read("part-1.txt"), request("act")),
      calls(write("part-2.txt"), request("reflect")),
      calls(read("part-2.txt"), ["complete", { result: "good", status: "success" }]),
    ],
    steps: ["plan", "act", "reflect", "act", "reflect"],
    makes: "part-2.txt",
  },
];

async function lead(args: Record<string, unknown>, model: string, replies: readonly ScriptedReply[]) {
  sandbox.bench.write("notes.txt", "Buy oats.\n");
  rehearse(sandbox.bench, model, replies);
  const { isError, structured } = await sandbox.spawn({ provider: "rehearsal", model, ...args });
  expect(isError, JSON.stringify(structured)).toBe(false);
  return await sandbox.told(structured);
}

const inProject = (name: string) => join(sandbox.bench.project, name);

describe.each(TOURS)("the workflow $name", ({ name, tries, refusals, replies, steps, makes, data }) => {
  it("leads an agent through its steps to success, and out of none of them early", async () => {
    const led = await lead({ workflow: name }, name, [tries, ...replies]);
    expect(refusalsIn(led).slice(0, refusals.length)).toEqual(refusals);
    expect(existsSync(inProject("early.txt"))).toBe(false);
    expect(led.run).toMatchObject({ status: "success", workflow: name, step: steps.at(-1), error: null });
    expect(stepsOf(led)).toEqual(steps);
    if (makes !== undefined) expect(readFileSync(inProject(makes), "utf8")).toBe(`This is ${makes}.`);
    if (data !== undefined) expect(led.run).toMatchObject({ data });
    const { runs } = (await sandbox.host.call("list_runs", { limit: 1 })).structured;
    expect(runs).toMatchObject([{ run_id: led.run.run_id, workflow: name, step: steps.at(-1) }]);
  });

  it("guides an agent that stops in the middle, and blocks it in the end", async () => {
    const led = await lead({ workflow: name }, `${name}-stops`, [{ text: "I am done.", repeat: 4 }]);
    expect(led.run).toMatchObject({ status: "blocked", error: { code: "premature_stop" }, step: steps[0] });
    const begun = led.events.slice(led.events.findIndex(({ type }) => type === "model_replied"));
    expect(begun.filter(({ type }) => type === "message_injected")).toHaveLength(3); // one for each stop but the last
    expect(led.said.join("\n")).not.toContain("{{");
  });
});

it("get_run shows the step of a run while the run is in it", async () => {
  sandbox.bench.write("notes.txt", "Buy oats.\n");
  rehearse(sandbox.bench, "slow", [calls(list, request("execute")), { text: "Hm.", delay_ms: 20_000 }]);
  const asked = { workflow: "plan-execute", provider: "rehearsal", model: "slow", wait_seconds: 0 };
  const { run_id } = (await sandbox.spawn(asked)).structured;
  const row = async () => (await sandbox.host.call("get_run", { run_id })).structured.run;
  await until(async () => ((await row()) as { step?: string }).step === "execute");
  expect(await row()).toMatchObject({ status: "running", workflow: "plan-execute" });
  await sandbox.host.call("cancel_run", { run_id });
});

it("the rule of research refuses a look too many, with the number filled in", async () => {
  const many = Array.from({ length: 31 }, (_, index) => read(index % 2 === 0 ? "notes.txt" : "other.txt"));
  const led = await lead({ workflow: "research" }, "many", [calls(...many), goes("answer"), completes()]);
  expect(refusalsIn(led)).toEqual([refused("workspace__read_text_file", '"enough"', /\b30\b/)]);
  expect(led.run.status).toBe("success");
});

it("plan-act-reflect ends after its rounds; a caller may ask for fewer", async () => {
  const round = [calls(write("part.txt"), request("reflect")), calls(read("part.txt"))];
  const replies = [calls(list, request("act")), ...round, calls(list), completes({ status: "success" })];
  const led = await lead({ workflow: "plan-act-reflect", variables: { most_rounds: 1 } }, "rounds", replies);
  expect(stepsOf(led)).toEqual(["plan", "act", "reflect", "finish"]);
  expect(led.said).toContainEqual(naming(/^user: /, /\b1 round.*\bfinish\b/));
  expect(refusalsIn(led)).toEqual([refused("workspace__list_directory", '"finish"', "plan-act-reflect")]);
  expect(led.run.status).toBe("success");
});

describe("the agent", () => {
  it.each([
    ["researcher", "research"],
    ["implementer", "plan-execute"],
    ["reviewer", "review"],
  ])("%s follows %s, within its own tools", async (agent, workflow) => {
    const tour = TOURS.find(({ name }) => name === workflow);
    const led = await lead({ agent }, agent, [tour?.tries ?? {}, ...(tour?.replies ?? [])]);
    expect(led.run).toMatchObject({ status: "success", agent, workflow, step: tour?.steps.at(-1) });
    expect(refusalsIn(led)[0]).toEqual(tour?.refusals[0]);
    expect(stepsOf(led)).toEqual(tour?.steps);
  });

  it("summarizer reads, changes nothing and answers in text", async () => {
    const led = await lead({ agent: "summarizer" }, "summarizer", [
      calls(read("notes.txt"), write("early.txt")),
      { text: "Oats are to be bought." },
    ]);
    expect(led.run).toMatchObject({ status: "success", agent: "summarizer", result: "Oats are to be bought." });
    expect(refusalsIn(led)).toEqual([refused("workspace__write_file", "summarizer", "effectful")]);
  });
});
