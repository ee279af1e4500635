/** The observer of the crash campaign sees the commits of all processes, and can lock the database for a while. */
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openDatabaseObserver } from "../../src/store/sqlite/connection/open-database-observer.js";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { until } from "../support/host.js";
import { rehearse, setBench, setHost } from "../support/rehearsals.js";

async function setRun() {
  const bench = setBench();
  rehearse(bench, "slow", [{ text: "done", delay_ms: 60_000 }]);
  const host = await setHost(bench);
  const request = { prompt: "work", title: "slow run", provider: "rehearsal", model: "slow" };
  const { run_id: id } = (await host.call("spawn_agent", request)).structured;
  const file = join(bench.home, "legwork.db");
  const observer = openDatabaseObserver(file);
  onTestFinished(() => observer.close());
  return { host, observer, id, file };
}

it("shows the owner of a run, the events on disk, and the end of the run", async () => {
  const { host, observer, id } = await setRun();
  await until(() => observer.events(id, 0).some(({ type }) => type === "turn_started"));
  const events = observer.events(id, 0);
  expect(observer.unfinished()).toEqual([
    { id, title: "slow run", process: host.pid, lastSeq: events.length, attempts: 0 },
  ]);
  expect(events[0]).toMatchObject({ seq: 1, type: "run_created" });
  const turn = events.find(({ type }) => type === "turn_started");
  expect(JSON.parse(turn?.data ?? "")).toEqual({ turn: 1 });
  expect(observer.events(id, 1)).toEqual(events.slice(1));

  const before = observer.changes();
  await host.call("cancel_run", { run_id: id });
  expect(observer.changes()).not.toBe(before);
  expect(observer.unfinished()).toEqual([]);
  const [run] = observer.runs();
  expect(run).toMatchObject({ id, title: "slow run", status: "cancelled" });
  expect(JSON.parse(run?.outcome ?? "")).toMatchObject({ status: "cancelled" });
});

it("shows no process for a run whose process has exited", async () => {
  const { host, observer, id } = await setRun();
  await host.close();
  expect(observer.unfinished()).toMatchObject([{ id, process: null }]);
});

it("keeps other connections from committing only while the function runs", async () => {
  const { observer, file } = await setRun();
  const other = openSqlite(file, { timeout: 0 });
  onTestFinished(() => void other.close());
  const commit = () => other.exec("BEGIN IMMEDIATE; COMMIT");
  observer.whileNobodyCommits(() => expect(commit).toThrow(/locked/));
  expect(commit).not.toThrow();
  const failing = () =>
    observer.whileNobodyCommits(() => {
      throw new Error("meanwhile");
    });
  expect(failing).toThrow("meanwhile");
  expect(commit).not.toThrow();
});
