/** Servers that stay open while a newer legwork works on the same file: they leave its runs alone, and continue the others. */
import { expect, it } from "vitest";
import { call, type Sandbox, type SandboxOptions, says, setSandbox, text } from "../support/agents.js";
import { legwork } from "../support/command.js";
import type { Script } from "../support/gemini-stand-in.js";
import { type Structured, type TestHost, until } from "../support/host.js";
import { databaseOf, expectNewer, inDatabase, migrate, NEWER, writeNewerEvent } from "../support/newer-legwork.js";
import { letExpire } from "../support/people.js";
import { answerTextIn, endOf, eventTypes, runToEnd, spawnRun } from "../support/resuming.js";

type Listed = Structured["runs"][number] & { readonly missing?: readonly string[] };

interface Talk extends Sandbox {
  /** Lets the model answer the runs whose prompt is "slow". */
  release(): void;
  readonly file: string;
}

/** A model that does what the prompt says. */
async function setTalk(options: SandboxOptions = {}): Promise<Talk> {
  let release = () => {};
  const released = new Promise<void>((settle) => {
    release = settle;
  });
  const script: Script = async ({ contents }) => {
    const prompt = contents[0]?.parts[0]?.text ?? "";
    const isFirst = contents.length === 1;
    if (prompt.startsWith("ask") && isFirst) return says(call("ask", { question: "Why?" }));
    if (prompt.startsWith("slow")) await released;
    if (prompt.startsWith("slow spawn") && isFirst) return says(call("spawn_agent", { prompt: "quick" }));
    return says(text(`Done: ${prompt}`));
  };
  const sandbox = await setSandbox(script, options);
  return { ...sandbox, release, file: databaseOf(sandbox.bench) };
}

async function listed(host: TestHost): Promise<readonly Listed[]> {
  return (await host.call("list_runs", { limit: 100 })).structured.runs;
}

const statusOf = async (host: TestHost, runId: string) =>
  (await host.call("get_run", { run_id: runId })).structured.run.status;

it("an ended run that a newer legwork wrote to: legwork shows its outcome, refuses its journal, and answers about others", async () => {
  const { bench, host, file } = await setTalk();
  const [newer, other] = [await runToEnd(host, { prompt: "quick 1" }), await runToEnd(host, { prompt: "quick 2" })];
  writeNewerEvent(file, newer.run_id);
  const id = newer.run_id;

  for (const view of ["summary", "result"]) {
    const { isError, structured } = await host.call("get_run", { run_id: id, view });
    expect(isError).toBe(false);
    expect(structured.run).toMatchObject({ status: "success", result: "Done: quick 1", effects: null, tools: null });
    expect(structured.run.next).toContain(`${id} ${NEWER}`);
  }
  for (const view of ["events", "messages", "access"]) expectNewer(await host.call("get_run", { run_id: id, view }));
  const { structured } = await host.call("wait_for_runs", { run_ids: [id, other.run_id], wait_seconds: 5 });
  expect(structured.runs).toMatchObject([
    { status: "success", next: expect.stringContaining(NEWER) },
    { status: "success", effects: [] },
  ]);
  expect((await listed(host)).map(({ run_id }) => run_id)).toEqual([other.run_id, id]);

  expectNewer(await host.call("resume_run", { run_id: id, message: "More." }));
  for (const source of [`run:${id}`, `transcript:${id}:5`])
    expectNewer(await host.call("spawn_agent", { prompt: "quick 3", context: [source] }));
  const cancelled = await host.call("cancel_run", { run_id: id });
  expect(cancelled.structured).toMatchObject({ was: "success", status: "success" });
  expect(await listed(host)).toHaveLength(2);
  expect(await runToEnd(host, { prompt: "quick 4", context: [`run:${other.run_id}`] })).toMatchObject({
    status: "success",
  });

  const shown = await legwork(bench, ["runs", "show", id]);
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  expect(shown.stdout).toContain("Done: quick 1");
  expect(shown.stdout).toContain(`its events cannot be shown: ${id} ${NEWER}`);
  const asJson = JSON.parse((await legwork(bench, ["runs", "show", id, "--json"])).stdout) as Structured;
  expect(asJson.run.next).toContain(NEWER);
  for (const args of [
    ["runs", "watch", id],
    ["runs", "show", id, "--access"],
  ])
    expect(await legwork(bench, args)).toMatchObject({ code: 2, stderr: expect.stringContaining(NEWER) });
  expect((await legwork(bench, ["runs", "list"])).stdout).toContain(id);
  inDatabase(file, (database) => database.exec("UPDATE runs SET finished_at = 1"));
  const pruned = await legwork(bench, ["runs", "prune", "--older-than", "1d"]);
  expect(pruned.stdout).toMatch(/^2 runs\b.*\n1 run\b.*newer/);
}, 60_000);

it("a waiting run that a newer legwork wrote to takes no answer and does not expire here, and can be cancelled", async () => {
  const { bench, host, file } = await setTalk();
  const [newer, other] = [await runToEnd(host, { prompt: "ask 1" }), await runToEnd(host, { prompt: "ask 2" })];
  expect([newer.status, other.status]).toEqual(["waiting", "waiting"]);
  writeNewerEvent(file, newer.run_id);
  expectNewer(await host.call("respond_to_run", { run_id: newer.run_id, answer: "So." }));
  const shown = (await host.call("get_run", { run_id: newer.run_id })).structured.run;
  expect(shown).not.toHaveProperty("question");
  expect(shown.next).toContain(NEWER);
  const [ofOther, ofNewer] = await listed(host);
  expect(ofOther).not.toHaveProperty("missing");
  expect(ofNewer?.missing).toEqual([`${newer.run_id} ${NEWER}`]);

  letExpire(bench, newer.run_id);
  letExpire(bench, other.run_id);
  await runToEnd(host, { prompt: "quick" }); // whose end looks for what can go on
  const ended = await until(async () => {
    const run = await endOf(host, other.run_id);
    return run.status === "success" ? run : null;
  });
  expect(ended.result).toBe("Done: ask 2");
  expect(await statusOf(host, newer.run_id)).toBe("waiting");
  const cancelled = await host.call("cancel_run", { run_id: newer.run_id, reason: "enough" });
  expect(cancelled.structured).toMatchObject({ was: "waiting", status: "cancelled" });
}, 60_000);

it("a run at work that a newer legwork writes to is let go, and no other run with it", async () => {
  const { bench, host, standIn, file, release } = await setTalk();
  const newer = await spawnRun(host, { prompt: "slow 1" });
  const other = await spawnRun(host, { prompt: "slow 2" });
  await standIn.arrived(2);
  writeNewerEvent(file, newer);
  release();
  expect(await endOf(host, other)).toMatchObject({ status: "success", result: "Done: slow 2" });
  const left = await endOf(host, newer);
  expect(left).toMatchObject({ status: "interrupted", next: expect.stringContaining(NEWER) });
  expect(left).not.toHaveProperty("result", "Done: slow 1");
  const reason = inDatabase(file, (database) =>
    database
      .prepare("SELECT data ->> '$.reason' FROM run_events WHERE run_id = ? AND type = 'run_interrupted'")
      .pluck()
      .get(newer),
  );
  expect(reason).toContain(NEWER);

  // Each end of a run looks for what can go on.
  for (let n = 0; n < 3; n++) await runToEnd(host, { prompt: "quick" });
  expect(await statusOf(host, newer)).toBe("interrupted");
  expect((await listed(host)).find(({ run_id }) => run_id === newer)?.missing).toEqual([`${newer} ${NEWER}`]);
  const lines = bench.read("logs/legwork.log").split("\n");
  expect(lines.filter((line) => line.includes("are skipped") && line.includes(newer))).toHaveLength(1);
  expect(lines.filter((line) => line.includes("cannot recover"))).toEqual([]);
  expectNewer(await host.call("resume_run", { run_id: newer }));
  expect((await host.call("cancel_run", { run_id: newer })).structured).toMatchObject({
    was: "interrupted",
    status: "cancelled",
  });
}, 60_000);

it("servers whose file a newer legwork changes finish their runs, begin none, and still read", async () => {
  const { bench, host: one, standIn, file, release, anotherHost } = await setTalk();
  const other = await anotherHost();
  const [ended, waiting] = [await runToEnd(one, { prompt: "quick" }), await runToEnd(one, { prompt: "ask" })];
  const [ofOne, ofOther] = [await spawnRun(one, { prompt: "slow 1" }), await spawnRun(other, { prompt: "slow 2" })];
  await standIn.arrived(4);
  migrate(file);

  for (const host of [one, other]) {
    const rows = inDatabase(file, (database) => database.prepare("SELECT count(*) FROM run_events").pluck().get());
    expectNewer(await host.call("spawn_agent", { prompt: "quick" }));
    expectNewer(await host.call("resume_run", { run_id: ended.run_id, message: "More." }));
    expectNewer(await host.call("cancel_run", { run_id: ofOne }));
    expectNewer(await host.call("complete", { run_id: ofOne, result: "by hand", status: "success" }));
    expectNewer(await host.call("respond_to_run", { run_id: waiting.run_id, answer: "So." }));
    expectNewer(await host.call("respond_to_run", { run_id: ofOne, message: "Hello." }));
    const now = inDatabase(file, (database) => database.prepare("SELECT count(*) FROM run_events").pluck().get());
    expect(now).toBe(rows);
    expect(await eventTypes(host, ended.run_id)).toContain("run_finished");
    expect((await listed(host)).map(({ status }) => status)).toEqual(["running", "running", "waiting", "success"]);
  }
  release();
  expect(await endOf(one, ofOne)).toMatchObject({ status: "success", result: "Done: slow 1" });
  expect(await endOf(one, ofOther)).toMatchObject({ status: "success", result: "Done: slow 2" });

  const third = await anotherHost();
  const refused = await third.call("list_runs");
  expectNewer(refused);
  expect(refused.structured.error.message).toContain(`${file} ${NEWER}, or set LEGWORK_HOME to another folder`);
  for (const args of [
    ["runs", "list"],
    ["runs", "cancel", waiting.run_id],
    ["tools", "accept", "effects"],
  ])
    expect(await legwork(bench, args)).toMatchObject({ code: 2, stderr: expect.stringContaining(`${file} ${NEWER}`) });
}, 60_000);

it("a server whose file a newer legwork has changed takes up no run whose process went away, and says why once", async () => {
  const { bench, host: one, standIn, file, release, anotherHost } = await setTalk();
  const other = await anotherHost();
  const [ofOne, ofOther] = [await spawnRun(one, { prompt: "slow 1" }), await spawnRun(other, { prompt: "slow 2" })];
  await standIn.arrived(2);
  migrate(file);
  await other.close();
  expect(await endOf(one, ofOther)).toMatchObject({ status: "interrupted" });
  expect((await listed(one)).find(({ run_id }) => run_id === ofOther)?.missing).toEqual([`the database ${NEWER}`]);
  release();
  expect(await endOf(one, ofOne)).toMatchObject({ status: "success" });
  expect(await statusOf(one, ofOther)).toBe("interrupted");
  const said = () =>
    bench
      .read("logs/legwork.log")
      .split("\n")
      .filter((line) => line.includes("begins no others") && line.includes(`"pid":${one.pid},`));
  await until(() => said().length > 0);
  expect(said()).toHaveLength(1);
  expect(standIn.requests).toHaveLength(2);
}, 60_000);

it("an agent that may start no run of its own any more learns why, and continues", async () => {
  const { host, standIn, file, release } = await setTalk({ config: "limits: { max_depth: 2 }" });
  const runId = await spawnRun(host, { prompt: "slow spawn" });
  await standIn.arrived(1);
  migrate(file);
  release();
  expect(await endOf(host, runId)).toMatchObject({ status: "success", result: "Done: slow spawn" });
  expect(answerTextIn(standIn.requests.at(-1))).toContain(NEWER);
}, 60_000);
