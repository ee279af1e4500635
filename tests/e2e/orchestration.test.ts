/** The shipped workflows that start agents, played to their end, also where their process is killed again and again. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { type TestHost, until, type Workbench } from "../support/host.js";
import { naming } from "../support/naming.js";
import { rehearse, type ScriptedReply, setBench, setHost } from "../support/rehearsals.js";
import { repetitions } from "../support/repetitions.js";
import { isAlive } from "../support/transports.js";
import {
  calls,
  completes,
  eventsOf,
  goes,
  refusalsIn,
  refused,
  shareSandbox,
  stepsOf,
  tell,
} from "../support/workflows.js";

const spawnPart = ["spawn_agent", { prompt: "Say which files there are.", model: "fan-out-part" }] as const;
const wait = ["wait_for_runs"] as const;

async function begin(host: TestHost, args: object): Promise<string> {
  const { isError, structured } = await host.call("spawn_agent", { prompt: "go", provider: "rehearsal", ...args });
  expect(isError, JSON.stringify(structured)).toBe(false);
  return structured.run_id;
}

async function ended(host: TestHost, runId: string) {
  const { structured } = await host.call("wait_for_runs", { run_ids: [runId], wait_seconds: 50 }, { timeout: 60_000 });
  const [run] = structured.runs;
  if (!run) throw new Error(`no answer about ${runId}`);
  return await tell(host, { ...structured, ...run });
}

/** For the tests that kill no process. */
const shared = shareSandbox();
let scripts = 0;

async function lead(args: Record<string, unknown>, replies?: readonly ScriptedReply[]) {
  const { bench, host } = shared;
  const model = `mine-${++scripts}`;
  if (replies) rehearse(bench, model, replies);
  const runId = await begin(host, { ...args, ...(replies ? { model } : {}) });
  return { bench, host, led: await ended(host, runId) };
}

const textOf = (bench: Workbench, name: string) => readFileSync(join(bench.project, name), "utf8");

it("fan-out: two agents look, and the first waits for both and merges their results", async () => {
  const { host, led } = await lead({ workflow: "fan-out", model: "fan-out" });
  expect(led.run).toMatchObject({ status: "success", depth: 1, result: "Both have looked at the folder." });
  expect(stepsOf(led)).toEqual(["split", "wait", "merge"]);
  const { runs } = (await host.call("list_runs", { parent_run_id: led.run.run_id })).structured;
  expect(runs.map(({ title, status }) => [title, status])).toEqual([
    ["the purpose", "success"],
    ["the files", "success"],
  ]);
});

it("the agent orchestrator follows fan-out and can skip no step", async () => {
  const { led } = await lead({ agent: "orchestrator" }, [
    calls(spawnPart, ["request_step", { to: "wait" }], ["complete", { result: "early", status: "success" }]),
    calls(spawnPart, ["request_step", { to: "wait" }]),
    calls(["wait_for_runs", { wait_seconds: 0 }], ["workspace__write_file", { path: "early.txt", content: "no" }]),
    calls(["complete", { result: "early", status: "success" }]),
    calls(wait),
    calls(["workspace__write_file", { path: "whole.txt", content: "both" }]),
    completes(),
  ]);
  expect(refusalsIn(led)).toEqual([
    refused("request_step", '"split"'),
    refused("complete", '"split"'),
    refused("workspace__write_file"),
    refused("complete", '"wait"'),
  ]);
  expect(led.run).toMatchObject({ status: "success", agent: "orchestrator", step: "merge" });
});

it("fan-out: the agent starts a failed part once more", async () => {
  const { bench } = shared;
  const broken = ["spawn_agent", { prompt: "fail", model: "fails" }] as const;
  rehearse(bench, "fails", [calls(["workspace__list_directory", { path: "." }])]); // the script ends before the agent does
  const { led } = await lead({ workflow: "fan-out" }, [
    calls(spawnPart, broken),
    goes("wait"),
    calls(wait),
    goes("split"),
    calls(spawnPart),
    goes("wait"),
    calls(wait),
    completes(),
  ]);
  expect(stepsOf(led)).toEqual(["split", "wait", "merge", "split", "wait", "merge"]);
  expect(led.run.status).toBe("success");
  expect(led.said.join("\n")).toContain('"code":"script_ended"');
});

it("review-loop: a second agent reviews, the first mends, and the review that finds nothing ends it", async () => {
  const { bench } = shared;
  const { host, led } = await lead({ workflow: "review-loop", model: "review-loop" });
  expect(led.run).toMatchObject({ status: "success", result: "hello.txt greets." });
  expect(stepsOf(led)).toEqual(["implement", "review", "implement", "review", "finish"]);
  expect(textOf(bench, "hello.txt")).toBe("Hello\n");
  const { runs } = (await host.call("list_runs", { parent_run_id: led.run.run_id })).structured;
  expect(runs).toMatchObject([{ agent: "reviewer" }, { agent: "reviewer" }]);
});

it("review-loop: the reviewer cannot write, and after most_rounds the loop is over without success", async () => {
  const { bench } = shared;
  const implement = calls(
    ["workspace__write_file", { path: "a.txt", content: "a" }],
    ["request_step", { to: "review" }],
  );
  const review = calls(
    ["spawn_agent", { prompt: "Review.", agent: "reviewer", model: "strict", tools: ["read_only"] }],
    wait,
  );
  rehearse(bench, "strict", [
    calls(["workspace__write_file", { path: "b.txt", content: "b" }], ["workspace__list_directory", { path: "." }]),
    goes("judge"),
    completes({ data: { verdict: "broken", findings: [] } }),
  ]);
  const { host, led } = await lead({ workflow: "review-loop", variables: { most_rounds: 2 } }, [
    implement,
    review,
    implement,
    review,
    completes(),
    completes({ status: "partial", next_steps: ["mend it"] }),
  ]);
  expect(stepsOf(led)).toEqual(["implement", "review", "implement", "review", "finish"]);
  expect(led.run).toMatchObject({ status: "partial", next_steps: ["mend it"] });
  expect(refusalsIn(led)).toEqual([refused("complete", "last review")]);
  const { runs } = (await host.call("list_runs", { parent_run_id: led.run.run_id })).structured;
  expect(runs.map(({ status }) => status)).toEqual(["success", "success"]);
  expect(existsSync(join(bench.project, "b.txt"))).toBe(false);
});

it("spawn_agent refuses a workflow that starts agents for an agent whose max_depth is 1", async () => {
  const { bench } = shared;
  bench.writeHome("agents/flat.yaml", "max_depth: 1\nprompt: Work alone.");
  const { host } = shared;
  const listed = async () => (await host.call("list_runs", { limit: 100 })).structured.runs.map(({ run_id }) => run_id);
  const before = await listed();
  const answer = await host.call("spawn_agent", {
    prompt: "go",
    provider: "rehearsal",
    agent: "flat",
    workflow: "fan-out",
  });
  expect(answer).toMatchObject({
    isError: true,
    structured: { error: { code: "too_deep", message: naming("fan-out", "max_depth", /\b1\b/) } },
  });
  expect(await listed()).toEqual(before);
});

it("spawn_agent refuses an agent a workflow that starts agents where the child could start nobody", async () => {
  const { led } = await lead({ agent: "orchestrator" }, [
    calls(["spawn_agent", { prompt: "go on", workflow: "fan-out" }]),
    completes({ status: "blocked" }),
  ]);
  expect(led.said).toContainEqual(naming(/^spawn_agent: /, "fan-out", "max_depth", /\b2\b/));
});

interface Progress {
  /** Events, without those that a kill itself causes. */
  readonly events: number;
  /** What has finished: replies and calls. Two deaths in one call are why legwork gives it up, which no script expects. */
  readonly finished: number;
  readonly hasEnded: 0 | 1;
}

function progressIn(bench: Workbench): ReadonlyMap<string, Progress> {
  const database = openSqlite(join(bench.home, "legwork.db"), { readonly: true });
  const query = `SELECT run_id AS id, count(*) FILTER (WHERE type NOT IN ('run_interrupted', 'run_resumed')) AS events,
    count(*) FILTER (WHERE type IN ('model_replied', 'tool_call_finished', 'tool_call_refused')) AS finished,
    max(type = 'run_finished') AS hasEnded FROM run_events GROUP BY run_id`;
  try {
    const rows = database.prepare(query).all() as (Progress & { readonly id: string })[];
    return new Map(rows.map((row) => [row.id, row]));
  } finally {
    database.close();
  }
}

const eventsOfAll = (runs: ReadonlyMap<string, Progress>) =>
  [...runs.values()].reduce((sum, run) => sum + run.events, 0);

/** Whether a process may be killed: each run that lived at the last kill has finished something since. */
function hasMovedOn(now: ReadonlyMap<string, Progress>, before: ReadonlyMap<string, Progress>): boolean {
  return [...now].every(([id, run]) => run.hasEnded || run.finished > (before.get(id)?.finished ?? -1));
}

const KILLS = 3;
const LONGEST = 120_000; // milliseconds: each kill costs a start

const CAMPAIGNS = [
  ["fan-out", 1],
  ["review-loop", 4],
  ["fan-out", 2],
] as const;

it.each(CAMPAIGNS.slice(0, repetitions(2, CAMPAIGNS.length)))(
  "%s, killed three times (seed %i), starts no agent twice, does nothing twice, and ends",
  {
    timeout: LONGEST,
  },
  async (workflow, seed) => {
    const bench = setBench();
    let host = await setHost(bench);
    const runId = await begin(host, { workflow, model: workflow });
    let atKill: ReadonlyMap<string, Progress> = new Map();
    for (let state = seed, kills = 0; kills < KILLS; kills++) {
      state = (state * 16_807) % 2_147_483_647; // a seed gives the same numbers each time
      const goal = eventsOfAll(progressIn(bench)) + 1 + (state % 12);
      await until(() => {
        const now = progressIn(bench);
        return now.get(runId)?.hasEnded || (eventsOfAll(now) >= goal && hasMovedOn(now, atKill));
      }, 60_000);
      process.kill(host.pid, "SIGKILL");
      await until(() => !isAlive(host.pid), 60_000);
      atKill = progressIn(bench);
      host = await setHost(bench);
      await host.call("list_runs");
    }
    const led = await ended(host, runId);
    expect(led.run).toMatchObject({ status: "success", error: null });
    const { runs } = (await host.call("list_runs", { parent_run_id: runId })).structured;
    expect(runs.map(({ status }) => status)).toEqual(["success", "success"]);
    const spawned = eventsOf(led, "child_spawned").map(({ child }) => child);
    expect(spawned.toSorted()).toEqual(runs.map(({ run_id }) => run_id).toSorted());
    // A kill in the middle of a write leaves its outcome to the agent, and this one does not look.
    const isKnown = eventsOf(led, "tool_call_finished").every(({ code }) => code !== "outcome_unknown");
    if (workflow === "review-loop" && isKnown) expect(textOf(bench, "hello.txt")).toBe("Hello\n");
  },
);
