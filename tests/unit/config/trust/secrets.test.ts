/** The secrets among configured values. */
import { describe, expect, it } from "vitest";
import {
  looksSecret,
  providerSecrets,
  transportSecrets,
  variableSecrets,
} from "../../../../src/config/trust/secrets.js";

const TOKEN = "ghp_a1B2c3D4e5F6g7H8";

function stdio(changes: { args?: readonly string[]; env?: Readonly<Record<string, string>> }) {
  return transportSecrets({ kind: "stdio", command: "x", args: [], env: {}, cwd: "/", isAway: false, ...changes }).map(
    ({ value }) => value,
  );
}

function remote(url: string, headers: Readonly<Record<string, string>> = {}) {
  return transportSecrets({ kind: "http", url, headers }).map(({ value }) => value);
}

const fromVariable = (name: string, value: string) => variableSecrets([{ name, value }]).map((secret) => secret.value);

describe("looksSecret", () => {
  it.each([
    "API_KEY",
    "apiKey",
    "X-Api-Key",
    "GITHUB_TOKEN",
    "clientSecret",
    "PGPASSWORD",
    "DB_PWD",
    "Authorization",
    "Cookie",
    "aws-credentials",
    "GH_PAT",
  ])("is true for %s", (name) => expect(looksSecret(name)).toBe(true));
  it.each(["KEYBOARD", "MONKEY", "AUTHOR", "PATH", "COMPASS", "TOKENIZER", "LOG_LEVEL"])("is false for %s", (name) =>
    expect(looksSecret(name)).toBe(false),
  );
});

describe("the value of a variable", () => {
  it.each([
    ["WHATEVER", "a-thing-of-mine"],
    ["PASSWORD", "letmein"],
    ["DB_PASSWORD", "12345678"],
    ["API_TOKEN", "/starts/like/a/path+1"],
  ])("is a secret: %s=%s", (name, value) => {
    expect(fromVariable(name, value)).toEqual([value]);
  });

  it.each([
    ["HOME", "/home/ada-lovelace"],
    ["XDG_CONFIG_HOME", "my-very-own"],
    ["DATA", "/var/lib/data"],
    ["DATA", "~/data"],
    ["DATA", "C:\\data\\x"],
    ["API", "https://api.example.test/v1?page=2"],
    ["PORT", "1234567"],
    ["LIMIT", "-12345.75"],
    ["MODE", "production"],
    ["TOKEN_LIMIT", "1000000"],
    ["KEY_FILE", process.execPath],
    ["TOKEN", "short"],
  ])("is no secret: %s=%s", (name, value) => {
    expect(fromVariable(name, value)).toEqual([]);
  });

  it("is a secret without its scheme, and line by line", () => {
    expect(fromVariable("AUTH_HEADER", `Bearer ${TOKEN}`)).toEqual([TOKEN]);
    const pem = `-----BEGIN PRIVATE KEY-----\n${"a1".repeat(20)}\nshort\n-----END PRIVATE KEY-----`;
    expect(fromVariable("KEY", `${pem}\n`)).toEqual([pem, "a1".repeat(20)]);
  });

  it("may hold one in an address", () => {
    expect(fromVariable("DATABASE", "postgres://ada:p%40ssword@db.test/x")).toEqual(["p@ssword", "p%40ssword"]);
    expect(fromVariable("API", "https://x.test/?api_key=abcdef1&q=1")).toEqual(["abcdef1"]);
  });
});

describe("a value in a server's definition", () => {
  it.each([
    ["a secret name", { env: { API_KEY: "letmein" } }, ["letmein"]],
    ["a token under any name", { env: { THING: TOKEN } }, [TOKEN]],
    ["an option's value", { args: ["--api-key=letmein", "--token", "openup"] }, ["letmein", "openup"]],
    ["a header as an argument", { args: ["--header", `Authorization: Bearer ${TOKEN}`] }, [TOKEN]],
    ["a variable as an argument", { args: ["run", "-e", "GITHUB_TOKEN=letmein", "image"] }, ["letmein"]],
    ["a password in an address", { args: ["postgres://ada:letmein@db.test/x"] }, ["letmein", "letmein"]],
    ["JSON with a header", { env: { MCP_HEADERS: `{"Authorization":"Bearer ${TOKEN}"}` } }, [TOKEN]],
    ["basic credentials", { env: { AUTH: `Basic ${btoa("ada:letmein")}` } }, [btoa("ada:letmein"), "letmein"]],
  ])("is a secret: %s", (_kind, definition, expected) => {
    expect(stdio(definition)).toEqual(expected);
  });

  it("is no secret without a sign of one", () => {
    const env = { MODEL: "gemini-2.5-flash-preview-09-2025", DAY: "2026-11-22T10:00:00Z", DEBUG: "true", KEY: "abc" };
    const args = ["-y", "@scope/server-kubernetes2@2026.8.31", "--token-limit", "5000000", "--keys", "--verbose"];
    expect(stdio({ env, args })).toEqual([]);
  });

  it("is found in headers and addresses", () => {
    expect(remote("https://x.test/mcp?token=abcdef1", { Authorization: `Bearer ${TOKEN}` })).toEqual([
      TOKEN,
      "abcdef1",
    ]);
    expect(remote(`https://x.test/s/${TOKEN}/mcp`)).toEqual([TOKEN]);
    expect(remote("https://x.test/mcp", { Accept: "application/json", "X-Team": "builders" })).toEqual([]);
  });
});

it("the providers' keys are secrets", () => {
  expect(
    providerSecrets({ GEMINI_API_KEY: "AIza-some-key", OPENAI_API_KEY: "", OTHER: "other-value" }, [
      "GEMINI_API_KEY",
      "OPENAI_API_KEY",
    ]),
  ).toEqual([{ name: "GEMINI_API_KEY", value: "AIza-some-key" }]);
});
