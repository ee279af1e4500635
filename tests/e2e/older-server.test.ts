/** A server of version 0.1.0 that a host keeps open while a server of this build works on the same file. */
import { beforeAll, describe, expect, it } from "vitest";
import { call, says, setSandbox, text } from "../support/agents.js";
import type { WireBody } from "../support/gemini-wire-check.js";
import { type TestHost, until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { CANNOT_START, unpackOlderLegwork } from "../support/older-legwork.js";
import { endOf, eventTypes, runToEnd, spawnRun } from "../support/resuming.js";
import { shareHome } from "../support/shared-home.js";

if (CANNOT_START !== null) console.warn(`older-server.test.ts tests nothing here: ${CANNOT_START}`);

/** A model that answers runs whose prompt begins with "slow" when it is released; each of their first turns writes a line. */
function holdBack() {
  let release = () => {};
  const released = new Promise<void>((settle) => {
    release = settle;
  });
  async function reply({ contents }: WireBody) {
    const prompt = contents[0]?.parts[0]?.text ?? "";
    const isFirst = contents.length === 1;
    if (prompt.startsWith("ask") && isFirst) return says(call("ask", { question: "Why?" }));
    if (prompt.startsWith("slow") && isFirst) return says(call("effects__add_line", { text: prompt }));
    if (prompt.startsWith("slow")) await released;
    return says(text(`Done: ${prompt}`));
  }
  return { release, reply };
}

/** A server of this build with a home of its own, for tests that kill servers, and a way to open an old one beside it. */
async function setServers() {
  const { release, reply } = holdBack();
  const sandbox = await setSandbox(reply);
  const bin = unpackOlderLegwork(sandbox.bench.root);
  return { ...sandbox, release, openOlder: () => sandbox.anotherHost({ bin }), newer: sandbox.host };
}

const slowRun = (host: TestHost, name: string) => spawnRun(host, { prompt: `slow ${name}` });
const done = (name: string) => ({ status: "success", result: `Done: slow ${name}` });
const summaryOf = async (host: TestHost, runId: string) =>
  (await host.call("get_run", { run_id: runId })).structured.run;

async function expectAlive(...hosts: readonly TestHost[]): Promise<void> {
  for (const host of hosts) expect(await runToEnd(host, { prompt: "quick" })).toMatchObject({ status: "success" });
}

/** This build has added to the tables: an old server that opens the database afterwards does not use it. */
async function expectShut(host: TestHost): Promise<void> {
  const { isError, structured } = await host.call("list_runs", {});
  expect(isError).toBe(true);
  expect(structured.error).toMatchObject({ code: "store", message: naming("newer legwork", "update") });
}

async function expectListed(host: TestHost, ...runIds: readonly string[]): Promise<void> {
  const { structured } = await host.call("list_runs", { limit: 100 });
  expect(structured.runs.map(({ run_id }) => run_id)).toEqual(expect.arrayContaining([...runIds]));
}

/** The old server cannot read an event of version 3, and says so in its own words. */
async function expectUnreadable(older: TestHost, tool: string, args: Record<string, unknown>): Promise<void> {
  const { isError, structured } = await older.call(tool, args);
  expect(isError, JSON.stringify(structured)).toBe(true);
  expect(structured.error).toMatchObject({ code: "store", message: expect.stringContaining("newer legwork") });
}

describe.skipIf(CANNOT_START !== null)("a server of 0.1.0 beside a server of this build", () => {
  const home = shareHome();
  let older: TestHost;
  beforeAll(async () => {
    older = await home.openForAll({ bin: unpackOlderLegwork(home.bench.root) });
    home.play(() => says(text("Done: quick")), "quick");
  });

  /** The two servers that the tests share which kill none; the prompts of one test end with its name. */
  function share(name: string) {
    const { release, reply } = holdBack();
    const played = home.play((_n, body) => reply(body), name);
    return { ...played, newer: home.host, release, names: [`older ${name}`, `newer ${name}`] as const };
  }

  it("each works on its own runs, lists all runs, and reads those of the other", async () => {
    const { newer, arrived, release, names } = share("each");
    const [ofOlder, ofNewer] = [await slowRun(older, names[0]), await slowRun(newer, names[1])];
    await arrived(4);
    release();
    expect(await endOf(older, ofOlder)).toMatchObject(done(names[0]));
    expect(await endOf(newer, ofNewer)).toMatchObject(done(names[1]));
    for (const host of [older, newer])
      for (const [runId, name] of [[ofOlder, names[0]] as const, [ofNewer, names[1]] as const]) {
        expect(await endOf(host, runId)).toMatchObject(done(name));
        expect(await eventTypes(host, runId)).toContain("run_finished");
        await expectListed(host, runId);
      }
    expect(
      home
        .effects()
        .filter((line) => line.endsWith("each"))
        .toSorted(),
    ).toEqual(["slow newer each", "slow older each"]);
    await expectAlive(older, newer);
  }, 60_000);

  it("a message reaches a run of the other server, in both directions", async () => {
    const { newer, arrived, requests, release, names } = share("message");
    const [ofOlder, ofNewer] = [await slowRun(older, names[0]), await slowRun(newer, names[1])];
    await arrived(4);
    const send = async (host: TestHost, runId: string, message: string) => {
      const { isError, text } = await host.call("respond_to_run", { run_id: runId, message });
      expect(isError, text).toBe(false);
    };
    await send(newer, ofOlder, "From the newer.");
    await send(older, ofNewer, "From the older.");
    release();
    expect(await endOf(older, ofOlder)).toMatchObject({ status: "success" });
    expect(await endOf(newer, ofNewer)).toMatchObject({ status: "success" });
    const asked = requests().map(({ body }) => JSON.stringify(body.contents));
    expect(asked.some((contents) => contents.includes("slow older") && contents.includes("From the newer."))).toBe(
      true,
    );
    expect(asked.some((contents) => contents.includes("slow newer") && contents.includes("From the older."))).toBe(
      true,
    );
    for (const host of [older, newer])
      for (const runId of [ofOlder, ofNewer]) expect(await eventTypes(host, runId)).toContain("message_sent");
    await expectAlive(older, newer);
  }, 60_000);

  it("a cancel stops a run of the other server, in both directions", async () => {
    const { newer, arrived, requests, release, names } = share("cancel");
    const [ofOlder, ofNewer] = [await slowRun(older, names[0]), await slowRun(newer, names[1])];
    await arrived(4);
    for (const [host, runId] of [[newer, ofOlder] as const, [older, ofNewer] as const]) {
      const { structured } = await host.call("cancel_run", { run_id: runId, reason: "enough" });
      expect(structured).toMatchObject({ was: "running", status: "cancelled" });
    }
    await Promise.all(requests().flatMap(({ body, closed }) => (body.contents.length > 1 ? [closed] : [])));
    release();
    for (const host of [older, newer])
      for (const runId of [ofOlder, ofNewer]) expect(await endOf(host, runId)).toMatchObject({ status: "cancelled" });
    await expectAlive(older, newer);
  }, 60_000);

  it("this build recovers a run whose old server was killed; an old server that comes later says that it has to be updated", async () => {
    const { newer, openOlder, standIn, release, effects } = await setServers();
    const killed = await openOlder();
    const runId = await slowRun(killed, "older");
    await standIn.arrived(2);
    await newer.call("list_runs");
    process.kill(killed.pid, "SIGKILL");
    await standIn.arrived(3);
    release();
    expect(await endOf(newer, runId)).toMatchObject(done("older"));
    expect(effects()).toEqual(["slow older"]);

    await expectShut(await openOlder());
    await expectAlive(newer);
  }, 60_000);

  it("the old server recovers a run of this build, where all events have their old form", async () => {
    const { newer, openOlder, standIn, release, effects } = await setServers();
    const survivor = await openOlder();
    const [ofOlder, ofNewer] = [await slowRun(survivor, "older"), await slowRun(newer, "newer")];
    await standIn.arrived(4);
    process.kill(newer.pid, "SIGKILL");
    await standIn.arrived(5);
    release();
    expect(await endOf(survivor, ofOlder)).toMatchObject(done("older"));
    expect(await endOf(survivor, ofNewer)).toMatchObject(done("newer"));
    expect(effects().toSorted()).toEqual(["slow newer", "slow older"]);
    await expectAlive(survivor);
  }, 60_000);

  it("an old server that comes after this build leaves its runs alone, and this build continues them", async () => {
    const { newer, openOlder, standIn, release, effects, anotherHost } = await setServers();
    const dying = await anotherHost();
    const runId = await slowRun(dying, "twice");
    await standIn.arrived(2);
    await newer.call("list_runs");
    process.kill(dying.pid, "SIGKILL");
    await standIn.arrived(3); // from here on it has a run_resumed of version 3
    const survivor = await openOlder(); // not before: it might be the one that recovers the run
    process.kill(newer.pid, "SIGKILL");
    await expectShut(survivor);
    release();
    const next = await anotherHost();
    await next.call("list_runs");
    await until(async () => (await summaryOf(next, runId)).status === "success", 40_000);
    expect(effects()).toEqual(["slow twice"]);
    await expectAlive(next);
  }, 90_000);

  it("a question is answered through the other server; only this build continues a run that it has answered", async () => {
    const { newer, names } = share("question");
    const ask = async (host: TestHost, name: string) => {
      const run = await runToEnd(host, { prompt: `ask ${name}` });
      expect(run.status).toBe("waiting");
      return run.run_id;
    };
    const answer = async (host: TestHost, runId: string) => {
      const { isError, text } = await host.call("respond_to_run", { run_id: runId, answer: "So." });
      expect(isError, text).toBe(false);
    };
    const [ofOlder, ofNewer] = [await ask(older, names[0]), await ask(newer, names[1])];
    await answer(newer, ofOlder);
    await answer(older, ofNewer);
    for (const runId of [ofOlder, ofNewer])
      await until(async () => (await summaryOf(newer, runId)).status === "success");
    await expectUnreadable(older, "get_run", { run_id: ofOlder, view: "events" });
    for (const runId of [ofOlder, ofNewer]) {
      expect(await summaryOf(older, runId)).toMatchObject({ status: "success" });
      expect(await eventTypes(newer, runId)).toContain("question_answered");
    }
    await expectAlive(older, newer);
  }, 60_000);
});
