/** The provider and model of a run: the first wish decides, and a model belongs to the provider named with it. */
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../../src/core/errors.js";
import { entriesFor, resolveProvider } from "../../../../src/runner/request/resolve-provider.js";
import type { RunSettings } from "../../../../src/runner/request/run-settings.js";
import { workflow } from "../../../support/engine.js";
import { naming } from "../../../support/naming.js";
import { configError, entryWith, requestError, SETTINGS } from "../../../support/run-requests.js";

const ONE = entryWith("one", { "one-default": null, "one-large": null });
const TWO = entryWith("two", { "two-default": null, "two-large": null });
const SPARE = entryWith("spare", { "spare-default": null }, false);
const BOTH = [ONE, TWO, SPARE];
const configured = (changes: Partial<RunSettings>): RunSettings => ({ ...SETTINGS, ...changes });
type Wish = Partial<Parameters<typeof resolveProvider>[0][number]>;

const resolve = (wishes: readonly Wish[], ...rest: [RunSettings, typeof BOTH]) =>
  resolveProvider(
    wishes.map((wish) => ({ provider: null, model: null, ...wish })),
    ...rest,
  );

describe("a provider", () => {
  it.each<[string, readonly Wish[], Partial<RunSettings>, string, string]>([
    ["the caller's", [{ provider: "two" }, { provider: "one" }], {}, "two", "two-default"],
    ["the agent's where the caller names none", [{}, { provider: "one" }], {}, "one", "one-default"],
    ["the configuration's where no wish names one", [{}], { provider: "two" }, "two", "two-default"],
    ["named although it is not ready", [{ provider: "spare" }], {}, "spare", "spare-default"],
    ["with the caller's model", [{ provider: "two", model: "two-large" }], {}, "two", "two-large"],
    ["of a later wish with an earlier model", [{ model: "two-large" }, { provider: "two" }], {}, "two", "two-large"],
    ["without the model of another", [{ provider: "one" }, { provider: "two", model: "x" }], {}, "one", "one-default"],
    [
      "with the model of a later wish for it",
      [{ provider: "one" }, { provider: "one", model: "one-large" }],
      {},
      "one",
      "one-large",
    ],
    ["with the configuration's model", [{}], { provider: "one", model: "one-large" }, "one", "one-large"],
    ["named as null is not named", [{ provider: null, model: null }], { provider: "one" }, "one", "one-default"],
  ])("is %s", async (_, wishes, settings, provider, model) => {
    const chosen = await resolve(wishes, configured(settings), BOTH);
    expect([chosen.entry.name, chosen.model]).toEqual([provider, model]);
  });

  it("is the only one that is ready, with a model that the caller names alone", async () => {
    expect((await resolve([], SETTINGS, [SPARE, TWO])).entry).toBe(TWO);
    const { entry, model } = await resolve([{ model: "two-large" }], SETTINGS, [SPARE, TWO]);
    expect([entry.name, model]).toEqual(["two", "two-large"]);
  });

  it.each([
    ["none is", [SPARE]],
    ["two are", BOTH],
  ])("is never guessed: %s ready", async (_, providers) => {
    await expect(resolve([], SETTINGS, providers)).rejects.toEqual(configError("provider"));
  });

  it("is refused to the caller where it does not exist, with the names that do", async () => {
    const asked = resolve([{ provider: "tow" }], SETTINGS, BOTH);
    await expect(asked).rejects.toEqual(requestError("unknown_provider", '"tow"', "one", "spare", '"two"'));
  });

  it("is refused to the caller where it has no such model", async () => {
    const asked = resolve([{ provider: "two", model: "gone" }], SETTINGS, BOTH);
    await expect(asked).rejects.toEqual(requestError("unknown_model", "two", '"gone"'));
  });

  it.each([
    ["provider", { provider: "tow" }, '"tow"'],
    ["model", { provider: "two", model: "gone" }, '"gone"'],
  ])("is a fault of the file that names it: %s", async (field, wish, word) => {
    const place = (part: string) => `/a.md:3:1: ${part}`;
    const asked = resolve([{}, { ...wish, place }], SETTINGS, BOTH);
    await expect(asked).rejects.toEqual(configError(`/a.md:3:1: ${field}`, word));
  });
});

describe("a model that a list names twice", () => {
  const settings = configured({ provider: "one", aliases: { large: { provider: "one", model: "one-large" } } });

  it.each([
    ["by one spelling", ["one-large", "one-large"]],
    ["with its provider", ["one-large", "one/one-large"]],
    ["by a short name", ["large", "one-large", "one/one-large"]],
  ])("is asked once, and a notice says so: %s", async (_, [model = null, ...fallbackModels]) => {
    const chosen = await resolve([{ model, fallbackModels: [...fallbackModels, "two/two-large"] }], settings, BOTH);
    expect([chosen.model, chosen.fallbackModels]).toEqual(["one-large", ["two/two-large"]]);
    expect(chosen.notices).toEqual([naming("one/one-large", "once")]);
  });

  it("is asked once in a step too", async () => {
    const steps = workflow([{ model: "two/two-large", fallbackModels: ["one-large", "two/two-large", "large"] }]);
    const chosen = await resolve([], settings, BOTH);
    const needed = await entriesFor(chosen, steps, { ...settings, providers: BOTH }, () => "");
    expect(needed.workflow?.steps[0]?.fallbackModels).toEqual(["one/one-large"]);
    expect(needed.notices).toEqual([naming("two/two-large", "once"), naming("one/one-large", "once")]);
  });

  it("is a fault of the configuration where it does not exist, with its place", async () => {
    const place = (field: string) => `/config.yaml:1:1: ${field}`;
    const asked = resolve([], configured({ provider: "two", model: "gone", place }), BOTH);
    await expect(asked).rejects.toEqual(configError("/config.yaml:1:1: model", '"gone"'));
  });
});

describe("the providers of a workflow", () => {
  const place = (part: string) => `/w.yaml: ${part}`;
  const chosen = { entry: ONE, model: "one-large", fallbackModels: [] };
  const names = { providers: BOTH, aliases: {} };
  const entries = async (...steps: readonly object[]) =>
    (await entriesFor(chosen, workflow(steps), names, place)).entries;

  it.each([
    ["the run's alone without steps of their own", [{}, {}], ["one"]],
    ["those of the steps too", [{}, { provider: "two" }, { provider: "spare" }], ["one", "two", "spare"]],
    ["each only once", [{ model: "one-default" }, { provider: "one" }], ["one"]],
  ])("are %s", async (_, steps, expected) => {
    expect([...(await entries(...steps)).keys()]).toEqual(expected);
  });

  it("are those behind the first one in a step too, also where their key has gone since it was stored", async () => {
    const keyless = {
      ...entryWith("two", {}),
      check: async () => {
        throw new ConfigError("no key");
      },
    };
    const needed = await entriesFor(
      chosen,
      workflow([{ model: "one-default", fallbackModels: ["two/x"] }]),
      { ...names, providers: [ONE, keyless] },
      place,
    );
    expect([...needed.entries.keys()]).toEqual(["one", "two"]);
    expect(needed.workflow?.steps[0]?.fallbackModels).toEqual([]);
  });

  const broken = {
    ...SPARE,
    check: async () => {
      throw new ConfigError("spare is not set up");
    },
  };

  it("leave out a fallback model that cannot be used, and the caller hears of it", async () => {
    const steps = workflow([{ provider: "two", fallbackModels: ["spare/spare-default", "one/one-large"] }]);
    const some = { providers: [ONE, TWO, broken], aliases: {} };
    const needed = await entriesFor(chosen, steps, some, place);
    expect(needed.workflow?.steps[0]?.fallbackModels).toEqual(["one/one-large"]);
    expect(needed.notices).toEqual([expect.stringContaining("spare is not set up")]);
  });

  it("begin with the next model where the first of a list cannot be used, as those of a run do", async () => {
    const some = { providers: [ONE, TWO, broken], aliases: {} };
    const list = { model: "spare/spare-default", fallbackModels: ["two/two-large", "one/one-large"] };
    const steps = workflow([
      { ...list, provider: null },
      { ...list, provider: "spare" },
      { ...list, provider: "spare", model: null },
    ]);
    const { workflow: resolved, notices } = await entriesFor(chosen, steps, some, place);
    const expected = { provider: "two", model: "two-large", fallbackModels: ["one/one-large"] };
    expect(resolved?.steps).toEqual(steps.steps.map(() => expect.objectContaining(expected)));
    expect(notices).toHaveLength(3);
    await expect(entriesFor(chosen, workflow([{ model: "spare/spare-default" }]), some, place)).rejects.toThrow(
      "spare is not set up",
    );
  });

  it("are that of the run where it has no workflow", async () => {
    expect(await entriesFor(chosen, null, names, place)).toEqual({
      entries: new Map([["one", ONE]]),
      workflow: null,
      notices: [],
    });
  });

  it.each([
    ["an unknown provider", { name: "b", provider: "tow" }, "steps.b.provider", '"tow"'],
    ["an unknown model", { name: "b", model: "gone" }, "steps.b.model", '"gone"'],
    ["an unknown model of its own provider", { name: "b", provider: "two", model: "x" }, "steps.b.model", '"x"'],
  ])("are refused with the place in the file: %s", async (_, step, at, word) => {
    await expect(entries({}, step)).rejects.toEqual(configError(`/w.yaml: ${at}`, word));
  });
});

describe("a provider in front of a model", () => {
  const [plain, host, router] = (["plain", "with_vendor", "with_vendor_or_own"] as const).map((modelNames, index) => ({
    ...entryWith(["one", "host", "router"][index] ?? "", {}),
    modelNames,
    check: async () => {},
  }));
  const all = [plain, host, router].flatMap((entry) => entry ?? []);
  const models = async (provider: string, model: string, ...fallbackModels: readonly string[]) => {
    const settings = { ...SETTINGS, provider, aliases: { short: { provider: "one", model: "m" } } };
    const chosen = await resolveProvider([{ provider: null, model, fallbackModels }], settings, all);
    return [`${chosen.entry.name}/${chosen.model}`, ...chosen.fallbackModels];
  };

  it.each([
    ["one", ["m", "host/a/b", "other/x"], ["one/m", "host/a/b", "one/other/x"]],
    ["one", ["host/a/b", "m"], ["host/a/b", "one/m"]],
    ["one", ["one/m", "one/n"], ["one/m", "one/n"]],
    ["host", ["one/m", "one/n"], ["host/one/m", "host/one/n"]], // never another account's model
    ["host", ["host/m", "x"], ["host/m", "host/x"]],
    ["host", ["short", "x"], ["one/m", "host/x"]],
    ["router", ["router/auto", "one/m"], ["router/router/auto", "router/one/m"]],
  ])(
    "of %s, %j is read as %j, in the first place as in later ones",
    async (provider, [first = "", ...rest], expected) => {
      expect(await models(provider, first, ...rest)).toEqual(expected);
    },
  );
});
