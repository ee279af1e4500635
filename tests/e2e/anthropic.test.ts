/** A run on Anthropic whose workflow changes its tools, through the whole program: it is killed within and goes on. */
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { type Behaviour, message, text, thinking, use } from "../support/anthropic/behaviours.js";
import { startAnthropicStandIn } from "../support/anthropic/stand-in.js";
import { offeredTools, type WireBody } from "../support/anthropic/wire.js";
import { effectServer, setBench, setHost } from "../support/rehearsals.js";

const STEPS = [
  {
    name: "look",
    allowed_tools: ["effects__read_lines"],
    transitions: [{ to: "act", when: 'tool_succeeded("effects__read_lines")' }],
  },
  { name: "act", allowed_tools: ["effects__add_line", "effects__echo"] },
];

/** Looks, then acts once, then says that it is done; hangs when it is asked for the third time. */
function play(body: WireBody, n: number): Behaviour {
  const names = offeredTools(body).filter((name) => name.startsWith("effects__"));
  if (n === 3) return { kind: "hang" };
  if (n > 3) return message([thinking("Enough"), use("complete", { result: names.join(", ") })]);
  const call = n === 1 ? use("effects__read_lines") : use("effects__add_line", { text: "once" });
  return message([thinking(`Thought ${n}`), text("I act."), call]);
}

it("changes its tools by step, is killed and goes on, and Anthropic refuses nothing", async () => {
  const standIn = await startAnthropicStandIn(play);
  onTestFinished(() => standIn.close());
  const bench = setBench();
  const server = effectServer({ EFFECT_FILE: join(bench.root, "effects.txt") });
  const provider = { like: "anthropic", base_url: standIn.url, betas: true };
  bench.configure(`mcpServers: { effects: ${server} }\nproviders: { claude: ${JSON.stringify(provider)} }`);
  bench.writeHome("workflows/two.yaml", JSON.stringify({ steps: STEPS })); // JSON is YAML too
  const first = await setHost(bench);
  const spawned = await first.call("spawn_agent", { prompt: "go", workflow: "two", tools: ["*"], provider: "claude" });
  expect(spawned.isError, spawned.text).toBe(false);
  await standIn.arrived(3);
  process.kill(first.pid, "SIGKILL");

  const second = await setHost(bench);
  const { run_id } = spawned.structured;
  const { structured } = await second.call(
    "wait_for_runs",
    { run_ids: [run_id], wait_seconds: 40 },
    { timeout: 50_000 },
  );
  expect(structured.runs[0]).toMatchObject({
    status: "success",
    result: "effects__add_line, effects__echo",
    effects: [{ tool: "effects__add_line", outcome: "done" }],
  });
  expect(standIn.refusals).toEqual([]);
  const [one, two, three, again] = standIn.requests.map(({ body }) => body);
  expect(JSON.stringify(two?.tools)).toBe(JSON.stringify(one?.tools));
  expect(JSON.stringify(three?.tools)).toBe(JSON.stringify(one?.tools));
  expect(JSON.stringify(again?.messages)).toBe(JSON.stringify(three?.messages));
  expect(two?.messages.at(-1)?.role).toBe("system");
});
