/** Providers of the user's own that speak a wire of OpenAI, from the binary: no key on this machine, and a death in the middle of a turn. */
import { expect, it, onTestFinished } from "vitest";
import { createHome, linesIn } from "../support/agents.js";
import { type HostOptions, openHost } from "../support/host.js";
import { type ChatProfile, reply, startChatStandIn } from "../support/openai/chat-stand-in.js";
import { hang, type Script, type StandIn } from "../support/openai/stand-in.js";

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
