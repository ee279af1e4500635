/** The calls of a chat completion, in the pieces in which hosts send them. */
import { describe, expect, it } from "vitest";
import { ask, contentOf, setConnect } from "../../support/openai/provider.js";

const connect = setConnect();

describe("a streamed reply", () => {
  it("may end calls with any reason, give each the same place, or none, and repeat their names", async () => {
    const piece = (call: object) => ({ choices: [{ index: 0, delta: { tool_calls: [call] } }] });
    const named = (id: string, written: string, index?: number) => ({
      id,
      ...(index !== undefined && { index }),
      function: { name: "s__read", arguments: written },
    });
    const end = { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
    const script = [
      { kind: "events", events: [piece(named("a", '{"n":1}', 0)), piece(named("b", '{"n":2}', 0)), end] },
      {
        kind: "events",
        events: [
          piece(named("a", '{"n":')),
          piece({ function: { arguments: "1}" } }),
          piece(named("b", '{"n":2}')),
          end,
        ],
      },
      {
        kind: "events",
        events: [piece(named("a", '{"n"', 0)), piece(named("a", ":1}", 0)), piece(named("b", '{"n":2}', 1)), end],
      },
    ] as const;
    const { provider } = await connect.chat("vllm", script);
    for (let n = 0; n < script.length; n++)
      expect(contentOf(await ask(provider)).calls).toEqual([
        { id: "a", name: "s__read", arguments: { n: 1 } },
        { id: "b", name: "s__read", arguments: { n: 2 } },
      ]);
  });

  it.each([
    ["without ids", undefined],
    ["with empty ids", ""],
    ["with one id for all", "call_x"],
  ])("may give whole calls the same place, %s", async (_, id) => {
    const called = (name: string, written: unknown) => ({
      index: 0,
      ...(id !== undefined && { id }),
      function: { name, arguments: written },
    });
    const chunk = (...calls: readonly object[]) => ({ choices: [{ index: 0, delta: { tool_calls: calls } }] });
    const end = { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
    const one = called("s__read", '{"n":1}');
    const script = [
      [chunk(one), chunk(called("s__list", "{}")), chunk(called("s__read", '{"n":2}')), end],
      [chunk(one, called("s__list", "{}"), called("s__read", '{"n":2}')), end],
      [chunk(called("s__read", { n: 1 })), chunk(called("s__list", {})), chunk(called("s__read", { n: 2 })), end],
    ].map((events) => ({ kind: "events", events }) as const);
    const { provider } = await connect.chat("vllm", script);
    for (let n = 0; n < script.length; n++) {
      const { calls } = contentOf(await ask(provider));
      expect(calls.map(({ name, arguments: written }) => [name, written])).toEqual([
        ["s__read", { n: 1 }],
        ["s__list", {}],
        ["s__read", { n: 2 }],
      ]);
    }
  });
});
