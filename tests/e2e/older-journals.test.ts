/** Databases of earlier versions: what they hold is read, shown and gone on with. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { answersIn, call, says, setSandbox, text } from "../support/agents.js";
import { type TestHost, until, type Workbench } from "../support/host.js";
import { mentions } from "../support/mentions.js";
import { naming } from "../support/naming.js";
import { shareHome } from "../support/shared-home.js";

/**
 * Written by the commit 96a4508: a run led by a workflow to its end; one whose process was killed between an effectful
 * call's beginning and its answer; one interrupted while it waited for a call that only reads.
 */
const FIRST_VERSION = readFileSync(join(import.meta.dirname, "../fixtures/journal-v1/legwork.sql"), "utf8");

/**
 * Written by version 0.1.0: a run that waits for an approval; one that ended after an answered question and a message; one
 * with a picture among its answers; one that asks whether a call in doubt had its effect; one interrupted in a call that
 * only reads.
 */
const SECOND_VERSION = readFileSync(join(import.meta.dirname, "../fixtures/journal-v2/legwork.sql"), "utf8");

const LATER = Date.parse("2100-01-01");

const SECOND_SETTINGS = `
  UPDATE runs SET question = json_set(question, '$.expiresAt', ${LATER}) WHERE question IS NOT NULL;
  UPDATE runs SET interrupted_at = 1 WHERE interrupted_at IS NOT NULL;`;

/** Puts the old database into a home, as if it had been written for this project. */
function putDatabase({ home, project }: Workbench, sql: string): void {
  mkdirSync(home, { recursive: true });
  const database = openSqlite(join(home, "legwork.db"));
  database.exec(sql.replaceAll("{{project}}", project));
  database.exec("UPDATE runs SET lease_expires_at = 20000 WHERE owner IS NOT NULL"); // long ago, whatever the day is
  database.close();
}

/** SQL that adds a run like that of a title, under a new title: a test may then change it. */
function copyRun(title: string, copy: string, replace: readonly [said: string, by: string] = ["", ""]): string {
  const id = `run_${copy.replaceAll(/\W/g, "").padEnd(26, "0")}`;
  const replaced = (column: string) => `${column} = replace(${column}, '${replace[0]}', '${replace[1]}')`;
  return `
    CREATE TEMP TABLE copied AS SELECT * FROM run_events WHERE run_id = (SELECT id FROM runs WHERE title = '${title}');
    UPDATE copied SET run_id = '${id}', ${replaced("data")};
    INSERT INTO run_events SELECT * FROM copied;
    DROP TABLE copied;
    CREATE TEMP TABLE copied AS SELECT * FROM runs WHERE title = '${title}';
    UPDATE copied SET id = '${id}', root_run_id = '${id}', title = '${copy}', prompt = prompt || ' ${copy}';
    INSERT INTO runs SELECT * FROM copied;
    DROP TABLE copied;`;
}

async function runNamed(title: string, host: TestHost) {
  const { structured } = await host.call("list_runs", { scope: "project", limit: 100 });
  const run = structured.runs.find((each) => each.title === title);
  if (!run) throw new Error(`no run ${title} among ${JSON.stringify(structured)}`);
  return run;
}

/** All pages of a view, as one text. */
async function viewOf(view: string, runId: string, host: TestHost): Promise<string> {
  let pages = "";
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const { structured, isError } = await host.call("get_run", { run_id: runId, view, ...(cursor ? { cursor } : {}) });
    expect(isError, JSON.stringify(structured)).toBe(false);
    pages += JSON.stringify(structured);
    cursor = structured.next_cursor ?? null;
  }
  return pages;
}

const first = shareHome({
  before: (bench) =>
    putDatabase(
      bench,
      [
        FIRST_VERSION,
        copyRun("cut", "cut to resume"),
        copyRun("interrupted", "interrupted to resume"),
        copyRun("finished", "finished to continue"),
        copyRun("finished", "finished to outdate"),
      ].join("\n"),
    ),
});

it.each([
  ["finished", "success", ["transition_taken", "workflow_call_finished", "It is led.", "rule_warned", "early"]],
  ["cut", "interrupted", ["I read.", "effects__slow_add_line", "added one"]],
  ["interrupted", "interrupted", ["I wait.", "effects__slow"]],
] as const)("every view of a run that is %s can be read", async (title, status, said) => {
  const { host } = first;
  const { run_id: id } = await runNamed(title, host);
  const views = [];
  for (const view of ["summary", "result", "events", "messages", "access"]) views.push(await viewOf(view, id, host));
  expect(views[0]).toContain(`"status":"${status}"`);
  for (const words of said) expect(views.join("\n")).toContain(words);
  expect(views[4]).toContain("effects__read_lines");
});

it("resume_run brings a run whose process was killed to its end: it repeats no call, and the open one is in doubt", async () => {
  const { host, effects } = first;
  const { requests } = first.play([says(text("All is written."))], "cut to resume");
  const { run_id: id } = await runNamed("cut to resume", host);
  await host.call("resume_run", { run_id: id });
  const { structured } = await host.call("wait_for_runs", { run_ids: [id], wait_seconds: 20 });
  expect(structured.runs[0]).toMatchObject({ status: "success", result: "All is written.", turns_used: 3 });
  expect(effects()).toEqual(["three"]);
  const answers = answersIn(requests()[0]).map((answer) => JSON.stringify(answer));
  expect(answers).toHaveLength(3);
  expect(answers[0]).toContain("added one");
  expect(answers[1]).toEqual(naming("effects__slow_add_line", "unknown"));
  expect(answers[2]).toContain("added three");
});

it("resume_run makes the open call of an interrupted run again where it only reads", async () => {
  const { host, slowStages } = first;
  const { requests } = first.play([], "interrupted to resume");
  const { run_id: id } = await runNamed("interrupted to resume", host);
  await host.call("resume_run", { run_id: id });
  await until(() => slowStages().includes("started"));
  expect(requests()).toEqual([]);
  expect(await host.call("cancel_run", { run_id: id })).toMatchObject({ structured: { was: "running" } });
});

it("resume_run with a message continues a run that ended in success", async () => {
  const { host } = first;
  const { arrived } = first.play([says(text("More is done."))], "finished to continue");
  const { run_id: id } = await runNamed("finished to continue", host);
  await host.call("resume_run", { run_id: id, message: "And now more." });
  const asked = JSON.stringify((await arrived(1)).body);
  for (const words of ["Lead on.", "too early", "added led", "And now more."]) expect(asked).toContain(words);
});

it("get_run refuses an event of a newer version in one sentence, and other runs can still be read", async () => {
  const { host, bench } = first;
  const { run_id: id } = await runNamed("finished to outdate", host);
  const database = openSqlite(join(bench.home, "legwork.db"));
  database.prepare("UPDATE run_events SET version = 99 WHERE run_id = ? AND seq = 2").run(id);
  database.close();
  const refused = await host.call("get_run", { run_id: id, view: "events" });
  expect(refused.isError).toBe(true);
  expect(refused.structured.error).toMatchObject({ code: "newer_version" });
  expect(refused.structured.error.message).toMatch(mentions(id, "newer", "restart", "update"));
  expect((await runNamed("cut", host)).status).toBe("interrupted");
});

it("a process that cannot read one interrupted run skips it and resumes the others", async () => {
  const { host, bench } = await setSandbox([says(text("All is written."))]);
  putDatabase(bench, FIRST_VERSION);
  const [unread, other] = [await runNamed("interrupted", host), await runNamed("cut", host)];
  const database = openSqlite(join(bench.home, "legwork.db"));
  database.prepare("UPDATE run_events SET version = 99 WHERE run_id = ? AND type = 'model_replied'").run(unread.run_id);
  database.prepare("UPDATE runs SET interrupted_at = ? WHERE status = 'interrupted'").run(Date.now());
  database.close();
  const { structured } = await host.call("wait_for_runs", { run_ids: [other.run_id], wait_seconds: 20 });
  expect(structured.runs[0]).toMatchObject({ status: "success", result: "All is written." });
  expect((await runNamed("interrupted", host)).status).toBe("interrupted");
});

describe("a database of version 0.1.0", () => {
  const home = shareHome({
    before: (bench) =>
      putDatabase(
        bench,
        [
          SECOND_VERSION,
          copyRun("approval", "approval to give"),
          copyRun("approval", "approval to deny", ["careful", "denied"]),
          copyRun("in doubt", "doubt to clear"),
          copyRun("interrupted", "interrupted to resume"),
          copyRun("pictures", "pictures to look at"),
          SECOND_SETTINGS,
        ].join("\n"),
      ),
  });
  const completes = (result: string) => says(call("complete", { status: "success", result }));

  /** The events of one type, as hosts read them. */
  async function eventsOf(type: string, runId: string, host: TestHost) {
    const { structured } = await host.call("get_run", { run_id: runId, view: "events", limit: 200 });
    return structured.events.filter((event) => event.type === type);
  }

  it.each([
    ["approval", "waiting", ["effects__add_line", "ask first"]],
    ["question", "success", ["Blanks it is.", "Hurry up.", "Two of them."]],
    ["pictures", "success", ["I have seen the picture.", "image/png"]],
    ["in doubt", "waiting", ["effects__slow_add_line", "it did not happen"]],
    ["interrupted", "interrupted", ["effects__slow"]],
  ] as const)("shows every view of its run %s, in the words of today", async (title, status, said) => {
    const { host } = home;
    const { run_id: id } = await runNamed(title, host);
    const views = [];
    for (const view of ["summary", "result", "events", "messages", "access"]) views.push(await viewOf(view, id, host));
    expect(views[0]).toContain(`"status":"${status}"`);
    for (const words of said) expect(views.join("\n")).toContain(words);
    expect(views.join("\n")).not.toMatch(/"(remark|door|parts|cut_call|cut_workflow_call)"/);
  });

  it("names the fields of an answer, a message and a kept picture as today", async () => {
    const { host } = home;
    const [{ run_id: asked }, { run_id: painted }] = [
      await runNamed("question", host),
      await runNamed("pictures", host),
    ];
    expect(await eventsOf("question_answered", asked, host)).toMatchObject([
      { text: "blanks", comment: "Two of them.", channel: "respond_to_run" },
    ]);
    expect(await eventsOf("message_sent", asked, host)).toMatchObject([
      { text: "Hurry up.", channel: "respond_to_run" },
    ]);
    expect(await eventsOf("tool_call_finished", painted, host)).toMatchObject([
      { attachments: [{ kind: "image", mime_type: "image/png" }] },
    ]);
    const { run_id: doubted } = await runNamed("in doubt", host);
    expect(await eventsOf("question_asked", doubted, host)).toMatchObject([
      { question: { about: { kind: "in_doubt_call" } } },
    ]);
  });

  it("gets its waiting approval, and the call is made", async () => {
    const { host, effects } = home;
    const { requests } = home.play([completes("It is written.")], "approval to give");
    const { run_id: id } = await runNamed("approval to give", host);
    await host.call("respond_to_run", { run_id: id, approve: true, comment: "Go ahead." });
    const { structured } = await host.call("wait_for_runs", { run_ids: [id], wait_seconds: 20 });
    expect(structured.runs[0]).toMatchObject({ status: "success", result: "It is written." });
    expect(effects("careful")).toEqual(["careful"]);
    expect(JSON.stringify(requests()[0]?.body)).toContain("Go ahead.");
  });

  it("has its approval denied under the argument's old name", async () => {
    const { host, effects } = home;
    const { requests } = home.play([completes("Then not.")], "approval to deny");
    const { run_id: id } = await runNamed("approval to deny", host);
    const { isError } = await host.call("respond_to_run", { run_id: id, approve: false, remark: "Not today." });
    expect(isError).toBe(false);
    const { structured } = await host.call("wait_for_runs", { run_ids: [id], wait_seconds: 20 });
    expect(structured.runs[0]).toMatchObject({ status: "success", result: "Then not." });
    expect(await viewOf("events", id, host)).toContain('"denied"');
    expect(effects("denied")).toEqual([]);
    expect(JSON.stringify(requests()[0]?.body)).toContain("Not today.");
    expect(await eventsOf("question_answered", id, host)).toMatchObject([{ comment: "Not today." }]);
  });

  it("learns that its in-doubt call had its effect: it is not made again, and the call behind it is made", async () => {
    const { host, effects } = home;
    const { requests } = home.play([says(text("I see."))], "doubt to clear");
    const { run_id: id } = await runNamed("doubt to clear", host);
    await host.call("respond_to_run", { run_id: id, answer: "it happened", comment: "I have seen the line." });
    const { structured } = await host.call("wait_for_runs", { run_ids: [id], wait_seconds: 20 });
    expect(structured.runs[0]).toMatchObject({ status: "success", result: "I see." });
    expect(effects("after")).toEqual(["after"]);
    expect(effects("once")).toEqual([]);
    expect(answersIn(requests()[0])).toHaveLength(2);
    expect(JSON.stringify(requests()[0]?.body)).toContain("I have seen the line.");
  });

  it("has its interrupted run resumed: the call that only reads is made again", async () => {
    const { host, slowStages } = home;
    const { run_id: id } = await runNamed("interrupted to resume", host);
    await host.call("resume_run", { run_id: id });
    await until(() => slowStages().includes("started"));
    expect(await host.call("cancel_run", { run_id: id })).toMatchObject({ structured: { was: "running" } });
  });

  it("has its finished runs continued, with their answers and a picture that can still be read", async () => {
    const { host } = home;
    const { requests } = home.play((_n, body) => {
      const contents = JSON.stringify(body.contents);
      if (!contents.includes("read_result", contents.indexOf("Look again.")))
        return says(call("read_result", { id: "r1.0.1", offset: 0 }));
      return says(text("I have read it."));
    }, "pictures to look at");
    const { run_id: id } = await runNamed("pictures to look at", host);
    const [kept] = await eventsOf("tool_call_finished", id, host);
    const { structured: resumed } = await host.call("resume_run", { run_id: id, message: "Look again." });
    const { structured } = await host.call("wait_for_runs", { run_ids: [resumed.run_id], wait_seconds: 20 });
    expect(structured.runs[0]).toMatchObject({ status: "success", result: "I have read it." });
    expect(JSON.stringify(kept)).toContain('"id":"r1.0.1"');
    expect(JSON.stringify(answersIn(requests().at(-1)))).toContain("iVBORw0KGgo");
  });
});
