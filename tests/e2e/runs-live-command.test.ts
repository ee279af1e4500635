/** `legwork runs watch`, `cancel` and `resume` as a user runs them, beside the processes of hosts. */
import { describe, expect, it } from "vitest";
import { call, says, setSandbox, text } from "../support/agents.js";
import { beginLegwork, legwork, legworkHere } from "../support/command.js";
import { hang } from "../support/gemini-stand-in.js";
import { until } from "../support/host.js";
import { messageOf, naming } from "../support/naming.js";
import { NO_SERVERS, rehearse, runScript, setBench, setHost } from "../support/rehearsals.js";
import { endOf, eventTypes, runToEnd, spawnRun } from "../support/resuming.js";

const HALF = says(call("complete", { result: "Half.", status: "partial" }));

describe("legwork runs watch", () => {
  it("prints the events of another process's run as they come, and ends with it", async () => {
    const bench = setBench();
    bench.configure("mcpServers: { workspace: { disabled: true } }\n");
    rehearse(bench, "slow", [
      { text: "first\u001b[31m", calls: [{ tool: "complete" }] },
      { text: "x", delay_ms: 60_000 },
    ]);
    const host = await setHost(bench);
    const runId = await spawnRun(host, { provider: "rehearsal", model: "slow" });
    const watching = beginLegwork(bench, ["runs", "watch", runId]);
    const json = beginLegwork(bench, ["runs", "watch", runId, "--json"]);
    await until(() => watching.stdout().includes("tool_call_refused") && json.stdout().includes("tool_call_refused"));
    expect(watching.stdout()).not.toContain("run_finished");
    await host.call("complete", { run_id: runId, result: "The host\nsays so." });
    const { code, stdout } = await watching.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}1 {2}[\d:]+Z {2}run_created\n/);
    expect(stdout).toMatch(/run_finished +success: The host says so\.\n\n {2}The host\n {2}says so\.\n$/);
    expect(stdout).not.toContain("\u001b");
    const lines = (await json.ended).stdout.trimEnd().split("\n");
    const types = lines.map((line) => JSON.parse(line).type);
    expect(types).toEqual(await eventTypes(host, runId));
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ type: "run_finished", status: "success" });
  });

  it("shows that the run's process was killed, and ends with 1 when the run has not succeeded", async () => {
    const { bench, host, standIn } = await setSandbox([hang()]);
    const runId = await spawnRun(host);
    await standIn.arrived(1);
    const watching = beginLegwork(bench, ["runs", "watch", runId]);
    await until(() => watching.stdout().includes("turn_started"));
    process.kill(host.pid, "SIGKILL");
    await until(() => watching.stdout().includes(`legwork runs resume ${runId}`));
    expect(watching.stdout()).toMatch(/run_interrupted.*\n\n.*legwork runs resume \w+\n/);
    expect((await legworkHere(bench, ["runs", "cancel", runId])).code).toBe(0);
    const { code, stdout } = await watching.ended;
    expect(code).toBe(1);
    expect(stdout).toMatch(/run_finished +cancelled\b.*\buser\b.*\n$/);
  });
});

describe("legwork runs, where the process of a run is gone", () => {
  it("shows the run as interrupted, and writes nothing", async () => {
    const { bench, host, standIn } = await setSandbox([hang()]);
    const runId = await spawnRun(host);
    await standIn.arrived(1);
    const statuses = async (...options: string[]) =>
      JSON.parse((await legworkHere(bench, ["runs", "--json", ...options])).stdout).runs.map(
        ({ status }: { status: string }) => status,
      );
    expect(await statuses()).toEqual(["running"]);
    process.kill(host.pid, "SIGKILL");
    await until(async () => (await statuses())[0] === "interrupted");
    expect(await statuses("--status", "interrupted", "--agent", "default")).toEqual(["interrupted"]);
    expect(await statuses("--status", "interrupted", "--agent", "reviewer")).toEqual([]);
    expect(await statuses("--status", "running")).toEqual([]);
    const { code, stdout } = await legworkHere(bench, ["runs", "show", "last"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${runId} {2}interrupted\n`));
    expect(stdout).toMatch(new RegExp(`\n\n.*process.*legwork runs resume ${runId}\n.*resume: manual\n$`));
    expect(stdout).not.toContain("run_interrupted");
  });
});

describe("a reader that has gone", () => {
  it.each([
    ["runs", "watch"],
    ["runs", "watch", "--json"],
  ])("ends %s %s %s without a word", async (...words) => {
    const bench = setBench();
    bench.configure(NO_SERVERS);
    rehearse(
      bench,
      "talks",
      [...Array(20)].map(() => ({ text: "so", calls: [{ tool: "nothing" }], delay_ms: 200 })),
    );
    const runId = await spawnRun(await setHost(bench), { provider: "rehearsal", model: "talks" });
    const watching = beginLegwork(bench, [...words, runId]);
    await until(() => watching.stdout() !== "");
    watching.child.stdout.destroy();
    expect(await watching.ended).toMatchObject({ code: 130, stderr: "" });
  });

  it("ends a command whose output nobody reads at all", async () => {
    const { bench, host, standIn } = await setSandbox([hang()]);
    const runId = await spawnRun(host);
    await standIn.arrived(1);
    for (const words of [["runs"], ["runs", "show", runId], ["runs", "show", runId, "--json"], ["help"]]) {
      const unread = beginLegwork(bench, words);
      unread.child.stdout.destroy();
      expect(await unread.ended).toMatchObject({ code: 130, stderr: "" });
    }
  });
});

describe("legwork runs cancel", () => {
  it("stops the run of another process, and names its status before and after", async () => {
    const { bench, host, standIn } = await setSandbox([hang()]);
    const runId = await spawnRun(host);
    const request = await standIn.arrived(1);
    const { code, stdout } = await legwork(bench, ["runs", "cancel", runId, "--reason", "not needed"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: naming(runId, "running", "cancelled") });
    await request.closed;
    expect(await endOf(host, runId)).toMatchObject({
      status: "cancelled",
      error: { code: "cancelled", message: naming("user", "not needed") },
    });
    const again = await legworkHere(bench, ["runs", "cancel", runId]);
    expect(again).toMatchObject({ code: 0, stdout: naming(runId, "ended", "cancelled") });
    const json = JSON.parse((await legworkHere(bench, ["runs", "cancel", runId, "--json"])).stdout);
    expect(json).toMatchObject({ was: "cancelled", run: { run_id: runId, status: "cancelled" } });
  });
});

describe("legwork runs resume", () => {
  it("resumes the run in this terminal, shows new events only, and ends with it", async () => {
    const { bench, host, standIn } = await setSandbox([
      HALF,
      says(call("effects__add_line", { text: "by hand" })),
      says(text("All\nof it.")),
    ]);
    const { run_id } = await runToEnd(host);
    await host.close();
    const env = { GEMINI_API_KEY: "test-key", GOOGLE_GEMINI_BASE_URL: standIn.url };
    const { code, stdout, stderr } = await legwork(bench, ["runs", "resume", run_id, "--message", "The rest."], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^ +\d+ {2}[\d:]+Z {2}run_resumed +.*\brequest\b.*\n/);
    expect(stdout).not.toContain("run_created");
    expect(stdout).toMatch(/message_injected +The rest\.\n/);
    expect(stdout).toMatch(/tool_call_finished +.*effects__add_line/);
    expect(stdout).toMatch(/run_finished +success: All of it\.\n\n {2}All\n {2}of it\.\n$/);
    const next = await legwork(bench, ["runs", "resume", run_id, "--message", "More?", "--json"], env);
    expect(next.code).toBe(1); // the model has nothing more to say
    const events = next.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events[0]).toMatchObject({ seq: 1, type: "run_created", continues: run_id });
    expect(events.at(-1)).toMatchObject({ type: "run_finished", status: "error" });
  });

  it("resumes no other run, and a signal interrupts it for other processes to resume", async () => {
    const { bench, host, standIn, anotherHost } = await setSandbox((_, n) =>
      n === 1 ? HALF : n <= 3 ? hang() : says(text("Done.")),
    );
    const { run_id } = await runToEnd(host);
    const left = await spawnRun(host, { prompt: "another" });
    await standIn.arrived(2);
    process.kill(host.pid, "SIGKILL");
    const env = { GEMINI_API_KEY: "test-key", GOOGLE_GEMINI_BASE_URL: standIn.url };
    const resuming = beginLegwork(bench, ["runs", "resume", run_id, "--more-turns", "3"], env);
    await standIn.arrived(3);
    resuming.child.kill("SIGINT");
    const { code, stdout } = await resuming.ended;
    expect(code).toBe(130);
    expect(stdout).toMatch(/run_resumed +.*\brequest\b.*\b3\b.*\bturns\b/);
    expect(stdout).toMatch(new RegExp(`^.*${run_id}.*interrupted.*legwork runs resume ${run_id}`, "m"));
    expect(standIn.requests).toHaveLength(3);
    const other = await anotherHost();
    for (const id of [run_id, left]) expect(await endOf(other, id)).toMatchObject({ status: "success" });
  });

  it("refuses a run that another process is working on", async () => {
    const { bench, host, standIn } = await setSandbox([hang()]);
    const runId = await spawnRun(host);
    await standIn.arrived(1);
    const { code, stdout, stderr } = await legwork(bench, ["runs", "resume", runId]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toEqual(naming(/^legwork: /, runId, "running", `legwork runs watch ${runId}`));
  });

  it("refuses a run that cannot be resumed, and writes nothing", async () => {
    const bench = setBench();
    bench.configure("mcpServers: { workspace: { disabled: true } }\n");
    rehearse(bench, "play", [{ text: "done" }]);
    const { run_id } = await runScript(await setHost(bench), "play");
    const { code, stderr } = await legwork(bench, ["runs", "resume", run_id]);
    expect(code).toBe(2);
    expect(stderr).toEqual(naming(/^legwork: /, run_id, "success", "message"));
    const listed = JSON.parse((await legworkHere(bench, ["runs", "--json"])).stdout);
    expect(listed.runs).toHaveLength(1);
  });
});

describe("the command line of watch, cancel and resume", () => {
  it.each<[string[], readonly (string | RegExp)[]]>([
    [["runs", "watch"], ["runs watch"]],
    [["runs", "cancel", "run_x", "run_y"], ["runs cancel"]],
    [["runs", "resume", "run_x"], ['"run_x"']],
    [
      ["runs", "show", "run_x", "--reason", "r"],
      ["--reason", "runs cancel"],
    ],
    [
      ["runs", "watch", "run_x", "--more-turns", "3"],
      ["--more-turns", "runs resume"],
    ],
    [
      ["runs", "resume", "run_x", "--more-turns", "0"],
      ["--more-turns", '"0"', /\b1\b/, "10000"],
    ],
    [
      ["runs", "resume", "run_x", "--more-cost-usd", "0"],
      ["--more-cost-usd", '"0"', "1000000"],
    ],
    [
      ["runs", "watch", "run_x", "--more-cost-usd", "1"],
      ["--more-cost-usd", "runs resume"],
    ],
    [
      ["runs", "resume", "run_x", "--more-seconds", "soon"],
      ["--more-seconds", '"soon"'],
    ],
    [
      ["tools", "--message", "hello"],
      ["--message", "runs"],
    ],
  ])("refuses %j in one sentence", async (args, facts) => {
    const run = args.join(" ") === "runs resume run_x" ? legwork : legworkHere; // it opens what works on runs
    const { code, stdout, stderr } = await run(setBench(), args);
    expect(messageOf({ stderr })).toEqual(naming(...facts));
    expect(stderr).not.toMatch(/\n\s+at /); // no stack
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});
