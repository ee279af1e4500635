/** What downstream servers say and ask while they are called, as the model and the host see it. */
import { expect, it } from "vitest";
import { answersIn, call, says, setSandbox, text } from "../support/agents.js";
import { reply } from "../support/gemini-stand-in.js";
import { ASKING_SERVER, type TestHost, until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { conversationIn } from "../support/resuming.js";

const asking = (settings = "") => `  asking:
    command: ${process.execPath}
    args: [${ASKING_SERVER}]
    ${settings}
`;

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
  const { host, bench, standIn } = await setSandbox([says(call("asking__roots")), says(text("done"))], {
    config: asking(),
  });
  await host.call("spawn_agent", { prompt: "go", wait_seconds: 20 });
  expect(answerTo(standIn.requests[1])).toContain(`file://${bench.project}`);
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
  const elicit = () => ({ action: "accept" as const, content: { name: "never" } });
  const { host, standIn } = await setSandbox(script, { config: asking(), elicit });
  await host.call("spawn_agent", { prompt: "go", wait_seconds: 20 });
  const [capabilities, model, person] = answersIn(standIn.requests[1]).map(({ response }) => JSON.stringify(response));
  expect(capabilities).not.toMatch(/sampling|elicitation/);
  expect(model).toContain("-32601"); // the protocol's code for a method that nobody offers
  expect(person).toContain("-32601");
  expect(standIn.requests).toHaveLength(2);
});

it("passes a server's question on to the run's model where that is allowed, counted and recorded", async () => {
  const { host, standIn } = await setSandbox(
    (body, n) => {
      const prompt = JSON.stringify(body.contents);
      if (prompt.includes("what is six times seven") && !prompt.includes("functionResponse"))
        return n === 1 ? says(call("asking__ask_model", { question: "what is six times seven" })) : reply([text("42")]);
      return says(text("the end"));
    },
    { config: asking("allow: [sampling]") },
  );
  const { structured } = await host.call("spawn_agent", { prompt: "what is six times seven?", wait_seconds: 20 });
  expect(structured).toMatchObject({ status: "success", result: "the end", usage: { input_tokens: 30 } });
  expect(standIn.requests[1]?.body.tools).toBeUndefined();
  expect(answerTo(standIn.requests[2])).toContain("gemini-3.8-flash: 42");
  const { structured: journal } = await host.call("get_run", { run_id: structured.run_id, view: "events" });
  expect(journal.events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(["sampling_requested", "sampling_replied"]),
  );
});

it("passes on no secret in a request of a server", async () => {
  const secret = "sk-tangerine-4711-marmalade";
  const asked: string[] = [];
  const elicit = (message: string) => {
    asked.push(message);
    return { action: "decline" as const };
  };
  const question = `is it ${secret}?`;
  const { host, standIn } = await setSandbox(
    (body) => {
      const contents = JSON.stringify(body.contents);
      if (contents.includes("functionResponse")) return says(text("done"));
      return contents.includes("go on")
        ? says(call("asking__ask_model", { question }), call("asking__ask_person", { question }))
        : says(text("yes"));
    },
    { config: asking(`env: { API_KEY: "${secret}" }\n    allow: [sampling, elicitation]`), elicit },
  );
  await host.call("spawn_agent", { prompt: "go on", wait_seconds: 30 });
  expect(standIn.requests).toHaveLength(3);
  expect(JSON.stringify(standIn.requests.map(({ body }) => body))).not.toContain(secret);
  expect(asked).toEqual([expect.stringContaining("[redacted API_KEY]")]);
});

it("lets a server ask the model 20 times in a run and no more", async () => {
  const { host, standIn } = await setSandbox(
    (body) => {
      const contents = JSON.stringify(body.contents);
      if (contents.includes("functionResponse")) return says(text("done"));
      return contents.includes("go on")
        ? says(call("asking__ask_model", { question: "more", times: 25 }))
        : says(text("yes"));
    },
    { config: asking("allow: [sampling]") },
  );
  await host.call("spawn_agent", { prompt: "go on", wait_seconds: 30 });
  expect(standIn.requests).toHaveLength(22);
  expect(answerTo(standIn.requests.at(-1))).toMatch(/\b20\b/);
});

it("keeps to that limit where the server asks all at once", async () => {
  const { host, standIn } = await setSandbox(
    (body) => {
      const contents = JSON.stringify(body.contents);
      if (contents.includes("functionResponse")) return says(text("done"));
      return contents.includes("go on")
        ? says(call("asking__ask_model_at_once", { question: "more", times: 40 }))
        : says(text("yes"));
    },
    { config: asking("allow: [sampling]") },
  );
  await host.call("spawn_agent", { prompt: "go on", wait_seconds: 30 });
  expect(standIn.requests).toHaveLength(22);
});

it("passes a server's question on to the person at the host where that is allowed", async () => {
  const asked: string[] = [];
  const elicit = (message: string) => {
    asked.push(message);
    return { action: "accept" as const, content: { name: "Ada" } };
  };
  const script = [says(call("asking__ask_person", { question: "who are you?" })), says(text("done"))];
  const { host, standIn } = await setSandbox(script, { config: asking("allow: [elicitation]"), elicit });
  await host.call("spawn_agent", { prompt: "go", wait_seconds: 20 });
  expect(asked).toEqual([naming("asking", "who are you?")]);
  expect(answerTo(standIn.requests[1])).toContain("Ada");
});

it("cancels a server's question where the host cannot ask", async () => {
  const script = [says(call("asking__ask_person", { question: "who are you?" })), says(text("done"))];
  const { host, standIn } = await setSandbox(script, { config: asking("allow: [elicitation]") });
  await host.call("spawn_agent", { prompt: "go", wait_seconds: 20 });
  expect(answerTo(standIn.requests[1])).toContain("cancel");
});

it("records the progress of a call as events while it lasts, and passes it on to the host", async () => {
  const script = [says(call("asking__steps", { count: 6, ms: 400 })), says(text("done"))];
  const { host } = await setSandbox(script, { config: asking() });
  const { structured } = await host.call("spawn_agent", { prompt: "go" });
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
  const { host, standIn } = await setSandbox(script, { config: asking() });
  const { structured } = await host.call("spawn_agent", { prompt: "go", wait_seconds: 20 });
  const [first] = answersIn(standIn.requests[1]);
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
  expect(answerTo(standIn.requests[2])).toContain("iVBORw0KGgo");
  expect(answerTo(standIn.requests[2])).toContain("width");
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
  const { host, standIn } = await setSandbox(
    async (_body, n) => {
      const tools = async () => Number((await serverIn(host)).tools);
      if (n === 1) before = await tools();
      if (n === 2) await until(async () => (await tools()) === before + 1); // legwork has seen that one came
      if (n === 5) await until(async () => (await tools()) === before); // and that it went
      return script[n - 1] ?? says(text("too many requests"));
    },
    { config: asking() },
  );
  const { structured } = await host.call("spawn_agent", { prompt: "go", wait_seconds: 30 });
  expect(structured.status).toBe("success");
  const shown = standIn.requests.map(({ body }) => JSON.stringify(body.tools ?? "").includes("asking__extra"));
  expect(shown[0]).toBe(false);
  expect(shown[2]).toBe(true);
  expect(shown[5]).toBe(false);
  expect(conversationIn(standIn.requests[2])).toContainEqual(naming(/^user: /, "asking__extra"));
  expect(answerTo(standIn.requests[3])).toContain("extra works");
  expect(answerTo(standIn.requests[6])).toContain("asking__extra");
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
  const { host, standIn } = await setSandbox(
    async (_body, n) => {
      if (n === 4) await until(async () => (await serverIn(host)).state === "ready"); // it is up again
      return script[n - 1] ?? says(text("too many requests"));
    },
    { config: asking() },
  );
  const { structured } = await host.call("spawn_agent", { prompt: "go", tools: ["*"], wait_seconds: 30 });
  expect(structured.status).toBe("success");
  expect(answerTo(standIn.requests[2])).toEqual(naming("asking__die", /\b9\b/));
  expect(conversationIn(standIn.requests[2])).toContainEqual(naming(/^user: /, "asking__"));
  expect(answerTo(standIn.requests[3])).toEqual(naming("asking__pid", "server", /asking\b/));
  expect(answerTo(standIn.requests[5])).toMatch(/"\d+"|\d+/);
  expect(answerTo(standIn.requests[5])).not.toBe(answerTo(standIn.requests[1]));
});
