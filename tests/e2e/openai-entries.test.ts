/** Providers of the user's own that speak a wire of OpenAI, from the binary: no key on this machine, and a death in the middle of a turn. */
import { expect, it, onTestFinished } from "vitest";
import { createHome, linesIn } from "../support/agents.js";
import { allEvents } from "../support/all-events.js";
import { type EventAnswer, type HostOptions, openHost } from "../support/host.js";
import { type ChatProfile, reply, startChatStandIn } from "../support/openai/chat-stand-in.js";
import { hang, refusal, type Script, type StandIn, type WireBody } from "../support/openai/stand-in.js";

/** A user with one entry, at a stand-in, and nothing in the environment. */
async function setEntry(profile: ChatProfile, script: Script) {
  const standIn: StandIn = await startChatStandIn(profile, script);
  onTestFinished(() => standIn.close());
  const bench = createHome({
    config: `provider: mine\nmodel: a/b:free\nproviders:\n  mine: { like: openai, base_url: "${standIn.url}" }\n`,
  });
  onTestFinished(() => bench.remove());
  const open = async (options: HostOptions = {}) => {
    const host = await openHost(bench, options);
    onTestFinished(() => host.close());
    return host;
  };
  return { bench, standIn, open };
}

type Folded = EventAnswer & { readonly window: number };

const writes = (line: string) => ({ name: "effects__add_line", arguments: JSON.stringify({ text: line }) });

it("an entry on this machine needs no key", async () => {
  const script = [
    reply({ text: "First a line.", calls: [{ id: null, ...writes("x") }] }),
    reply({ text: "All done." }),
  ];
  const { bench, standIn, open } = await setEntry("llamacpp", script);
  const host = await open();
  const { structured } = await host.call("spawn_agent", { prompt: "go", tools: ["*"], wait_seconds: 30 });
  expect(structured).toMatchObject({ status: "success", result: "All done.", provider: "mine", model: "a/b:free" });
  expect(structured.usage).toMatchObject({ input_tokens: 20, output_tokens: 10 });
  expect(linesIn(bench, "effects")).toEqual(["x"]);
  expect(standIn.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer none", "Bearer none"]);
  expect(standIn.broken).toEqual([]);
});

it("a run is resumed after kill -9 in the middle of a turn, with the same request", async () => {
  const thinking = { reasoning: "Hmm." };
  const script = [
    reply({ fields: thinking, calls: [{ id: "call_1", ...writes("x") }] }),
    hang(true),
    reply({ text: "All done." }),
  ];
  const { bench, standIn, open } = await setEntry("vllm", script);
  const host = await open();
  const { structured } = await host.call("spawn_agent", { prompt: "go", tools: ["*"] });
  const cut = await standIn.arrived(2);
  process.kill(host.pid, "SIGKILL");
  const other = await open();
  const waited = await other.call("wait_for_runs", { run_ids: [structured.run_id], wait_seconds: 30 });
  expect(waited.structured.runs).toMatchObject([{ status: "success", result: "All done." }]);
  expect(standIn.requests[2]?.body).toEqual(cut.body);
  expect(standIn.broken).toEqual([]);
  expect(linesIn(bench, "effects")).toEqual(["x"]);
});

const WINDOW = 8_000; // tokens
const LAST = 20;
const tokensIn = (body: WireBody) => Math.ceil(JSON.stringify(body).length / 4);
const refusedBy = (tokens: number) =>
  refusal(400, `This model's maximum context length is ${WINDOW} tokens. However, you requested ${tokens} tokens.`, {
    code: "context_length_exceeded",
  });
const brokenOffBy = (tokens: number) =>
  reply({ text: "Half", finish: "model_length", usage: { prompt_tokens: tokens, completion_tokens: 1 } });

it.each([
  ["refuses a request, and names it", refusedBy, "request_failed", (window: number) => window === WINDOW],
  ["breaks a reply off", brokenOffBy, "reply_rejected", (window: number) => window > WINDOW && window < WINDOW * 1.2],
])("a window that nobody knew is learned from the host that %s, and the turn goes on", async (...facts) => {
  const [, full, event, isLearned] = facts;
  let n = 0;
  const script = (body: WireBody) => {
    const tokens = tokensIn(body);
    if (tokens > WINDOW) return full(tokens);
    const usage = { prompt_tokens: tokens, completion_tokens: 20 };
    if (body.tools === undefined) return reply({ text: "It has read a lot.", usage });
    n += 1;
    const args = JSON.stringify({ n, note: "note ".repeat(300) });
    return n > LAST
      ? reply({ text: "All read.", usage })
      : reply({ calls: [{ id: `call_${n}`, name: "effects__echo", arguments: args }], usage });
  };
  const { standIn, open } = await setEntry("vllm", script);
  const host = await open();
  const { structured } = await host.call("spawn_agent", { prompt: "go", tools: ["effects__*"], wait_seconds: 40 });
  expect(structured).toMatchObject({ status: "success", result: "All read." });
  expect(standIn.broken).toEqual([]);
  const events = await allEvents(host, structured.run_id);
  const at = events.findIndex(({ type }) => type === "context_folded");
  const [failed, fold, ...later] = events.slice(at - 1) as unknown as [EventAnswer, Folded, ...EventAnswer[]];
  expect(failed).toMatchObject({ type: event, code: "context_overflow" });
  expect(fold).toMatchObject({ learned: true, turn: Reflect.get(failed, "turn") });
  expect(fold.window).toSatisfy(isLearned);
  expect(later.filter(({ type }) => type === event)).toEqual([]); // from here on the window is known
});

it("a reply that is broken off where nothing can be folded goes to the next model, or ends the run", async () => {
  const script = ({ model }: WireBody) => (model === "small" ? brokenOffBy(10) : reply({ text: "Done." }));
  const { standIn, open } = await setEntry("vllm", script);
  const host = await open();
  const spawn = (model: string | readonly string[]) =>
    host.call("spawn_agent", { prompt: "go", model, wait_seconds: 30 });
  expect((await spawn(["small", "large"])).structured).toMatchObject({ status: "success", result: "Done." });
  expect(standIn.requests.map(({ body }) => body.model)).toEqual(["small", "large"]);
  const { structured } = await spawn("small");
  expect(structured).toMatchObject({ status: "error", error: { code: "context_overflow" } });
  expect(standIn.requests).toHaveLength(3);
});
