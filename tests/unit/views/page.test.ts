/** Pages: each fits its budget, and together they contain every item exactly once. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RequestError } from "../../../src/core/errors.js";
import {
  cursorNumber,
  cutToFit,
  decodeCursor,
  encodeCursor,
  fitItems,
  fittingPart,
  type Keyed,
  type ListCursor,
  sizeOf,
} from "../../../src/views/page.js";
import { mentions } from "../../support/mentions.js";

/** Characters of all kinds, also characters that JSON escapes and surrogate pairs. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom("a", '"', "\\", "\n", "\u0001", "é", "😀", "𝒳"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  ),
  maxLength: 200,
});
const HALF_PAIR = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

describe("a fitting part", () => {
  it("and the parts after it give the whole text, each within the budget and without a split pair", () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 8, max: 80 }), (whole, budget) => {
        const parts: string[] = [];
        for (let offset = 0; offset < whole.length; ) {
          const part = fittingPart(whole, offset, budget);
          expect(part.length).toBeGreaterThan(0);
          expect(sizeOf(part)).toBeLessThanOrEqual(budget);
          expect(part).not.toMatch(HALF_PAIR);
          parts.push(part);
          offset += part.length;
        }
        expect(parts.join("")).toBe(whole);
      }),
    );
  });

  it("has at least one character for any budget, and none after the end", () => {
    expect(fittingPart("abc", 0, 0)).toBe("a");
    expect(fittingPart("abc", 2, -100)).toBe("c");
    expect(fittingPart("😀b", 0, 1)).toBe("😀");
    expect(fittingPart("abc", 3, 100)).toBe("");
    expect(fittingPart("", 0, 100)).toBe("");
  });

  it("uses most of its budget", () => {
    expect(fittingPart("a".repeat(10_000), 0, 1_000)).toHaveLength(998);
    expect(sizeOf(fittingPart("\n".repeat(10_000), 0, 1_000))).toBe(1_000);
    expect(sizeOf(fittingPart("漢".repeat(10_000), 0, 1_000))).toBe(998); // three bytes each
  });
});

it("a text that is cut to fit ends with an ellipsis within its budget", () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 12, max: 80 }), (whole, budget) => {
      const cut = cutToFit(whole, budget);
      expect(sizeOf(cut)).toBeLessThanOrEqual(budget);
      if (sizeOf(whole) <= budget) expect(cut).toBe(whole);
      else expect([whole.startsWith(cut.slice(0, -1)), cut.endsWith("…")]).toEqual([true, true]);
    }),
  );
});

type Part = { json_part: string; json_offset: number; json_length: number; seq?: number };
const isPart = (item: object): item is Part => "json_part" in item;

/** Reads a list to its end, page by page, and joins the parts of items. */
function readAll(items: readonly Keyed[], budget: number): { values: object[]; pages: object[][] } {
  const values: object[] = [];
  const pages: object[][] = [];
  let json = "";
  let cursor: ListCursor | null = { after: 0, offset: 0 };
  while (cursor) {
    const { after } = cursor;
    const { page, next } = fitItems(
      items.filter(({ key }) => key > after),
      cursor,
      budget,
    );
    pages.push(page);
    for (const item of page) {
      if (!isPart(item)) {
        values.push(item);
        continue;
      }
      expect(item.json_offset).toBe(json.length);
      json += item.json_part;
      if (json.length < item.json_length) continue;
      values.push(JSON.parse(json));
      json = "";
    }
    expect(next).not.toEqual(cursor); // each page goes on
    cursor = next;
  }
  expect(json).toBe("");
  return { values, pages };
}

describe("pages of a list", () => {
  const item = fc.record({ text, more: fc.option(fc.array(fc.nat(99), { maxLength: 30 })) });
  const items = fc
    .array(item, { maxLength: 12 })
    .map((values) => values.map((value, index): Keyed => ({ key: index + 1, value: { seq: index + 1, ...value } })));

  it("together contain every item once and in order, each within its budget", () => {
    fc.assert(
      fc.property(items, fc.integer({ min: 300, max: 1_500 }), (list, budget) => {
        const { values, pages } = readAll(list, budget);
        expect(values).toEqual(list.map(({ value }) => value));
        for (const page of pages) expect(sizeOf(page)).toBeLessThanOrEqual(budget + "[]".length);
      }),
    );
  });

  it("that a limit cuts continue after it", () => {
    const list = Array.from({ length: 5 }, (_, index): Keyed => ({ key: index + 1, value: { seq: index + 1 } }));
    expect(fitItems(list, { after: 0, offset: 0 }, 25)).toEqual({
      page: [{ seq: 1 }, { seq: 2 }],
      next: { after: 2, offset: 0 },
    });
    expect(fitItems(list, { after: 0, offset: 0 }, 1_000)).toEqual({
      page: list.map(({ value }) => value),
      next: null,
    });
    expect(fitItems([], { after: 9, offset: 0 }, 1_000)).toEqual({ page: [], next: null });
  });

  it("name the item of a part", () => {
    const value = { seq: 7, type: "model_replied", text: "x".repeat(2_000) };
    const { page, next } = fitItems([{ key: 7, value }], { after: 6, offset: 0 }, 500);
    expect(page).toMatchObject([{ seq: 7, type: "model_replied", json_offset: 0, json_length: sizeOf(value) }]);
    expect(next).toEqual({ after: 6, offset: (page[0] as Part).json_part.length });
  });
});

describe("a cursor", () => {
  it("is accepted by its own kind only", () => {
    fc.assert(
      fc.property(fc.constantFrom("list", "events", "result"), fc.nat(), (kind, after) => {
        const cursor = encodeCursor(kind, { after });
        expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(decodeCursor(kind, cursor)).toMatchObject({ after });
        expect(() => decodeCursor(`${kind}s`, cursor)).toThrow(RequestError);
      }),
    );
  });

  it("from elsewhere is refused", () => {
    fc.assert(
      fc.property(fc.string(), (nonsense) => {
        expect(() => decodeCursor("events", nonsense)).toThrow(mentions("cursor"));
      }),
    );
    expect(decodeCursor("events", undefined)).toBeNull();
  });

  it.each([-1, 1.5, "1", null, undefined, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60])("holds no %j", (value) => {
    expect(() => cursorNumber(value)).toThrow(RequestError);
    expect(cursorNumber(0)).toBe(0);
  });
});
