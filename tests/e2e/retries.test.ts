/** Faults of the vendor that pass: the request is made again, each try is an event, and nothing of it outlives the run. */
import { expect, it } from "vitest";
import { call, says, text } from "../support/agents.js";
import { badJson, hang, rateLimited, refusal, reset, status } from "../support/gemini-stand-in.js";
import { type EventAnswer, type TestHost, until } from "../support/host.js";
import { AT_ONCE_MS } from "../support/in-time.js";
import { naming } from "../support/naming.js";
import { shareHome } from "../support/shared-home.js";

const home = shareHome();
const impatient = shareHome({ config: "limits: { stall_seconds: 1 }" });

type Failed = EventAnswer & Readonly<Record<"status" | "wait_ms" | "tries" | "turn", number | null>>;

async function failures(host: TestHost, runId: string): Promise<readonly Failed[]> {
  const { structured } = await host.call("get_run", { run_id: runId, view: "events", limit: 200 });
  return structured.events.filter(({ type }) => type === "request_failed") as Failed[];
}

it.each([
  ["429", rateLimited("0.2s"), "rate_limited", 429],
  ["a 429 in milliseconds", rateLimited("150.5ms"), "rate_limited", 429],
  ["a 429 in seconds and nanoseconds", rateLimited({ seconds: 0, nanos: 1e8 }), "rate_limited", 429],
  ["408", status(408), "timed_out", 408],
  ["500", status(500), "server_error", 500],
  ["502", status(502), "server_error", 502],
  ["503", status(503), "overloaded", 503],
  ["503 with Retry-After", { ...status(503), headers: { "retry-after": "0.1" } }, "overloaded", 503],
  ["504", status(504), "timed_out", 504],
  ["a reset connection", reset(), "network", null],
  ["a connection reset within the answer", reset(true), "network", null],
  ["an answer that breaks off", badJson(), "bad_response", null],
])("a run goes on after %s, and the try is an event", async (_name, fault, code, http) => {
  const { spawn, requests } = home.play([says(call("effects__echo", { n: 1 })), fault, says(text("done"))]);
  const { structured } = await spawn({ tools: ["*"], max_turns: 2 });
  expect(structured).toMatchObject({ status: "success", result: "done", turns_used: 2 });
  expect(requests()).toHaveLength(3);
  expect(requests()[2]?.body).toEqual(requests()[1]?.body);
  const [failed, ...others] = await failures(home.host, structured.run_id);
  expect(others).toEqual([]);
  expect(failed).toMatchObject({ turn: 2, tries: 1, code, status: http, wait_ms: expect.any(Number) });
});

it("waits as long as the vendor asks, in the body or in the header", async () => {
  const asked = [rateLimited("0.6s"), { ...status(429), headers: { "retry-after": "1" } }];
  const { spawn } = home.play([...asked, says(text("done"))]);
  const { structured } = await spawn();
  expect(structured.status).toBe("success");
  const [body, header] = await failures(home.host, structured.run_id);
  expect(body?.wait_ms).toBeGreaterThanOrEqual(600);
  expect(header?.wait_ms).toBeGreaterThanOrEqual(1_000);
  const waited = Date.parse(header?.at ?? "") - Date.parse(body?.at ?? "");
  expect(waited).toBeGreaterThanOrEqual((body?.wait_ms ?? 0) - 5);
});

it("ten agents of nine turns all succeed where every 20th request gets a 503", async () => {
  let asked = 0;
  const runs = Array.from({ length: 10 }, () => {
    let turn = 0;
    return home.play(() => {
      if (++asked % 20 === 0) return status(503);
      return ++turn < 9 ? says(call("effects__echo", { turn })) : says(text(`nine turns`));
    });
  });
  const ended = await Promise.all(runs.map(({ spawn }) => spawn({ tools: ["*"], wait_seconds: 50 })));
  for (const { structured } of ended)
    expect(structured).toMatchObject({ status: "success", result: "nine turns", turns_used: 9 });
  expect(asked).toBeGreaterThan(90);
});

it("gives up a failure that keeps coming, and says how often it was tried", async () => {
  const { spawn, requests } = home.play(() => badJson());
  const { structured } = await spawn();
  expect(structured).toMatchObject({ status: "error", error: { code: "bad_response", message: naming(/\b3 times/) } });
  expect(requests()).toHaveLength(3);
  expect((await failures(home.host, structured.run_id)).map(({ tries }) => tries)).toEqual([1, 2, 3]);
});

it.each([
  [
    "a quota of a day",
    refusal(429, "Quota.", [{ violations: [{ quotaId: "RequestsPerDayPerProject" }] }]),
    "quota_exhausted",
  ],
  ["no credit", refusal(402, "Your prepayment credits are depleted."), "out_of_credit"],
])("ends at once at %s", async (_name, fault, code) => {
  const { spawn, requests } = home.play(() => fault);
  const { structured } = await spawn();
  expect(structured).toMatchObject({ status: "error", error: { code } });
  expect(requests()).toHaveLength(1);
  expect(await failures(home.host, structured.run_id)).toMatchObject([{ code, wait_ms: null }]);
});

it.each([false, true])("asks again after a silence, also one within an answer (%s)", async (inBody) => {
  const { spawn, requests } = impatient.play([hang(inBody), says(text("done"))]);
  const { structured } = await spawn();
  expect(structured).toMatchObject({ status: "success", result: "done", turns_used: 1 });
  expect(requests()).toHaveLength(2);
  await requests()[0]?.closed;
  const [failed] = await failures(impatient.host, structured.run_id);
  expect(failed).toMatchObject({
    code: "stalled",
    tries: 1,
    reason: naming("stall_seconds"),
    wait_ms: expect.any(Number),
  });
});

it.each([
  ["at once where the first was silent altogether", [hang(), says(text("done"))], ["mute", "lively"]],
  [
    "after three silences of one that had begun to answer",
    [hang(true, "I beg"), hang(true, "I beg"), hang(true, "I beg"), says(text("done"))],
    ["mute", "mute", "mute", "lively"],
  ],
])("asks the next model %s", async (_name, turns, asked) => {
  const { spawn, requests } = impatient.play(turns);
  const { structured } = await spawn({ model: ["mute", "lively"] });
  expect(structured).toMatchObject({ status: "success", result: "done" });
  expect(requests().map(({ model }) => model)).toEqual(asked);
});

it("ends as stalled where the model stays silent, after three requests", async () => {
  const { spawn, requests } = impatient.play(() => hang());
  const { structured } = await spawn();
  const message = naming(/\b1 s/, "stall_seconds", /\b3 times/);
  expect(structured).toMatchObject({ status: "error", error: { code: "stalled", message } });
  expect(requests()).toHaveLength(3);
});

it("a cancel and a deadline end the wait at once", async () => {
  const { spawn, requests, arrived } = home.play(() => rateLimited("50s"));
  const [cancelled, late] = await Promise.all([spawn({ wait_seconds: 0 }), spawn({ wait_seconds: 0 })]);
  await arrived(2);
  const ids = [cancelled, late].map(({ structured }) => structured.run_id);
  for (const id of ids) await until(async () => (await failures(home.host, id)).length === 1);
  const began = Date.now();
  for (const run_id of ids) {
    const { structured } = await home.host.call("cancel_run", { run_id });
    expect(structured).toMatchObject({ was: "running", status: "cancelled" });
  }
  expect(Date.now() - began).toBeLessThan(AT_ONCE_MS);
  expect(requests()).toHaveLength(2);
});

it("another process resumes a run that waited for its next try", async () => {
  const one = await home.open();
  const { prompt, arrived } = home.play([rateLimited("40s"), says(text("done elsewhere"))]);
  const { run_id } = (await one.call("spawn_agent", { prompt })).structured;
  await arrived(1);
  await until(async () => (await failures(home.host, run_id)).length === 1);
  await one.close();
  const { structured } = await home.host.call("wait_for_runs", { run_ids: [run_id], wait_seconds: 30 });
  expect(structured.runs[0]).toMatchObject({ status: "success", result: "done elsewhere" });
});
