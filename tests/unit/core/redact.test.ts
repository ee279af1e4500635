/** Redaction: a secret goes in every form it can take, and what holds none stays the very same object. */
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

  it("loses any secret, whatever its characters", () => {
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
  it("loses its secrets at any depth, also in keys, and keeps what has none", () => {
    const clean = { list: [1, null, "x"], deep: { n: true } };
    const given = { clean, dirty: [{ a: "use token-123" }, clean], "token-123": 1 };
    const answer = redact.value(given);
    expect(answer).toEqual({ clean, dirty: [{ a: "use [redacted SHORT]" }, clean], "[redacted SHORT]": 1 });
    expect(answer.clean).toBe(clean);
    expect(answer.dirty[1]).toBe(clean);
    expect(given.dirty[0]).toEqual({ a: "use token-123" });
  });

  it("with nothing to redact is the very same", () => {
    const given = { a: ["x", { b: "y" }], c: new Date(0), d: undefined };
    expect(redact.value(given)).toBe(given);
    expect(createRedact([])).toBe(REDACT_NOTHING);
    expect(REDACT_NOTHING.value(given)).toBe(given);
  });

  it("keeps a key named __proto__ a key", () => {
    const given: unknown = JSON.parse('{"__proto__": {"a": "token-123"}}');
    expect(JSON.stringify(redact.value(given))).toBe('{"__proto__":{"a":"[redacted SHORT]"}}');
  });

  it("is gone over fast", () => {
    const many = createRedact(
      Array.from({ length: 40 }, (_, n) => ({ name: `S${n}`, value: `${n}-kT8sQ2vLx9Zr${n * 7919}` })),
    );
    const text = "the quick brown fox 42 jumps over the lazy dog ".repeat(20_000);
    const begun = performance.now();
    expect(many.text(text)).toBe(text);
    expect(performance.now() - begun).toBeLessThan(AT_ONCE_MS);
  });
});
