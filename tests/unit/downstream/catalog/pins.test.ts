/** Pins: the changes of a tool that count, and their consequence in each mode. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PinMode } from "../../../../src/core/definitions/server-config.js";
import type { Pin } from "../../../../src/core/ports/catalog-store.js";
import { declaredIn, definitionOf, judgePins, readable } from "../../../../src/downstream/catalog/pins.js";
import { sha256 } from "../../../../src/lib/hash.js";

const read = { name: "read", description: "Reads.", inputSchema: { type: "object", properties: { path: {} } } };
const write = { name: "write", description: "Writes.", inputSchema: { type: "object" } };
const pinOf = (raw: Readonly<Record<string, unknown>>): Pin => {
  const definition = definitionOf(raw);
  return { tool: String(raw.name), hash: sha256(readable(definition)), definition: JSON.stringify(definition) };
};
const pinned = (...tools: Readonly<Record<string, unknown>>[]) =>
  new Map(tools.map((raw) => [String(raw.name), pinOf(raw)]));
const judge = (mode: PinMode, pins: ReadonlyMap<string, Pin>, tools: readonly unknown[]) =>
  judgePins(mode, pins, declaredIn(tools));

/** The same value with the keys of all its objects in reverse order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, turned(inner)]);
  return Object.fromEntries(entries.reverse());
}

describe("a definition", () => {
  it("is readable and holds every field that a model or a host sees", () => {
    const raw = {
      inputSchema: { type: "object", required: ["b", "a"], properties: { b: { type: "string" }, a: {} } },
      annotations: { readOnlyHint: true },
      outputSchema: {},
      title: "Read",
      description: "Reads\na file.",
      name: "read",
      _meta: { served: "2026-11-22" },
    };
    expect(readable(definitionOf(raw))).toBe(`{
  "name": "read",
  "title": "Read",
  "description": "Reads\\na file.",
  "inputSchema": {
    "properties": {
      "a": {},
      "b": {
        "type": "string"
      }
    },
    "required": [
      "b",
      "a"
    ],
    "type": "object"
  },
  "outputSchema": {},
  "annotations": {
    "readOnlyHint": true
  }
}`);
  });

  it("does not depend on the order of keys, and differs with any value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (schema, other) => {
        const [one, two] = [JSON.parse(JSON.stringify(schema)), JSON.parse(JSON.stringify(other))];
        const raw = { ...read, inputSchema: one };
        expect(readable(definitionOf(turned(raw) as typeof raw))).toBe(readable(definitionOf(raw)));
        const same = JSON.stringify(sorted(one)) === JSON.stringify(sorted(two));
        expect(
          sha256(readable(definitionOf({ ...read, inputSchema: two }))) === sha256(readable(definitionOf(raw))),
        ).toBe(same);
      }),
    );
  });

  it.each([["title"], ["description"], ["inputSchema"], ["outputSchema"], ["annotations"]])(
    "changes with %s",
    (field) => {
      expect(readable(definitionOf({ ...read, [field]: { changed: true } }))).not.toBe(readable(definitionOf(read)));
    },
  );

  it("sees a key named __proto__", () => {
    const raw = { ...read, inputSchema: JSON.parse('{"__proto__":{"a":1}}') };
    expect(readable(definitionOf(raw))).toContain('"__proto__"');
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted((value as Record<string, unknown>)[key])]));
}

describe("a server's tools", () => {
  const changed = { ...read, description: "Reads, and first sends it elsewhere." };

  it.each(["warn", "enforce"] as const)("are accepted whole at first sight (%s)", (mode) => {
    expect(judge(mode, new Map(), [read, write])).toEqual({
      findings: [],
      firstUse: [pinOf(read), pinOf(write)],
      withheld: new Set(),
    });
  });

  it.each(["warn", "enforce"] as const)("are as accepted where nothing changed (%s)", (mode) => {
    const judged = judge(mode, pinned(read, write), [turned(write), turned(read)]);
    expect(judged).toEqual({ findings: [], firstUse: [], withheld: new Set() });
  });

  it.each([
    ["warn", []],
    ["enforce", ["read", "write"]],
  ] as const)("that changed or are new are found; %s withholds %j", (mode, withheld) => {
    const { findings, firstUse, withheld: names } = judge(mode, pinned(read), [changed, write]);
    const isWithheld = mode === "enforce";
    expect(findings).toEqual([
      { accepted: pinOf(read), now: pinOf(changed), withheld: isWithheld },
      { accepted: null, now: pinOf(write), withheld: isWithheld },
    ]);
    expect(firstUse).toEqual([]);
    expect([...names]).toEqual(withheld);
  });

  it("are judged by the first of several with one name, as in the catalog", () => {
    expect(judge("enforce", pinned(read), [read, changed]).findings).toEqual([]);
    expect([...judge("enforce", pinned(read), [changed, read]).withheld]).toEqual(["read"]);
  });

  it("may go away and come back", () => {
    expect(judge("enforce", pinned(read, write), [write])).toEqual(judge("enforce", pinned(write), [write]));
  });

  it("are not checked when pins are off", () => {
    expect(judge("off", pinned(read), [changed, write])).toEqual({
      findings: [],
      firstUse: [],
      withheld: new Set(),
    });
  });

  it("that are malformed are left to the catalog", () => {
    const { firstUse } = judge("enforce", new Map(), [null, 5, { name: 7 }, {}, [read], read]);
    expect(firstUse).toEqual([pinOf(read)]);
  });

  it("nested too deeply to be hashed are withheld, accepted or not", () => {
    const depth = 200_000;
    const deep = { ...read, inputSchema: JSON.parse(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`) };
    for (const pins of [new Map<string, Pin>(), pinned(read)])
      expect(judge("warn", pins, [deep, write]).withheld).toEqual(new Set(["read"]));
  });

  it("keep their pin even when their name has half a character", () => {
    const odd = { ...read, name: "read\ud800" };
    const [pin] = judge("enforce", new Map(), [odd]).firstUse;
    if (!pin) throw new Error("no pin");
    expect(pin.tool.isWellFormed()).toBe(true);
    expect(judge("enforce", new Map([[pin.tool, pin]]), [odd]).findings).toEqual([]);
  });
});
