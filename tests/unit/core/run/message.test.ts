/** Which replies go back as they came. */
import { expect, it } from "vitest";
import { mayReturn, type RawReply, type ReplyTarget } from "../../../../src/core/run/message.js";

const RAW: RawReply = { provider: "team", wire: "anthropic", origin: "https://a.example", model: "m", content: [] };
const TARGET: ReplyTarget = { wire: "anthropic", origin: "https://a.example", model: "m" };
const content = { text: "", calls: [] };

it.each([
  ["to the same wire, address and model", {}, {}, true],
  ["behind a fold", {}, { isFolded: true as const }, false],
  ["to another model", { model: "n" }, {}, false],
  ["to another address", { origin: undefined }, {}, false],
  ["on another wire", { wire: "chat" as const }, {}, false],
])("a reply %s", async (_name, target, marks, expected) => {
  expect(mayReturn({ role: "assistant", raw: RAW, content, ...marks }, { ...TARGET, ...target })).toBe(expected);
});
