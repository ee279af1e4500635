/** Views of runs within a limit: which fields give way, and what is never lost. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitRunView, fitRunViews, type View } from "../../../src/views/fit-run-view.js";
import { sizeOf } from "../../../src/views/page.js";

const viewOf = (fields: View = {}): View => ({
  run_id: "run_01m8nazvp688ganhf6szx43mbp",
  status: "success",
  next: "get_run shows its events",
  title: "a title of some length",
  error: null,
  session_id: "ses_01m8nazvp688ganhf6szx43mbp",
  provider: "gemini",
  usage: { input_tokens: 1_000, output_tokens: 200, cached_tokens: 0, thinking_tokens: 0 },
  created_at: "2026-11-30T10:00:00.000Z",
  result: "short",
  effects: [],
  ...fields,
});
const question = (fields: View): View =>
  viewOf({ status: "waiting", result: null, question: { id: "q1", kind: "question", ...fields } });

/** Texts of one, two, three and four bytes a character. */
const textOf = fc
  .constantFrom("x", "é", "漢", "😀", '"')
  .chain((unit) => fc.nat(5_000).map((count) => unit.repeat(count)));

describe("one view", () => {
  it("fits every budget that has room for a brief one, and keeps the head of its result", () => {
    fc.assert(
      fc.property(textOf, textOf, fc.integer({ min: 700, max: 10_000 }), (result, warning, budget) => {
        const fitted = fitRunView(viewOf({ result, warnings: [warning] }), budget);
        expect(sizeOf(fitted)).toBeLessThanOrEqual(budget);
        expect(fitted).toMatchObject({ run_id: expect.any(String), status: "success" });
        expect(result.startsWith(String(fitted.result))).toBe(true);
        expect(sizeOf(fitted.result)).toBeGreaterThanOrEqual(Math.min(sizeOf(result), 190));
      }),
    );
  });

  it("names what was cut, and says where to read it before it", () => {
    const fitted = fitRunView(viewOf({ result: "x".repeat(20_000) }), 2_000);
    expect(fitted).toMatchObject({ truncated: ["result"], next: expect.stringContaining('view: "result"') });
    expect(Object.keys(fitted).indexOf("next")).toBeLessThan(Object.keys(fitted).indexOf("result"));
    expect(sizeOf(fitted)).toBe(2_000);
  });

  it("never loses its question to other fields, nor the options to a long text", () => {
    const options = Array.from({ length: 20 }, (_, index) => `option ${index} ${"y".repeat(80)}`);
    const long = question({ text: "Which? ".repeat(900), options });
    const fitted = fitRunView({ ...long, warnings: ["w".repeat(9_000)] }, 6_500) as { question: View; next: string };
    expect(sizeOf(fitted)).toBeLessThanOrEqual(6_500);
    expect(fitted.question.options).toEqual(options);
    expect(fitted.question.text).toMatch(/^Which\? Which\?/);
    expect(fitted.next).toBe(long.next);
  });

  it("keeps the text of its question where the options are too long for any answer", () => {
    const options = Array.from({ length: 20 }, () => "y".repeat(560));
    const fitted = fitRunView(question({ text: "Which of these?", options }), 6_500) as { question: View };
    expect(sizeOf(fitted)).toBeLessThanOrEqual(6_500);
    expect(fitted.question.text).toContain("Which of these?");
  });
});

describe("several views", () => {
  it("fit together, from the first on without a gap, none without a head", () => {
    fc.assert(
      fc.property(
        fc.array(textOf, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1_000, max: 10_000 }),
        (results, budget) => {
          const fitted = fitRunViews(
            results.map((result) => viewOf({ result })),
            budget,
          );
          expect(fitted.length).toBeGreaterThan(0);
          expect(sizeOf(fitted)).toBeLessThanOrEqual(budget + "[]".length);
          for (const [index, { result }] of fitted.entries()) {
            const whole = results[index] ?? "";
            expect(whole.startsWith(String(result ?? ""))).toBe(true);
            expect(sizeOf(result ?? "")).toBeGreaterThanOrEqual(Math.min(sizeOf(whole), 190));
          }
        },
      ),
    );
  });

  it("cut the longest to one size, and leave the short ones whole", () => {
    const results = ["x".repeat(9_000), "short", "y".repeat(5_000)];
    const [first, second, third] = fitRunViews(
      results.map((result) => viewOf({ result })),
      6_000,
    );
    expect(second?.result).toBe("short");
    expect(Math.abs(sizeOf(first) - sizeOf(third))).toBeLessThanOrEqual(1);
    expect(sizeOf([first, second, third])).toBeGreaterThan(5_900);
  });

  it("have no cliff: 16 and 20 results of 310 characters come whole", () => {
    for (const count of [16, 20]) {
      const fitted = fitRunViews(
        Array.from({ length: count }, () => viewOf({ result: "r".repeat(310) })),
        9_500,
      );
      expect(fitted.map(({ result }) => String(result).length)).toEqual(Array(count).fill(310));
    }
  });
});
