/** A write or an edit of a file that has changed since the run last read it is refused: the run reads it again. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { until, type Workbench } from "../support/host.js";
import { rehearse, rehearseCalls, runScript, setBench, setHost, toolTexts } from "../support/rehearsals.js";

const read = (path: string) => ({ tool: "workspace__read_text_file", arguments: { path } });
const write = (path: string, content: string) => ({ tool: "workspace__write_file", arguments: { path, content } });
const edit = (path: string, oldText: string, newText: string) => ({
  tool: "workspace__edit_file",
  arguments: { path, edits: [{ oldText, newText }] },
});

const content = (bench: Workbench, name: string) => readFileSync(join(bench.project, name), "utf8");

/** A script that makes calls, waits, and makes the others. */
function rehearseAfterPause(
  bench: Workbench,
  name: string,
  before: object[],
  after: object[],
  milliseconds: number,
): void {
  rehearse(bench, name, [
    { calls: before as never },
    { calls: after as never, delay_ms: milliseconds },
    { text: "done" },
  ]);
}

it("by the user, by another run and by another process; own changes and files never read are free", async () => {
  const bench = setBench();
  for (const name of ["user.txt", "run.txt", "process.txt", "own.txt", "unread.txt"]) bench.write(name, "1");
  const [host, other] = [await setHost(bench), await setHost(bench)];
  const all = ["user.txt", "run.txt", "process.txt", "own.txt"];
  rehearseAfterPause(
    bench,
    "writer",
    all.map(read),
    [
      write("user.txt", "lost"),
      edit("run.txt", "1", "lost"),
      write("process.txt", "lost"),
      write("own.txt", "2"),
      edit("own.txt", "2", "3"),
      write("unread.txt", "2"),
      read("user.txt"),
      write("user.txt", "seen"),
    ],
    8_000,
  );
  rehearseCalls(bench, "in-run", [edit("run.txt", "1", "theirs")]);
  rehearseCalls(bench, "in-process", [edit("process.txt", "1", "theirs")]);

  const { structured } = await host.call("spawn_agent", {
    ...{ prompt: "play", provider: "rehearsal", model: "writer", tools: ["*"], wait_seconds: 0 },
  });
  await until(async () => (await toolTexts(host, structured.run_id)).length === all.length);
  bench.write("user.txt", "theirs");
  await runScript(host, "in-run", { tools: ["*"] });
  await runScript(other, "in-process", { tools: ["*"] });
  const { structured: waited } = await host.call(
    "wait_for_runs",
    { run_ids: [structured.run_id], wait_seconds: 40 },
    { timeout: 50_000 },
  );
  expect(waited.runs[0]).toMatchObject({ status: "success" });

  const texts = (await toolTexts(host, structured.run_id)).slice(all.length);
  expect(texts.map((text) => text.includes("read it again"))).toEqual([true, true, true, ...Array(5).fill(false)]);
  const results = ["user.txt", "run.txt", "process.txt", "own.txt", "unread.txt"].map((name) => content(bench, name));
  expect(results).toEqual(["seen", "theirs", "theirs", "3", "2"]);
});

it("also after the run's process was killed, and in the run that continues it", async () => {
  const bench = setBench();
  bench.write("a.txt", "1");
  bench.write("b.txt", "1");
  rehearseAfterPause(
    bench,
    "writer",
    [read("a.txt"), read("b.txt")],
    [write("a.txt", "lost"), write("b.txt", "2")],
    60_000,
  );
  const first = await setHost(bench);
  const { structured } = await first.call("spawn_agent", {
    ...{ prompt: "play", provider: "rehearsal", model: "writer", tools: ["*"], wait_seconds: 0 },
  });
  await until(async () => (await toolTexts(first, structured.run_id)).length === 2);
  process.kill(first.pid, "SIGKILL");
  writeFileSync(join(bench.project, "a.txt"), "theirs");
  rehearseAfterPause(bench, "writer", [read("a.txt"), read("b.txt")], [write("a.txt", "lost"), write("b.txt", "2")], 0);

  const second = await setHost(bench);
  await until(async () => {
    const { structured: seen } = await second.call("get_run", { run_id: structured.run_id });
    return seen.run.status === "success";
  }, 50_000);
  const [, , refused, made] = await toolTexts(second, structured.run_id);
  expect(refused).toContain("read it again");
  expect(made).toContain("Successfully wrote");
  expect([content(bench, "a.txt"), content(bench, "b.txt")]).toEqual(["theirs", "2"]);
});

it("also in the run that continues a success, and in a run that got more turns", async () => {
  const bench = setBench();
  const host = await setHost(bench);
  for (const [limits, more, status] of [
    [{}, { message: "go on" }, "success"],
    [{ max_turns: 1 }, { more_turns: 3 }, "partial"],
  ] as const) {
    for (const name of ["a.txt", "b.txt"]) bench.write(name, "1");
    rehearse(bench, status, [
      { calls: [read("a.txt"), read("b.txt")] },
      { text: "so far" },
      { calls: [edit("a.txt", "1", "lost"), write("b.txt", "2")] },
      { text: "done" },
    ]);
    const first = await runScript(host, status, { tools: ["*"], ...limits });
    expect(first).toMatchObject({ status, result: "so far" });
    bench.write("a.txt", "1 and theirs");
    const { run_id } = (await host.call("resume_run", { run_id: first.run_id, ...more })).structured;
    expect(run_id === first.run_id).toBe(status === "partial");
    const { runs } = (await host.call("wait_for_runs", { run_ids: [run_id], wait_seconds: 40 }, { timeout: 50_000 }))
      .structured;
    expect(runs).toMatchObject([{ status: "success", result: "done" }]);
    const [refused, made] = (await toolTexts(host, run_id)).slice(-2);
    expect(refused).toContain("read it again");
    expect(made).toContain("Successfully wrote");
    expect([content(bench, "a.txt"), content(bench, "b.txt")]).toEqual(["1 and theirs", "2"]);
  }
});
