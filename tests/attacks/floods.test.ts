/** Floods of a server, from the wire: a run keeps and hears a bounded amount, and legwork answers its host meanwhile. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, expect, it } from "vitest";
import { call, says, text } from "../support/agents.js";
import { hostileEntry, remoteEntry } from "../support/hostile-sandbox.js";
import { naming } from "../support/naming.js";
import { whilePinged } from "../support/pings.js";
import { rehearse } from "../support/rehearsals.js";
import { shareHome } from "../support/shared-home.js";

const MB = 1024 * 1024;
const FLOOD_MS = 500;
const MOST_FORMS = 8; // of a server that are open at a time
const TURN_MS = 200; // a changed list is read meanwhile
const MOST_TURNS = 20;

const remote = spawn(
  process.execPath,
  [resolve(import.meta.dirname, "../support/flooding-http-server.mjs"), `${FLOOD_MS}`],
  {
    stdio: ["ignore", "pipe", "inherit"],
  },
);
afterAll(() => void remote.kill("SIGKILL"));
const origin = String(await once(remote.stdout, "data")).trim();
const REMOTE = ["notes", "requests", "beside"];

let forms = 0; // that the person at the host was shown, who answers none
const shared = shareHome({
  elicit() {
    forms += 1;
    return new Promise(() => {});
  },
  config: [
    hostileEntry("large", ["1"], {}, "large"),
    hostileEntry("renaming", [], {}, "renaming"),
    hostileEntry("flooding", [], {}, "flooding"),
    ...REMOTE.map((kind) => remoteEntry(`${origin}/${kind}`, { allow: ["sampling", "elicitation"] }, kind)),
    "limits: { max_stored_mb: 3 }\n",
  ].join(""),
});

const made = (tool: string, times: number) => shared.play((n) => says(n <= times ? call(tool, { n }) : text("done")));

const answersTo = (played: ReturnType<typeof made>) =>
  (played.requests().at(-1)?.body.contents ?? [])
    .flatMap(({ parts }) => parts)
    .flatMap(({ functionResponse }) => (functionResponse ? [JSON.stringify(functionResponse.response)] : []));

it("many large answers: the run keeps as much as max_stored_mb says, and goes on", async () => {
  const played = made("large__plain", 8);
  const { structured } = await whilePinged(shared.host, played.spawn({ tools: ["large__*"], wait_seconds: 50 }));
  expect(structured.status).toBe("success");
  const answers = answersTo(played);
  expect(answers).toHaveLength(8);
  for (const [index, answer] of answers.entries()) {
    const isKept = index < 2; // two and a bit fill 3 MB
    expect(answer).toEqual(naming(`begin ${index} x`, isKept ? "read_result" : "3 MB"));
    expect(answer.includes("max_stored_mb")).toBe(!isKept);
  }
  const sizes = ["legwork.db", "legwork.db-wal"].map((file) => statSync(join(shared.bench.home, file)).size);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(12 * MB);
});

it("3,000 tools that get other names in each turn: the agent gets their number and a few names", async () => {
  const calls = Array.from({ length: MOST_TURNS }, (_, n) => ({
    calls: [{ tool: "renaming__plain", arguments: { n } }],
    delay_ms: TURN_MS,
  }));
  rehearse(shared.bench, "renamed", [...calls, { text: "done" }]); // no vendor takes so many tools
  const args = { prompt: "go", provider: "rehearsal", model: "renamed", tools: ["renaming__*"], wait_seconds: 50 };
  const { structured } = await whilePinged(shared.host, shared.host.call("spawn_agent", args));
  expect(structured.status).toBe("success");
  expect(JSON.stringify(structured.warnings).length).toBeLessThan(10_000);
  const { run_id } = structured;
  const { structured: seen } = await shared.host.call("get_run", { run_id, view: "messages", limit: 200 });
  const told = JSON.stringify(seen).match(/Your tools have changed[^"]*/g) ?? [];
  expect(told.length).toBeGreaterThan(0);
  for (const message of told) {
    expect(message).toEqual(naming("3000 tools", "2980 more"));
    expect(message.length).toBeLessThan(20_000);
  }
});

it("notifications without end: the host's pings are answered, and other runs end", async () => {
  const played = made("flooding__plain", 1);
  await played.spawn({ tools: ["flooding__*"], wait_seconds: 50 });
  const other = shared.play([says(call("effects__add_line", { text: "beside the flood" })), says(text("done"))]);
  const { structured } = await whilePinged(shared.host, other.spawn({ tools: ["effects__*"], wait_seconds: 50 }));
  expect(structured.status).toBe("success");
});

it.each(REMOTE)(
  "events of a remote server without end (%s): its call, the host's pings and other runs are answered",
  async (kind) => {
    const played = made(`${kind}__plain`, 1);
    const flooded = played.spawn({ tools: [`${kind}__*`], wait_seconds: 50 });
    const other = shared.play([says(call("effects__add_line", { text: `beside ${kind}` })), says(text("done"))]);
    const ends = Promise.all([flooded, other.spawn({ tools: ["effects__*"], wait_seconds: 50 })]);
    for (const { structured } of await whilePinged(shared.host, ends)) expect(structured.status).toBe("success");
    expect(answersTo(played)).toEqual([naming(`after the flood of ${kind}`)]);
    expect(forms).toBe(kind === "notes" ? 0 : MOST_FORMS); // the requests come second
  },
);
