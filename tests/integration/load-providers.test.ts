/** The providers of a configuration: the vendors', and the user's own entries. */
import { describe, expect, it } from "vitest";
import { bench, dollar, fault, load, own, trustNow, useConfigBench, user } from "../support/config-bench.js";
import { naming } from "../support/naming.js";

useConfigBench();

const GROQ = { like: "openai", base_url: "https://api.groq.com/openai/v1/", api_key_env: "GROQ_API_KEY" };
const named = async (name: string) => (await load()).providers.find((provider) => provider.name === name);

describe("an entry", () => {
  it("is a provider with the address, the key and the prices that the user gives it", async () => {
    bench.env = { GROQ_API_KEY: "gsk-of-the-user" };
    user({
      providers: { groq: { ...GROQ, wire: "chat", host: "groq" }, second: { ...GROQ, api_key_env: "OTHER" } },
      prices: { groq: { "llama-*": { input: 1, output: 2, cached: 0.5, cache_write: 3 } } },
      provider: "second",
    });
    expect(await named("groq")).toMatchObject({
      like: "openai",
      apiKey: "gsk-of-the-user",
      keyVariable: "GROQ_API_KEY",
      baseUrl: "https://api.groq.com/openai/v1",
      wire: "chat",
      host: "groq",
      prices: [{ models: "llama-*", price: { input: 1, output: 2, cached: 0.5, cacheWrite: 3 } }],
      fault: null,
    });
    expect(await named("second")).toMatchObject({ apiKey: null, keyVariable: "OTHER", wire: null, host: null });
    expect((await load()).secrets).toContainEqual({ name: "GROQ_API_KEY", value: "gsk-of-the-user" });
  });

  it.each(["http://127.0.0.1:11434/v1", "http://localhost:1234/v1", "http://[::1]:8080", "http://127.8.0.1/x"])(
    "of this machine at %s needs no key",
    async (base_url) => {
      user({ providers: { local: { like: "openai", base_url } } });
      expect(await named("local")).toMatchObject({ apiKey: null, keyVariable: null, fault: null });
    },
  );

  it.each([
    ["gemini", "https://gate.test/v1beta", "https://gate.test"],
    ["gemini", "https://gate.test/google/v1beta/", "https://gate.test/google"],
    ["gemini", "https://gate.test/v1beta/models", "https://gate.test"],
    ["gemini", "https://generativelanguage.googleapis.com/v1beta/", "https://generativelanguage.googleapis.com"],
    ["gemini", "https://v1beta", "https://v1beta"],
    ["anthropic", "https://gate.test/a/v1", "https://gate.test/a"],
    ["anthropic", "https://gate.test/a/v1/", "https://gate.test/a"],
    ["anthropic", "https://gate.test/a/v1/messages", "https://gate.test/a"],
    ["anthropic", "https://gate.test/v1/messages/?team=a/", "https://gate.test?team=a/"],
    ["anthropic", "https://api.anthropic.com/v1/messages", "https://api.anthropic.com"],
    ["anthropic", "https://gate.test/av1", "https://gate.test/av1"],
    ["openai", "https://gate.test/v1/chat/completions", "https://gate.test/v1"],
    ["openai", "https://gate.test/v1//chat/completions//", "https://gate.test/v1"],
    ["openai", "https://gate.test/v1/responses", "https://gate.test/v1"],
    ["openai", "https://api.openai.com/v1/responses", "https://api.openai.com/v1"],
    ["openai", "https://gate.test/v1/", "https://gate.test/v1"],
  ])("like %s at %s has the address %s", async (like, base_url, baseUrl) => {
    user({ providers: { mine: { like, base_url, api_key_env: "KEY" } } });
    expect(await named("mine")).toMatchObject({ baseUrl, fault: null });
    user({ providers: { [like]: { base_url } } });
    expect(await named(like)).toMatchObject({ baseUrl, fault: null });
  });

  it.each([
    [{ groq: { ...GROQ, like: "opnai" } }, ["providers.groq.like", "openai"]],
    [{ groq: { base_url: GROQ.base_url, api_key_env: "K" } }, ["providers.groq", "like"]],
    [{ groq: { like: "openai", api_key_env: "K" } }, ["providers.groq", "base_url"]],
    [{ groq: { like: "openai", base_url: GROQ.base_url } }, ["providers.groq", "api_key_env"]],
    [{ groq: { ...GROQ, base_url: "api.groq.com" } }, ["providers.groq.base_url", "URL"]],
    [{ groq: { ...GROQ, base_url: "http://api.groq.com/v1" } }, ["providers.groq.base_url", "https"]],
    [{ groq: { ...GROQ, base_url: "http://127.0.0.1.evil.test/v1" } }, ["providers.groq.base_url", "https"]],
    [{ groq: { ...GROQ, base_url: "ftp://api.groq.com" } }, ["providers.groq.base_url", "https"]],
    [{ groq: { ...GROQ, base_url: "https://me:secret@api.groq.com" } }, ["providers.groq.base_url", "password"]],
    [{ groq: { ...GROQ, api_key_env: "gsk-1234567890" } }, ["providers.groq.api_key_env", "environment variable"]],
    [{ groq: { ...GROQ, wire: "soap" } }, ["providers.groq.wire", "responses or chat"]],
    [{ groq: { ...GROQ, host: "groqq" } }, ["providers.groq.host", "groq"]],
    [{ groq: { ...GROQ, key: "x" } }, ["key", "providers.groq"]],
    [{ groq: { ...GROQ, api_key: "gsk-12" } }, ["providers.groq.api_key", "environment variable", "api_key_env"]],
    [{ groq: { ...GROQ, model: " " } }, ["providers.groq.model", "blank"]],
    [{ mine: { like: "gemini", base_url: "http://127.0.0.1:1", model: "a b" } }, ["providers.mine.model", '"a b"']],
    [{ Groq: GROQ }, ["Groq", "lower-case"]],
    [{ rehearsal: GROQ }, ["providers.rehearsal", "leave it out"]],
    [{ openai: { like: "anthropic" } }, ["providers.openai.like", "another name"]],
    [{ gemini: { wire: "chat" } }, ["providers.gemini.wire", "leave it out"]],
  ])("%j is refused with its place", async (providers, words) => {
    user({ providers });
    expect(await fault()).toEqual(naming(/config\.yaml:1:\d+: /, ...words));
  });

  it("may be called as every object's own parts are, with the prices of its name alone", async () => {
    user({ providers: { constructor: GROQ } });
    expect(await named("constructor")).toMatchObject({ prices: [], windows: [], fault: null });
  });

  it("may have a key in its address, which is a secret", async () => {
    bench.env = { OPENAI_BASE_URL: "https://gateway.test/v1?api-key=4f7a-of-the-gateway" };
    user({
      providers: { groq: { ...GROQ, base_url: "https://proxy.test/v1?version=2026-01-01&key=9c1d-of-the-proxy" } },
    });
    const values = (await load()).secrets.map(({ value }) => value);
    expect(values).toEqual(["4f7a-of-the-gateway", "9c1d-of-the-proxy"]);
  });

  it("has its address and its key without the spaces around them", async () => {
    bench.env = { GROQ_API_KEY: " gsk-of-the-user\n", GOOGLE_GEMINI_BASE_URL: " https://gateway.test/ " };
    user({ providers: { groq: { ...GROQ, base_url: ` ${GROQ.base_url} ` } } });
    expect(await named("groq")).toMatchObject({ baseUrl: "https://api.groq.com/openai/v1", apiKey: "gsk-of-the-user" });
    expect(await named("gemini")).toMatchObject({ baseUrl: "https://gateway.test", fault: null });
  });

  it("of one name twice is refused", async () => {
    user(`providers:\n  groq: ${JSON.stringify(GROQ)}\n  groq: ${JSON.stringify(GROQ)}\n`);
    expect(await fault()).toEqual(expect.stringMatching(/config\.yaml:\d+:\d+: .*(groq|twice|duplicate)/i));
  });

  it.each(["providers", "prices", "aliases"])("belongs to the user: a project's %s is refused", async (key) => {
    own({ [key]: {} });
    await expect(trustNow()).rejects.toThrow(/config\.yaml:1:\d+: .*your own config\.yaml/);
    await expect(trustNow()).rejects.toThrow(key);
  });
});

describe("a vendor", () => {
  it("takes its key and its address from the environment, which wins over the file", async () => {
    bench.env = { ANTHROPIC_API_KEY: "sk-ant", ANTHROPIC_BASE_URL: "https://gateway.test/a/" };
    user({ providers: { anthropic: { base_url: "https://other.test", betas: true } } });
    expect(await named("anthropic")).toMatchObject({
      apiKey: "sk-ant",
      baseUrl: "https://gateway.test/a",
      betas: true,
    });
  });

  it.each([
    [{ OPENAI_BASE_URL: "http://proxy.lan:8080", OPENAI_API_KEY: "k" }, ["OPENAI_BASE_URL", "https"]],
    [{ OPENAI_BASE_URL: "nowhere", OPENAI_API_KEY: "k" }, ["OPENAI_BASE_URL", "URL"]],
    [{ OPENAI_API_KEY: dollar("OPENAI_API_KEY") }, ["OPENAI_API_KEY", "does not expand"]],
    [{ OPENAI_API_KEY: "sk-1234\nsk-5678" }, ["OPENAI_API_KEY", "characters"]],
    [{ OPENAI_API_KEY: "sk-1234\u201d" }, ["OPENAI_API_KEY", "characters"]],
  ])("that %j leaves unusable costs no other", async (env, words) => {
    bench.env = { ...env, GEMINI_API_KEY: "AIza" };
    expect((await named("openai"))?.fault).toEqual(naming(...words));
    expect((await named("openai"))?.fault).not.toMatch(/sk-|\$\{/);
    expect(await named("gemini")).toMatchObject({ fault: null, apiKey: "AIza" });
  });

  it("whose key is blank has none", async () => {
    bench.env = { OPENAI_API_KEY: " \n" };
    expect(await named("openai")).toMatchObject({ apiKey: null, fault: null });
  });

  it("has its own price for input that it writes to its cache, where the user gives none", async () => {
    user({ prices: { anthropic: { "*": { input: 4, output: 20 } }, openai: { "*": { input: 4, output: 20 } } } });
    expect((await named("anthropic"))?.prices[0]?.price).toEqual({ input: 4, output: 20, cached: 4, cacheWrite: 5 });
    expect((await named("openai"))?.prices[0]?.price).toEqual({ input: 4, output: 20, cached: 4 });
  });
});

describe("a name", () => {
  it.each([
    [{ provider: "gork" }, ["provider", '"gork"']],
    [{ prices: { gork: {} } }, ["prices.gork", '"gork"']],
    [{ aliases: { fast: "llama" } }, ["aliases.fast", "provider"]],
    [{ aliases: { fast: "gork/llama" } }, ["aliases.fast", "provider"]],
    [{ aliases: { fast: "gemini/a b" } }, ["aliases.fast", '"a b"']],
    [{ aliases: { "a,b": "gemini/llama" } }, ["aliases.a,b", "comma"]],
    [{ model: [] }, ["model"]],
    [{ model: ["a", 3] }, ["model"]],
    [{ model: "a,,b" }, ["model"]],
    [{ model: "," }, ["model"]],
    [{ model: Array(11).fill("a").join() }, ["model", "10"]],
  ])("%j that means no provider or model is refused with its place", async (value, words) => {
    user(value);
    expect(await fault()).toEqual(naming(/config\.yaml:1:\d+: /, ...words));
  });
});

describe("a price", () => {
  it.each([
    ["{ input: .inf, output: 1 }", ["prices.gemini.a.input", "finite", "Infinity"]],
    ["{ input: 1, output: .nan }", ["prices.gemini.a.output", "finite", "NaN"]],
    ["{ input: -1, output: 1 }", ["prices.gemini.a.input", "at least 0"]],
    ['{ input: "1", output: 1 }', ["prices.gemini.a.input", "a number", "a string"]],
    ["{ input: 1 }", ["prices.gemini.a.output", "missing"]],
    ["{ input: 1, output: 1, cache: 1 }", ['"cache"', "prices.gemini.a", '"cached"']],
    ["5", ["prices.gemini.a", "an object"]],
  ])("%s is refused with its place", async (price, words) => {
    user(`prices:\n  gemini:\n    a: ${price}\n`);
    expect(await fault()).toEqual(naming(/config\.yaml:3:\d+: /, ...words));
    expect(await fault()).not.toMatch(/a number, not a number/);
  });

  it.each(["prices", "context_windows"])("for a model without a name is refused with its place: %s", async (key) => {
    user({ [key]: { gemini: { "": 5 } } });
    expect(await fault()).toEqual(naming(/config\.yaml:1:\d+: /, `${key}.gemini`, "at least 1 character"));
  });
});
