/** Redaction: it replaces a secret in every form, and returns a value without secrets as the same object. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRedact, REDACT_NOTHING } from "../../../src/core/redact.js";
import { AT_ONCE_MS } from "../../support/in-time.js";

const TRICKY = 'p"ss\\w/rd +ü\n2';
const redact = createRedact([
  { name: "SHORT", value: "token-123" },
  { name: "LONG", value: "token-123-and-more" },
  { name: "TRICKY", value: TRICKY },
]);

describe("a text", () => {
  it.each([
    ["as it is", `a ${TRICKY} b`, "a [redacted TRICKY] b"],
    ["in JSON", JSON.stringify({ a: TRICKY }), '{"a":"[redacted TRICKY]"}'],
    [
      "in JSON that stands in JSON",
      JSON.stringify({ a: JSON.stringify([TRICKY]) }),
      '{"a":"[\\"[redacted TRICKY]\\"]"}',
    ],
    ["in a URL", `https://x.test/?q=${encodeURIComponent(TRICKY)}&r`, "https://x.test/?q=[redacted TRICKY]&r"],
    [
      "in a URL with small letters",
      encodeURIComponent(TRICKY).replace(/%../g, (octet) => octet.toLowerCase()),
      "[redacted TRICKY]",
    ],
    ["twice", "token-123 token-123", "[redacted SHORT] [redacted SHORT]"],
    ["inside a longer one", "token-123-and-more", "[redacted LONG]"],
    ["with nothing in it", "token-12 and token_123", "token-12 and token_123"],
  ])("loses a secret %s", (_how, text, expected) => {
    expect(redact.text(text)).toBe(expected);
  });

  const BYTES = Buffer.from(TRICKY);
  const around = (before: string, encoding: "base64" | "base64url" | "hex") =>
    Buffer.from(`${before}${TRICKY}:rest`).toString(encoding);

  it.each([
    ["base64", around("", "base64")],
    ["base64 behind one byte", around("u", "base64")],
    ["base64 behind a user's name", around("user:", "base64")],
    ["base64 behind two bytes", around("ab", "base64")],
    ["base64 for URLs", around("ab", "base64url")],
    ["the header of a basic login", `Authorization: Basic ${around("me:", "base64")}`],
    ["hexadecimal", around("x", "hex")],
    ["hexadecimal in capitals", around("x", "hex").toUpperCase()],
    ["a dump of bytes", `78 ${BYTES.toString("hex").match(/../g)?.join(" ")} 79`],
    ["a fingerprint", `AB:${BYTES.toString("hex").toUpperCase().match(/../g)?.join(":")}`],
    ["a text of a program", BYTES.toString("hex").replace(/../g, "\\x$&")],
    ["a URL of codes alone", BYTES.toString("hex").replace(/../g, "%$&")],
    [
      "HTML",
      `<p>${TRICKY.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;")}</p>`,
    ],
    ["capitals", TRICKY.toUpperCase()],
    ["JSON of ASCII", `"${JSON.stringify(TRICKY).slice(1, -1).replace("ü", "\\u00fc")}"`],
    ["a strict URL", encodeURIComponent(TRICKY)],
  ])("loses a secret in %s", (_how, text) => {
    const left = redact.text(text);
    expect(left).toContain("[redacted TRICKY]");
    const rest = left.replace(/.*\[redacted TRICKY\]/, "");
    expect(Buffer.from(rest, "base64").includes(BYTES.subarray(2, 8))).toBe(false);
  });

  it("loses a secret of any characters, behind any bytes, in every encoding", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, unit: "grapheme" }), fc.uint8Array({ maxLength: 7 }), (value, bytes) => {
        const one = createRedact([{ name: "S", value }]);
        const whole = Buffer.concat([bytes, Buffer.from(value), bytes]);
        for (const encoding of ["base64", "base64url", "hex"] as const)
          expect(one.text(whole.toString(encoding))).toContain("[redacted S]");
      }),
    );
  });

  it("keeps words that only look like a short secret", () => {
    const short = createRedact([
      { name: "A", value: "summer" },
      { name: "B", value: "Monday" },
      { name: "C", value: "a1b2" },
    ]);
    const text = "SUMMER Summer monday MONDAY A1B2 YTFi 61316232 sum mer";
    expect(short.text(text)).toBe(text);
  });

  it("loses a secret of any characters", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, unit: "grapheme" }), fc.string(), (value, around) => {
        const one = createRedact([{ name: "S", value }]);
        expect(one.text(`${around}${value}${around}`)).toContain("[redacted S]");
        const inJson = one.text(JSON.stringify({ text: `<${value}>` }));
        expect(JSON.parse(inJson)).toEqual({ text: "<[redacted S]>" });
      }),
    );
  });
});

describe("a value", () => {
  it("loses its secrets at any depth, also in keys, and keeps all other parts", () => {
    const clean = { list: [1, null, "x"], deep: { n: true } };
    const given = { clean, dirty: [{ a: "use token-123" }, clean], "token-123": 1 };
    const answer = redact.value(given);
    expect(answer).toEqual({ clean, dirty: [{ a: "use [redacted SHORT]" }, clean], "[redacted SHORT]": 1 });
    expect(answer.clean).toBe(clean);
    expect(answer.dirty[1]).toBe(clean);
    expect(given.dirty[0]).toEqual({ a: "use token-123" });
  });

  it("without secrets is the same object", () => {
    const given = { a: ["x", { b: "y" }], c: new Date(0), d: undefined };
    expect(redact.value(given)).toBe(given);
    expect(createRedact([])).toBe(REDACT_NOTHING);
    expect(REDACT_NOTHING.value(given)).toBe(given);
  });

  it("keeps a key named __proto__ a key", () => {
    const given: unknown = JSON.parse('{"__proto__": {"a": "token-123"}}');
    expect(JSON.stringify(redact.value(given))).toBe('{"__proto__":{"a":"[redacted SHORT]"}}');
  });

  it("is searched fast", () => {
    const many = createRedact(
      Array.from({ length: 200 }, (_, n) => ({ name: `S${n}`, value: `${n}-kT8sQ2vLx9Zr${n * 7919}` })),
    );
    const text = "the quick brown fox 42 jumps over the lazy dog ".repeat(20_000);
    const begun = performance.now();
    expect(many.text(text)).toBe(text);
    expect(performance.now() - begun).toBeLessThan(AT_ONCE_MS);
  });
});
