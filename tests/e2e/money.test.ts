/** Prices, what runs cost by them, and limits on it: from the wire, with a model that tells its tokens. */
import { describe, expect, it } from "vitest";
import { call, says, setSandbox, text } from "../support/agents.js";
import { legwork } from "../support/command.js";
import { emptyCandidates, hang, reply } from "../support/gemini-stand-in.js";
import { ASKING_SERVER, until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { rehearse } from "../support/rehearsals.js";
import {
  answerTextIn,
  conversationIn,
  endOf,
  resumeToEnd,
  runToEnd,
  shareTwoHosts,
  spawnRun,
  toolsIn,
} from "../support/resuming.js";

/** Each reply of the stand-in takes 10 tokens and gives 5: 0.2 USD with the default model, 0.02 with a cheap one. */
const PRICES = `
prices:
  gemini:
    "*-cheap*": { input: 1000, output: 2000 }
    gemini-3.8-flash: { input: 10000, output: 20000, cached: 1000 }
  rehearsal:
    "paid*": { input: 100000, output: 0 }
`;
const sandbox = shareTwoHosts(`limits: { max_depth: 3 }${PRICES}`);

const looks = () => says(call("effects__read_lines"));
const answers = (said = "Done.") => says(text(said));
const uncounted = () => reply([text("Who counts?")], { usage: null });
const eventsOf = async (runId: string, type: string) => {
  const { structured } = await sandbox.one.call("get_run", { run_id: runId, view: "events", limit: 200 });
  return structured.events.filter((event) => event.type === type);
};
const countRuns = async () => (await sandbox.one.call("list_runs", { limit: 100 })).structured.runs.length;

describe("the cost of a run", () => {
  it("is the exact sum over its replies, in each view of it", async () => {
    const { prompt } = sandbox.play([looks(), looks(), answers()]);
    const run = await runToEnd(sandbox.one, { prompt });
    expect(run).toMatchObject({ status: "success", cost_usd: 0.6 });
    expect(run).not.toHaveProperty("tree_cost_usd");
    expect(await eventsOf(run.run_id, "model_replied")).toMatchObject(Array(3).fill({ cost_usd: 0.2 }));
    const { runs } = (await sandbox.other.call("list_runs", { limit: 1 })).structured;
    expect(runs).toMatchObject([{ run_id: run.run_id, cost_usd: 0.6 }]);
  });

  it("counts cached tokens at their own price and thinking tokens as output, each once", async () => {
    const usage = {
      promptTokenCount: 10,
      cachedContentTokenCount: 4,
      candidatesTokenCount: 5,
      thoughtsTokenCount: 3,
      totalTokenCount: 18,
    };
    const { prompt } = sandbox.play([reply([text("Thought of it.")], { usage })]);
    expect(await runToEnd(sandbox.one, { prompt })).toMatchObject({ cost_usd: 0.224 }); // 6, 4 and 8 tokens
  });

  it("is unknown where the price is, and where a reply does not tell its tokens", async () => {
    const unpriced = sandbox.play([answers()]);
    const untold = sandbox.play([looks(), uncounted()]);
    expect(await runToEnd(sandbox.one, { prompt: unpriced.prompt, model: "gemini-new" })).toMatchObject({
      cost_usd: null,
    });
    expect(await runToEnd(sandbox.one, { prompt: untold.prompt })).toMatchObject({ cost_usd: null });
  });

  it("is that of each step's own model", async () => {
    const workflow = sandbox.putWorkflow({
      name: "two-models",
      steps: [
        { name: "look", model: "gemini-cheap-1", exit_conditions: [{ type: "action_count", min_count: 1 }] },
        { name: "end" },
      ],
    });
    const { prompt } = sandbox.play([
      looks(),
      says(call("request_step", { to: "end" })),
      says(call("complete", { result: "ok" })),
    ]);
    expect(await runToEnd(sandbox.one, { prompt, workflow })).toMatchObject({ status: "success", cost_usd: 0.24 });
  });

  it("is nothing for a script without a price, and its replies' usage at the price that the user gives it", async () => {
    rehearse(sandbox.bench, "unpaid", [{ text: "free", usage: { input: 5, output: 5 } }]);
    rehearse(sandbox.bench, "paid", [{ text: "not free", usage: { input: 5, output: 5 } }]);
    expect(await runToEnd(sandbox.one, { provider: "rehearsal", model: "unpaid" })).toMatchObject({ cost_usd: 0 });
    expect(await runToEnd(sandbox.one, { provider: "rehearsal", model: "paid" })).toMatchObject({ cost_usd: 0.5 });
  });

  it("includes the model requests of downstream servers", async () => {
    const config = `  asking: { command: ${process.execPath}, args: [${ASKING_SERVER}], allow: [sampling] }${PRICES}`;
    const script = [says(call("asking__ask_model", { question: "six?", times: 2 })), answers("7"), answers("late")];
    const { host, standIn } = await setSandbox(script, { config });
    const run = await runToEnd(host, { max_cost_usd: 0.3 });
    expect(run).toMatchObject({ status: "partial", cost_usd: 0.6, result: "late", error: { code: "max_cost_usd" } });
    expect(answerTextIn(standIn.requests[2])).toEqual(naming("0.4 USD", "0.3 USD", "max_cost_usd"));
  });
});

describe("a limit on money", () => {
  it("that has run out leaves one reply without tools, and the run is partial", async () => {
    const { prompt, requests } = sandbox.play([looks(), looks(), answers("So far: nothing.")]);
    const run = await runToEnd(sandbox.one, { prompt, max_cost_usd: 0.3 });
    expect(run).toMatchObject({
      status: "partial",
      result: "So far: nothing.",
      cost_usd: 0.6,
      error: { code: "max_cost_usd", message: naming("0.4 USD", "0.3 USD", "max_cost_usd") },
      next: naming("resume_run", "more_cost_usd"),
    });
    expect(Object.keys(run.error)).toEqual(["code", "message"]);
    expect(requests().map((request) => toolsIn(request).length > 1)).toEqual([true, true, false]);
    expect(conversationIn(requests()[2]).at(-1)).toEqual(naming(/^user: /, "0.4 USD", "0.3 USD"));
  });

  it("counts replies that were refused, and does not pay for asking again", async () => {
    const { prompt, requests } = sandbox.play([emptyCandidates(), emptyCandidates(), answers()]);
    const run = await runToEnd(sandbox.one, { prompt, max_cost_usd: 0.2 });
    expect(run).toMatchObject({ status: "partial", cost_usd: 0.4, result: null, error: { code: "max_cost_usd" } });
    expect(run.error.message).toMatch(/0\.2 USD.*0\.2 USD.*\breply\b/);
    expect(requests()).toHaveLength(2);
    expect(toolsIn(requests()[1])).toEqual(["complete"]);
  });

  it("ends the run in the same way where a reply does not report its tokens", async () => {
    const { prompt } = sandbox.play([reply([call("effects__read_lines")], { usage: null }), answers("Stopped.")]);
    const run = await runToEnd(sandbox.one, { prompt, max_cost_usd: 100 });
    expect(run).toMatchObject({
      status: "partial",
      result: "Stopped.",
      cost_usd: null,
      error: { code: "max_cost_usd" },
    });
    expect(run.error.message).toEqual(naming(/\b100 USD\b/, "max_cost_usd", /\btokens\b/));
    const refused = await sandbox.one.call("resume_run", { run_id: run.run_id, more_cost_usd: 100 });
    expect(refused).toMatchObject({ isError: true, structured: { error: { message: naming("spawn_agent") } } });
    expect(refused.structured.error.message).not.toContain("more_cost_usd");
  });

  it("may stand in the agent definition, the workflow and the configuration, and the nearest counts", async () => {
    sandbox.bench.writeHome("agents/thrifty.yaml", "max_cost_usd: 0.2\nprompt: Be thrifty.");
    const workflow = sandbox.putWorkflow({
      name: "dear",
      settings: { max_cost_usd: 0.4 },
      steps: [{ name: "only" }],
    } as {
      name: string;
      steps: object[];
    });
    const spentWith = async (args: object) => {
      const { prompt } = sandbox.play((n) => (n < 8 ? looks() : answers()));
      return (await runToEnd(sandbox.one, { prompt, ...args })).error.message;
    };
    expect(await spentWith({ agent: "thrifty", workflow })).toMatch(/0\.2 USD.*0\.2 USD/);
    expect(await spentWith({ workflow })).toMatch(/0\.4 USD.*0\.4 USD/);
    expect(await spentWith({ agent: "thrifty", workflow, max_cost_usd: 0.6 })).toMatch(/0\.6 USD.*0\.6 USD/);
  });

  it.each([
    ["its own model", { model: "gemini-new", max_cost_usd: 1 }, "gemini-new"],
    ["a step's model", { workflow: "unpriced-step", max_cost_usd: 1 }, "gemini-dark"],
    ["its own model, by the word of its definition", { agent: "limited", model: "gemini-new" }, "gemini-new"],
  ])("is refused where the price of %s is not known, and nothing is written", async (_what, args, model) => {
    sandbox.bench.writeHome("agents/limited.yaml", "max_cost_usd: 1\nprompt: Be thrifty.");
    sandbox.putWorkflow({ name: "unpriced-step", steps: [{ name: "a", model: "gemini-dark" }] });
    const before = await countRuns();
    const { isError, structured } = await sandbox.one.call("spawn_agent", { prompt: "go", ...args });
    expect(isError).toBe(true);
    expect(structured.error.message).toEqual(
      naming("max_cost_usd", `prices: { gemini: { ${model}: { input: …, output: … } } }`, "config.yaml"),
    );
    expect(await countRuns()).toBe(before);
  });

  it.each([0, -1, 2_000_000, "one"])("of %j is none", async (max_cost_usd) => {
    const { isError, structured } = await sandbox.one.call("spawn_agent", { prompt: "go", max_cost_usd });
    expect({ isError, code: structured.error.code }).toEqual({ isError: true, code: "invalid_arguments" });
  });
});

describe("a family", () => {
  const spawn = (prompt: string, more: object = {}) => call("spawn_agent", { prompt, ...more });
  const waits = () => says(call("wait_for_runs"));

  it("has the cost of its whole tree, and its limit counts that", async () => {
    const child = sandbox.play([looks(), looks(), looks(), answers("late")]);
    const { prompt, requests } = sandbox.play([says(spawn(child.prompt)), waits(), answers("Enough.")]);
    const run = await runToEnd(sandbox.one, { prompt, max_cost_usd: 0.7 });
    // The child may spend the 0.5 that are left, less what its parent spends to wait for it.
    expect(run).toMatchObject({ status: "partial", cost_usd: 0.4, error: { code: "max_cost_usd" } });
    expect(run).toHaveProperty("tree_cost_usd");
    const [spawned] = await eventsOf(run.run_id, "child_spawned");
    const ended = await endOf(sandbox.other, String((spawned as unknown as { child: string }).child));
    expect(ended).toMatchObject({ status: "partial", error: { code: "max_cost_usd" } });
    // One request goes beyond the limit; a last reply would be a second one.
    expect(run).toMatchObject({ tree_cost_usd: 0.8 });
    expect(ended.cost_usd).toBe(0.4);
    expect(requests()).toHaveLength(2);
  });

  it("gives a child at most the rest of its parent's limit", async () => {
    const child = sandbox.play([answers("cheap")]);
    const { prompt, requests } = sandbox.play([
      says(
        spawn(child.prompt, { max_cost_usd: 0.9 }),
        spawn(child.prompt, { model: "gemini-new" }),
        spawn(child.prompt, { max_cost_usd: 0.8 }),
      ),
      waits(),
      answers(),
    ]);
    const run = await runToEnd(sandbox.one, { prompt, max_cost_usd: 1 });
    expect(run).toMatchObject({ status: "success", cost_usd: 0.6, tree_cost_usd: 0.8 });
    const said = answerTextIn(requests()[1]);
    expect(said).toEqual(naming("max_cost_usd", /\b0\.8 USD\b/, "gemini-new"));
    expect(child.requests()).toHaveLength(1);
  });

  it("without limits costs an unknown sum where the cost of one run is unknown", async () => {
    const child = sandbox.play([answers("who knows")]);
    const { prompt } = sandbox.play([says(spawn(child.prompt, { model: "gemini-new" })), waits(), answers()]);
    const run = await runToEnd(sandbox.one, { prompt });
    expect(run).toMatchObject({ status: "success", cost_usd: 0.6, tree_cost_usd: null });
  });

  it("that spends in parallel overshoots by one request", async () => {
    const child = sandbox.play((n) => says(n < 200 ? call("effects__echo", { n }) : text("Never so far.")));
    const wish = { model: "gemini-cheap-1", tools: ["effects__*"] };
    const { prompt } = sandbox.play([says(spawn(child.prompt, wish), spawn(child.prompt, wish)), waits(), answers()]);
    const run = await runToEnd(sandbox.one, { prompt, max_cost_usd: 0.6 });
    expect(run).toMatchObject({ status: "partial", error: { code: "max_cost_usd" } });
    // 0.2 for each of the parent's replies, 0.02 for each of the children's.
    const { tree_cost_usd: tree } = run as unknown as { tree_cost_usd: number };
    expect(tree).toBeGreaterThanOrEqual(0.6);
    expect(tree).toBeLessThanOrEqual(0.6 + 0.2);
    const { runs: children } = (await sandbox.one.call("list_runs", { parent_run_id: run.run_id })).structured;
    expect(children.map(({ error }) => error.message)).toEqual(Array(2).fill(naming(run.run_id, "max_cost_usd")));
  });
});

describe("resume_run", () => {
  it("continues a run with more_cost_usd, and not without", async () => {
    const { prompt } = sandbox.play([looks(), answers("Half."), looks(), answers("Whole.")]);
    const { run_id, status } = await runToEnd(sandbox.one, { prompt, max_cost_usd: 0.2 });
    expect(status).toBe("partial");
    for (const args of [{}, { more_cost_usd: 0.2 }]) {
      const refused = await sandbox.other.call("resume_run", { run_id, ...args });
      expect(refused).toMatchObject({ isError: true, structured: { error: { code: "used_up" } } });
      expect(refused.structured.error.message).toEqual(
        naming("0.4 USD", /\b0\.[24] USD\b.*\b0\.[24] USD\b/, "more_cost_usd"),
      );
    }
    const run = await resumeToEnd(sandbox.other, run_id, { more_cost_usd: 0.6 });
    expect(run).toMatchObject({ status: "success", result: "Whole.", cost_usd: 0.8 });
  });

  it("takes more_cost_usd in a terminal too, which shows the run's cost", async () => {
    const usage = { input: 5, output: 5 };
    rehearse(sandbox.bench, "paid-work", [
      { calls: [{ tool: "effects__read_lines" }], usage },
      { text: "half", usage },
      { text: "whole", usage },
    ]);
    const { run_id } = await runToEnd(sandbox.one, { provider: "rehearsal", model: "paid-work", max_cost_usd: 0.5 });
    const resumed = await legwork(sandbox.bench, ["runs", "resume", run_id, "--more-cost-usd", "0.75"]);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stdout).toContain("0.75 USD");
    const shown = await legwork(sandbox.bench, ["runs", "show", run_id]);
    expect(shown.stdout).toMatch(/^ {2}cost {5}1.5 USD$/m);
    expect(shown.stdout).toContain("[5 tokens in, 5 out, 0.5 USD]");
  });

  it("from a success starts at no cost, with more_cost_usd on top of the limit", async () => {
    const { prompt } = sandbox.play([answers("One."), looks(), answers("Two.")]);
    const first = await runToEnd(sandbox.one, { prompt, max_cost_usd: 0.25 });
    const next = await resumeToEnd(sandbox.one, first.run_id, { message: "More.", more_cost_usd: 0.15 });
    expect(next).toMatchObject({ status: "success", result: "Two.", cost_usd: 0.4 });
  });

  it("refuses more money for a run that has no limit on it", async () => {
    const { prompt } = sandbox.play([says(call("complete", { result: "Half.", status: "partial" }))]);
    const { run_id } = await runToEnd(sandbox.one, { prompt });
    const { isError, text: said } = await sandbox.other.call("resume_run", { run_id, more_cost_usd: 1 });
    expect(isError).toBe(true);
    expect(said).toEqual(naming("more_cost_usd", run_id));
  });
});

it("a family's cost survives kill -9, its reservation is free again, and a process without its price skips the run", async () => {
  const usage = { promptTokenCount: 100_000, candidatesTokenCount: 0 }; // 0.2 USD
  const counted = (part: ReturnType<typeof call>) => reply([part], { usage });
  const turns = {
    dig: [counted(call("effects__read_lines")), counted(text("Dug half."))],
    go: [counted(call("spawn_agent", { prompt: "dig", max_cost_usd: 0.3 })), hang()],
  };
  const script = ({ contents }: { contents: readonly { parts: readonly { text?: string }[] }[] }) =>
    turns[contents[0]?.parts[0]?.text === "dig" ? "dig" : "go"].shift() ?? counted(text("Found half."));
  const prices = "\nprices: { gemini: { gemini-3.8-flash: { input: 2, output: 2 } } }";
  const config = `limits: { max_depth: 2 }${prices}`;
  const { host, bench, standIn, anotherHost } = await setSandbox(script, { config });
  const runId = await spawnRun(host, { max_cost_usd: 0.85 });
  const childOf = async () =>
    (await host.call("list_runs", { parent_run_id: runId, status: "partial" })).structured.runs[0];
  await until(childOf); // while its parent waits for a reply
  await until(() => standIn.requests.length === 4);
  process.kill(host.pid, "SIGKILL");
  const whole = bench.read("config.yaml");
  bench.configure(whole.replace(prices, ""));
  const poor = await anotherHost();
  const missing = await until(async () => {
    const { runs } = (await poor.call("list_runs", { status: "interrupted" })).structured;
    return (runs[0] as { missing?: readonly string[] } | undefined)?.missing;
  });
  expect(missing).toEqual([naming("gemini-3.8-flash", "price")]);
  expect((await poor.call("resume_run", { run_id: runId })).text).toEqual(naming("gemini-3.8-flash", "price"));
  bench.configure(whole);
  const other = await anotherHost();
  // 0.25 are left, which pays one more request only where that of the dead process holds nothing any more.
  expect(await endOf(other, runId)).toMatchObject({
    status: "success",
    result: "Found half.",
    cost_usd: 0.4,
    tree_cost_usd: 0.8,
  });
});
