/** Questions of servers to the model of a run, under limits on money and tokens: reserved before they are passed on. */
import { expect, it } from "vitest";
import { answersIn, call, says, setSandbox, text } from "../support/agents.js";
import { type Behaviour, reply } from "../support/gemini-stand-in.js";
import type { WireBody, WirePart } from "../support/gemini-wire-check.js";
import { ASKING_SERVER, until } from "../support/host.js";
import { shareHome } from "../support/shared-home.js";

/** A server that may ask the model, and more of the configuration. */
const configOf = (more: string) => `  talker:
    command: ${process.execPath}
    args: [${ASKING_SERVER}]
    allow: [sampling]
${more}`;

const home = shareHome({
  config: configOf(`limits: { max_depth: 2, max_concurrent_runs: 20 }
prices: { gemini: { gemini-3.8-flash: { input: 1, output: 10 } } }`),
});

const using = (input: number, output: number, ...parts: WirePart[]) =>
  reply(parts, { usage: { promptTokenCount: input, candidatesTokenCount: output } });

/**
 * A model that makes its agent's server ask it a question, which it answers so, and the agent is done then. Both play the
 * same prompt, for the question repeats it.
 */
function playQuestion(answer: Behaviour, first: readonly [number, number], tool = "ask_model", times = 1) {
  const played = home.play((_n, { contents }) => {
    const said = JSON.stringify(contents);
    if (said.includes("functionResponse")) return using(5_000, 100, text("Done."));
    if (!said.includes("go on")) return answer;
    return using(...first, call(`talker__${tool}`, { question: played.prompt, times }));
  });
  return { ...played, task: `go on: ${played.prompt}` };
}

type Played = ReturnType<typeof playQuestion>;

/** The requests that passed a question on, and what the server told the agent in the end. */
const questionsIn = ({ requests }: Played) =>
  requests().filter(({ body }) => !JSON.stringify(body.contents).includes("go on"));
const toldIn = ({ requests }: Played) => JSON.stringify(answersIn(requests().at(-1)));
const mostOutput = ({ body }: { body: unknown }) =>
  (body as { generationConfig?: { maxOutputTokens?: number } }).generationConfig?.maxOutputTokens;

async function eventsOf(run_id: unknown) {
  const { structured } = await home.host.call("get_run", { run_id, view: "events" });
  return structured.events;
}

it("get the output that the rest of the limit pays, and are settled by their answer", async () => {
  const played = playQuestion(using(100, 200, text("42")), [5_000, 2_000]);
  const { structured } = await home.host.call("spawn_agent", {
    prompt: played.task,
    max_cost_usd: 0.1,
    wait_seconds: 20,
  });
  expect(structured).toMatchObject({ status: "success", cost_usd: 0.0331 });
  const [question] = questionsIn(played);
  expect(question && mostOutput(question)).toBeGreaterThan(7_000); // 0.075 USD are left
  expect(question && mostOutput(question)).toBeLessThan(7_500);
  const events = await eventsOf(structured.run_id);
  const at = events.findIndex(({ type }) => type === "sampling_requested");
  expect(events.slice(at, at + 3)).toMatchObject([
    { type: "sampling_requested", server: "talker" },
    { type: "budget_reserved", server: "talker", turn: 1, output_tokens: question && mostOutput(question) },
    { type: "sampling_replied", server: "talker" },
  ]);
});

it.each([
  ["max_cost_usd", { max_cost_usd: 0.1 }, [5_000, 8_500]],
  ["max_tokens", { max_tokens: 40_000 }, [38_500, 800]],
] as const)(
  "are refused where the rest of %s pays too little, and the server hears why",
  async (name, limit, first) => {
    const played = playQuestion(using(1, 1, text("never")), first);
    await home.host.call("spawn_agent", { prompt: played.task, wait_seconds: 20, ...limit });
    expect(questionsIn(played)).toEqual([]);
    expect(toldIn(played)).toMatch(new RegExp(name));
  },
);

it("of one run draw on its limit one after the other, however many come at once", async () => {
  const played = playQuestion(using(1_000, 1_000, text("42")), [5_000, 1_000], "ask_model_at_once", 15);
  const { structured } = await home.host.call("spawn_agent", {
    prompt: played.task,
    max_tokens: 20_000,
    wait_seconds: 20,
  });
  expect(structured.error).toMatchObject({ code: "max_tokens" });
  expect(questionsIn(played).length).toBeGreaterThan(3);
  expect(questionsIn(played).length).toBeLessThan(8); // 14,000 tokens are left for questions of 2,000
  expect(toldIn(played)).toMatch(/42.*max_tokens/);
});

it("hold their share until their process is killed; then another run gets it", async () => {
  let asked = 0;
  const script = ({ contents }: WireBody): Behaviour => {
    const said = JSON.stringify(contents);
    if (said.includes("functionResponse") || said.includes("another")) return says(text("Done."));
    if (said.includes("go on")) return says(call("talker__ask_model", { question: "what?" }));
    return ++asked === 1 ? { kind: "hang" } : says(text("42"));
  };
  const sandbox = await setSandbox(script, { config: configOf("limits: { day: { max_tokens: 60000 } }") });
  const { host, standIn } = sandbox;
  const other = await sandbox.anotherHost();
  const first = await host.call("spawn_agent", { prompt: "go on", max_output_tokens: 50_000 });
  await standIn.arrived(2); // the question, which holds most of the day
  const second = await other.call("spawn_agent", { prompt: "another", max_output_tokens: 20_000 });
  const eventsOf = async () => {
    const { structured } = await other.call("get_run", { run_id: second.structured.run_id, view: "events" });
    return structured.events;
  };
  await until(async () => (await eventsOf()).some(({ type }) => type === "turn_started"));
  const killedAt = Date.now();
  process.kill(host.pid, "SIGKILL");
  const run_ids = [first, second].map(({ structured }) => structured.run_id);
  const { structured } = await other.call("wait_for_runs", { run_ids, wait_seconds: 50 }, { timeout: 60_000 });
  expect(structured.runs).toMatchObject([{ status: "success" }, { status: "success" }]);
  const reserved = (await eventsOf()).find(({ type }) => type === "budget_reserved");
  expect(Date.parse(reserved?.at ?? "")).toBeGreaterThanOrEqual(killedAt);
  expect(JSON.stringify(answersIn(standIn.requests.at(-1)))).toContain("42");
});
