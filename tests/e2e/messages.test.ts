/** Messages to an agent: it gets each once, before its next model request, whatever its run is doing when it is sent. */
import { expect, it } from "vitest";
import { call, says, setSandbox, text } from "../support/agents.js";
import { type TestHost, until } from "../support/host.js";
import { settled } from "../support/people.js";
import { shareHome } from "../support/shared-home.js";
import { tell } from "../support/workflows.js";

const home = shareHome();

async function spawn(host: TestHost, args: object = {}): Promise<string> {
  return (await host.call("spawn_agent", { prompt: "go", tools: ["*"], ...args })).structured.run_id;
}

async function send(host: TestHost, runId: string, message: string) {
  const { isError, text: told } = await host.call("respond_to_run", { run_id: runId, message });
  expect(isError, told).toBe(false);
}

async function ended(host: TestHost, runId: string) {
  return await tell(host, await settled(host, runId));
}

/** How often the model was shown a text in one request. */
function timesIn(request: { body: object } | undefined, said: string): number {
  return JSON.stringify(request?.body).split(said).length - 1;
}

it("messages sent before the first request, during a request and during a call are each read once, in order", async () => {
  let runId = "";
  const { host, standIn, slowStages } = await setSandbox(
    async (_body, n) => {
      if (n === 2) await send(host, runId, "third");
      return (
        [
          says(text("The first run.")),
          says(call("effects__slow", { ms: 1 })),
          says(call("effects__slow", { ms: 2_000 })),
          says(text("Read all.")),
        ][n - 1] ?? says(text("too many requests"))
      );
    },
    { config: "limits: { max_concurrent_runs: 1 }" },
  );
  const first = await spawn(host);
  runId = await spawn(host); // pending: there is one slot
  await send(host, runId, "first");
  await send(host, runId, "second");
  await until(() => slowStages().length === 3);
  await send(host, runId, "fourth");
  const led = await ended(host, runId);
  expect(led.run).toMatchObject({ status: "success", result: "Read all." });
  expect((await ended(host, first)).run.status).toBe("success");
  expect(led.said.filter((said) => /^user: (first|second|third|fourth)$/.test(said))).toEqual([
    "user: first",
    "user: second",
    "user: third",
    "user: fourth",
  ]);
  for (const said of ["first", "second", "third", "fourth"])
    expect(timesIn(standIn.requests.at(-1), `"text":"${said}"`)).toBe(1);
  expect(led.events.filter(({ type }) => type === "message_sent")).toMatchObject(
    ["first", "second", "third", "fourth"].map((said) => ({ text: said, by: "test-host", channel: "respond_to_run" })),
  );
});

it.each([
  ["an answer", () => says(text("Done."))],
  ["complete", () => says(call("complete", { result: "Done.", status: "success" }))],
])("a message sent right before the end by %s is read first", async (_what, end) => {
  let runId = "";
  const { host } = home;
  const { prompt, requests } = home.play(async (n) => {
    if (n === 1) {
      await until(() => runId);
      await send(host, runId, "Wait, one more thing.");
    }
    return end();
  });
  runId = await spawn(host, { prompt });
  const led = await ended(host, runId);
  expect(led.run).toMatchObject({ status: "success", result: "Done.", turns_used: 2 });
  expect(requests()).toHaveLength(2);
  expect(timesIn(requests()[1], "Wait, one more thing.")).toBe(1);
});

it("a message to a waiting run is read with the answer", async () => {
  const { host } = home;
  const { prompt, requests } = home.play([says(call("ask", { question: "Which?" })), says(text("Thanks."))]);
  const runId = await spawn(host, { prompt });
  expect((await settled(host, runId)).status).toBe("waiting");
  await send(host, runId, "And hurry.");
  expect(requests()).toHaveLength(1);
  await host.call("respond_to_run", { run_id: runId, answer: "This." });
  const led = await ended(host, runId);
  expect(led.run.status).toBe("success");
  expect(led.said.slice(-2)).toEqual(["ask: This.", "user: And hurry."]);
});

it("a message to an interrupted run, from another process, is read when the run is resumed", async () => {
  const { host, standIn, anotherHost } = await setSandbox(
    (_body, n) => (n === 1 ? { kind: "hang" } : says(text("Went on."))),
    { config: "resume: manual" },
  );
  const runId = await spawn(host);
  await standIn.arrived(1);
  process.kill(host.pid, "SIGKILL");
  const other = await anotherHost();
  await until(async () => (await other.call("get_run", { run_id: runId })).structured.run.status === "interrupted");
  await send(other, runId, "Start with the tests.");
  await other.call("resume_run", { run_id: runId });
  expect((await ended(other, runId)).run).toMatchObject({ status: "success", result: "Went on." });
  expect(timesIn(standIn.requests[1], "Start with the tests.")).toBe(1);
});
