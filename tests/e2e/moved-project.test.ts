/** A project whose folder was moved: its runs are brought along by a person, and go on in the new folder. */
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { legwork, legworkHere } from "../support/command.js";
import { until } from "../support/host.js";
import { messageOf, naming } from "../support/naming.js";
import { rehearse, runScript, setBench, setHost, toolTexts } from "../support/rehearsals.js";

const read = { tool: "workspace__read_text_file", arguments: { path: "notes.txt" } };
const write = (path: string) => ({ tool: "workspace__write_file", arguments: { path, content: "by the run" } });
const part = { tool: "complete", arguments: { status: "partial", result: "a part" } };
const ALL = { tools: ["*"], provider: "rehearsal" };

it("goes on where it is now after the old folder is gone and a person has said so there, never before", async () => {
  const bench = setBench();
  const [here, elsewhere] = [join(bench.root, "moved"), join(bench.root, "elsewhere")];
  mkdirSync(elsewhere);
  bench.write("notes.txt", "1");
  rehearse(bench, "parts", [
    { calls: [read] },
    { calls: [part] },
    { calls: [write("notes.txt"), write("new.txt")] },
    { text: "all" },
  ]);
  rehearse(bench, "slow", [{ text: "late", delay_ms: 60_000 }]);
  const old = await setHost(bench);
  const keyed = { model: "parts", prompt: "play", idempotency_key: "k" };
  const ended = await runScript(old, "parts", { ...ALL, ...keyed });
  expect(ended).toMatchObject({ status: "partial", result: "a part" });
  const slow = (await old.call("spawn_agent", { ...ALL, model: "slow", prompt: "play", wait_seconds: 0 })).structured;

  const adopt = (folder: string, ...more: string[]) =>
    legworkHere(bench, ["runs", "adopt", ended.run_id, "--project", folder, ...more]);
  const refused = async (folder: string, ...facts: string[]) => {
    const { code, stdout, stderr } = await adopt(folder);
    expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
    expect(messageOf({ stderr })).toEqual(naming(...facts));
  };
  await refused(bench.project, ended.run_id, "this project");
  await refused(elsewhere, bench.project, "still there");
  renameSync(bench.project, here);
  await refused(here, bench.project, slow.run_id);

  const host = await setHost(bench, { cwd: here });
  rehearse(bench, "slow", [{ text: "in time" }]);
  await old.close(); // interrupts its run
  const own = await runScript(host, "parts", { ...ALL, ...keyed, prompt: "another" });
  const far = await host.call("resume_run", { run_id: ended.run_id });
  const command = `legwork runs adopt ${ended.run_id}`;
  expect(far.structured.error).toMatchObject({ code: "other_project", message: naming(bench.project, command) });
  const inTerminal = await legwork(bench, ["runs", "resume", ended.run_id], {}, here);
  expect(inTerminal).toMatchObject({ code: 2, stdout: "", stderr: naming(bench.project, command) });
  symlinkSync(elsewhere, bench.project);
  await refused(here, bench.project, "still there"); // it leads to another folder
  const done = await adopt(elsewhere, "--json"); // a link to the new folder says where the old one is
  expect(JSON.parse(done.stdout)).toEqual({ runs: 2, from: bench.project, project: elsewhere });
  renameSync(elsewhere, join(bench.root, "wrong"));
  expect(await adopt(here)).toMatchObject({ code: 0, stderr: "", stdout: naming("2 runs", elsewhere, here, "trust") });

  await until(async () => {
    const { structured } = await host.call("get_run", { run_id: slow.run_id });
    return structured.run.status === "success" && structured.run.result === "in time"; // by itself
  });
  writeFileSync(join(here, "notes.txt"), "by the user");
  await host.call("resume_run", { run_id: ended.run_id });
  const { runs } = (await host.call("wait_for_runs", { run_ids: [ended.run_id], wait_seconds: 40 })).structured;
  expect(runs).toMatchObject([{ status: "success", result: "all" }]);
  expect((await toolTexts(host, ended.run_id)).at(-2)).toContain("read it again");
  expect(["notes.txt", "new.txt"].map((name) => readFileSync(join(here, name), "utf8"))).toEqual([
    "by the user",
    "by the run",
  ]);
  const again = await host.call("spawn_agent", { ...ALL, ...keyed, prompt: "another" });
  expect(again.structured).toMatchObject({ run_id: own.run_id, existing: true }); // the key of the folder's own run
  const listed = await legworkHere(bench, ["runs", "--json", "--project", here]);
  expect(JSON.parse(listed.stdout).runs).toHaveLength(3);
}, 90_000);
