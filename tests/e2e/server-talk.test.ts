/** What downstream servers say and ask while they are called, as the model and the host see it. */
import { expect, it } from "vitest";
import { answersIn, call, says, setSandbox, text } from "../support/agents.js";
import { reply } from "../support/gemini-stand-in.js";
import { ASKING_SERVER, type TestHost, until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { conversationIn } from "../support/resuming.js";
import { shareHome } from "../support/shared-home.js";

const SECRET = "sk-tangerine-4711-marmalade";

/** A server that talks, with what it is allowed. */
const talker = (name: string, settings = "") => `  ${name}:
    command: ${process.execPath}
    args: [${ASKING_SERVER}]
    ${settings}
`;

/** What the person at the host was asked. */
const asked: string[] = [];

const home = shareHome({
  config: [
    talker("asking"),
    talker("sampling", "allow: [sampling]"),
    talker("eliciting", "allow: [elicitation]"),
    talker("secretive", `env: { API_KEY: "${SECRET}" }\n    allow: [sampling, elicitation]`),
  ].join(""),
  elicit: (message) => {
    asked.push(message);
    return message.includes("who are you?") ? { action: "accept", content: { name: "Ada" } } : { action: "decline" };
  },
});

/** The server as list_agents shows it. */
async function serverIn(host: TestHost): Promise<{ readonly state: string; readonly tools: number | null }> {
  const { structured } = await host.call("list_agents", { server: "asking" });
  return Reflect.get(structured, "server");
}

const answerTo = (request: Parameters<typeof answersIn>[0]) =>
  answersIn(request)
    .map(({ response }) => JSON.stringify(response))
    .join("\n");

it("tells a server the project folder as its root", async () => {
  const { prompt, requests } = home.play([says(call("asking__roots")), says(text("done"))]);
  await home.host.call("spawn_agent", { prompt, wait_seconds: 20 });
  expect(answerTo(requests()[1])).toContain(`file://${home.bench.project}`);
});

it("refuses requests that the configuration does not allow, and declares no capability for them", async () => {
  const script = [
    says(
      call("asking__capabilities"),
      call("asking__ask_model", { question: "hi" }),
      call("asking__ask_person", { question: "hi" }),
    ),
    says(text("done")),
  ];
  const { prompt, requests } = home.play(script);
  await home.host.call("spawn_agent", { prompt, wait_seconds: 20 });
  const [capabilities, model, person] = answersIn(requests()[1]).map(({ response }) => JSON.stringify(response));
  expect(capabilities).not.toMatch(/sampling|elicitation/);
  expect(model).toContain("-32601"); // the protocol's code for a method that nobody offers
  expect(person).toContain("-32601");
  expect(requests()).toHaveLength(2);
});

it("passes a server's question on to the run's model where that is allowed, counted and recorded", async () => {
  const { host } = home;
  const { requests } = home.play((n, body) => {
    if (JSON.stringify(body.contents).includes("functionResponse")) return says(text("the end"));
    return n === 1 ? says(call("sampling__ask_model", { question: "what is six times seven" })) : reply([text("42")]);
  }, "what is six times seven");
  const { structured } = await host.call("spawn_agent", { prompt: "what is six times seven?", wait_seconds: 20 });
  expect(structured).toMatchObject({ status: "success", result: "the end", usage: { input_tokens: 30 } });
  expect(requests()[1]?.body.tools).toBeUndefined();
  expect(answerTo(requests()[2])).toContain("gemini-3.8-flash: 42");
  const { structured: journal } = await host.call("get_run", { run_id: structured.run_id, view: "events" });
  expect(journal.events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(["sampling_requested", "sampling_replied"]),
  );
});

it("passes on no secret in a request of a server", async () => {
  const question = `a secret: is it ${SECRET}?`;
  const { requests } = home.play((_n, { contents }) => {
    const said = JSON.stringify(contents);
    if (said.includes("functionResponse")) return says(text("done"));
    return said.includes("go on")
      ? says(call("secretive__ask_model", { question }), call("secretive__ask_person", { question }))
      : says(text("yes"));
  }, "a secret");
  await home.host.call("spawn_agent", { prompt: "go on with a secret", wait_seconds: 30 });
  expect(requests()).toHaveLength(3);
  expect(JSON.stringify(requests().map(({ body }) => body))).not.toContain(SECRET);
  expect(asked.filter((message) => message.includes("is it"))).toEqual([expect.stringContaining("[redacted API_KEY]")]);
  expect(JSON.stringify(asked)).not.toContain(SECRET);
});

/** A run whose one call has the server ask the model so often. */
async function askOften(tool: string, question: string, times: number) {
  const played = home.play((_n, { contents }) => {
    const said = JSON.stringify(contents);
    if (said.includes("functionResponse")) return says(text("done"));
    return said.includes("go on") ? says(call(tool, { question, times })) : says(text("yes"));
  }, question);
  await home.host.call("spawn_agent", { prompt: `go on: ${question}`, wait_seconds: 30 });
  return played.requests();
}

it("lets a server ask the model 20 times in a run and no more", async () => {
  const requests = await askOften("sampling__ask_model", "one by one", 25);
  expect(requests).toHaveLength(22);
  expect(answerTo(requests.at(-1))).toMatch(/\b20\b/);
});

it("keeps to that limit where the server asks all at once", async () => {
  expect(await askOften("sampling__ask_model_at_once", "all at once", 40)).toHaveLength(22);
});

it("passes a server's question on to the person at the host where that is allowed", async () => {
  const script = [says(call("eliciting__ask_person", { question: "who are you?" })), says(text("done"))];
  const { prompt, requests } = home.play(script);
  await home.host.call("spawn_agent", { prompt, wait_seconds: 20 });
  expect(asked.filter((message) => message.includes("who"))).toEqual([naming("eliciting", "who are you?")]);
  expect(answerTo(requests()[1])).toContain("Ada");
});

it("cancels a server's question where the host cannot ask", async () => {
  const script = [says(call("eliciting__ask_person", { question: "who are you?" })), says(text("done"))];
  const { host, standIn } = await setSandbox(script, { config: talker("eliciting", "allow: [elicitation]") });
  await host.call("spawn_agent", { prompt: "go", wait_seconds: 20 });
  expect(answerTo(standIn.requests[1])).toContain("cancel");
});

it("records the progress of a call as events while it lasts, and passes it on to the host", async () => {
  const script = [says(call("asking__steps", { count: 6, ms: 400 })), says(text("done"))];
  const { host } = home;
  const { prompt } = home.play(script);
  const { structured } = await host.call("spawn_agent", { prompt });
  const told: string[] = [];
  const waiting = host.call(
    "wait_for_runs",
    { run_ids: [structured.run_id] },
    { onprogress: ({ message }) => told.push(String(message)) },
  );
  const types = async () => {
    const { structured: page } = await host.call("get_run", { run_id: structured.run_id, view: "events" });
    return page.events.map(({ type }) => type);
  };
  await until(async () => (await types()).includes("tool_call_progressed"));
  expect(await types()).not.toContain("tool_call_finished");
  await waiting;
  const progressed = (await types()).filter((type) => type === "tool_call_progressed");
  expect(progressed.length).toBeGreaterThanOrEqual(2);
  expect(progressed.length).toBeLessThanOrEqual(3); // once a second
  expect(told).toContainEqual(naming("asking__steps", /\bstep \d$/));
});

it("keeps every kind of content, and the agent can read images and structured data", async () => {
  const script = [
    says(call("asking__picture")),
    says(call("read_result", { id: "r1.0.1", offset: 0 }), call("read_result", { id: "r1.0.4", offset: 0 })),
    says(text("done")),
  ];
  const { host } = home;
  const { prompt, requests } = home.play(script);
  const { structured } = await host.call("spawn_agent", { prompt, wait_seconds: 20 });
  const [first] = answersIn(requests()[1]);
  const lines = String(Object.values(first?.response ?? {})[0]).split("\n");
  for (const facts of [
    ["a dot"],
    ["image/png", /\b70\b/, /\b1\b/],
    ["audio/wav", /\b4\b/, /\b2\b/],
    ["resource_link", "file:///a.txt", "the letter a"],
    ["application/octet-stream", "file:///b.bin", /\b3\b.*\b3\b/],
    ["structured", /\b22\b/, /\b4\b/],
    ["read_result", /\b1\b/, /\b4\b/],
  ])
    expect(lines).toContainEqual(naming(...facts));
  expect(answerTo(requests()[2])).toContain("iVBORw0KGgo");
  expect(answerTo(requests()[2])).toContain("width");
  const { structured: journal } = await host.call("get_run", { run_id: structured.run_id, view: "events" });
  expect(JSON.stringify(journal.events)).toContain('"image/png"');
});

it("shows an agent tools that come and go during its run", async () => {
  const script = [
    says(call("asking__change", { name: "extra" })),
    says(call("asking__roots")),
    says(call("asking__extra")),
    says(call("asking__withdraw", { name: "extra" })),
    says(call("asking__roots")),
    says(call("asking__extra")),
    says(text("done")),
  ];
  let before = 0;
  const { host } = home;
  const { prompt, requests } = home.play(async (n) => {
    const tools = async () => Number((await serverIn(host)).tools);
    if (n === 1) before = await tools();
    if (n === 2) await until(async () => (await tools()) === before + 1); // legwork has seen that one came
    if (n === 5) await until(async () => (await tools()) === before); // and that it went
    return script[n - 1] ?? says(text("too many requests"));
  });
  const { structured } = await host.call("spawn_agent", { prompt, wait_seconds: 30 });
  expect(structured.status).toBe("success");
  const shown = requests().map(({ body }) => JSON.stringify(body.tools ?? "").includes("asking__extra"));
  expect(shown[0]).toBe(false);
  expect(shown[2]).toBe(true);
  expect(shown[5]).toBe(false);
  expect(conversationIn(requests()[2])).toContainEqual(naming(/^user: /, "asking__extra"));
  expect(answerTo(requests()[3])).toContain("extra works");
  expect(answerTo(requests()[6])).toContain("asking__extra");
});

it("withdraws the tools of a crashed server until it is up again, and does not repeat its call", async () => {
  const script = [
    says(call("asking__pid")),
    says(call("asking__die")),
    says(call("asking__pid")),
    says(call("effects__echo", { n: 1 })),
    says(call("asking__pid")),
    says(text("done")),
  ];
  const { host } = home;
  const { prompt, requests } = home.play(async (n) => {
    if (n === 4) await until(async () => (await serverIn(host)).state === "ready"); // it is up again
    return script[n - 1] ?? says(text("too many requests"));
  });
  const { structured } = await host.call("spawn_agent", { prompt, tools: ["*"], wait_seconds: 30 });
  expect(structured.status).toBe("success");
  expect(answerTo(requests()[2])).toEqual(naming("asking__die", /\b9\b/));
  expect(conversationIn(requests()[2])).toContainEqual(naming(/^user: /, "asking__"));
  expect(answerTo(requests()[3])).toEqual(naming("asking__pid", "server", /asking\b/));
  expect(answerTo(requests()[5])).toMatch(/"\d+"|\d+/);
  expect(answerTo(requests()[5])).not.toBe(answerTo(requests()[1]));
});
