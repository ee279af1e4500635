/** The context windows in the user's configuration. */
import { expect, it } from "vitest";
import { bench, fault, load, own, useConfigBench, user } from "../support/config-bench.js";
import { mentions } from "../support/mentions.js";

useConfigBench();

it("context windows are lists in the order of the file, each with its provider", async () => {
  user("context_windows: { gemini: { b-*: 8000, a: 16000 }, rehearsal: { '*': 9000 } }");
  const { windows, providers } = await load();
  expect(windows).toEqual({
    gemini: [
      { models: "b-*", tokens: 8_000 },
      { models: "a", tokens: 16_000 },
    ],
    rehearsal: [{ models: "*", tokens: 9_000 }],
  });
  expect(providers.find(({ name }) => name === "gemini")?.windows).toEqual(windows.gemini);
});

it.each([
  [{ gemini: { a: 10 } }, /config\.yaml:1:\d+: context_windows\.gemini\.a /],
  [{ gemini: { a: "large" } }, /config\.yaml:1:\d+: context_windows\.gemini\.a /],
  [{ gemni: { a: 8_000 } }, /config\.yaml:1:\d+: context_windows\.gemni: .*"gemni".*"gemini"/],
])("%j is refused with its place", async (windows, refusal) => {
  user({ context_windows: windows });
  expect(await fault()).toMatch(refusal);
});

it("a project sets none", async () => {
  bench.env = { LEGWORK_TRUST_PROJECT: "1" };
  own({ context_windows: { gemini: { a: 8_000 } } });
  expect(await fault()).toMatch(mentions("context_windows", "config.yaml", "project"));
});
