/** Floods of a server, from the wire: a run keeps and hears a bounded amount, and legwork answers its host meanwhile. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { call, says, text } from "../support/agents.js";
import { hostileEntry } from "../support/hostile-sandbox.js";
import { naming } from "../support/naming.js";
import { whilePinged } from "../support/pings.js";
import { shareHome } from "../support/shared-home.js";

const MB = 1024 * 1024;

const shared = shareHome({
  config: [
    hostileEntry("large", ["1"], {}, "large"),
    hostileEntry("renaming", [], {}, "renaming"),
    hostileEntry("flooding", [], {}, "flooding"),
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
  const played = made("renaming__plain", 3);
  const { structured } = await whilePinged(shared.host, played.spawn({ tools: ["renaming__*"], wait_seconds: 50 }));
  expect(structured.status).toBe("success");
  expect(JSON.stringify(structured.warnings).length).toBeLessThan(10_000);
  const told = (played.requests().at(-1)?.body.contents ?? [])
    .flatMap(({ parts }) => parts)
    .flatMap((part) => (typeof part.text === "string" && part.text.includes("have changed") ? [part.text] : []));
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
