/** The limits in the headers of answers, in the forms of several vendors. */
import { expect, it } from "vitest";
import { readLimits } from "../../../../src/providers/http/read-limits.js";

const NOW = Date.parse("2026-11-30T12:00:00Z");
const read = (headers: Record<string, string>) => readLimits(new Map(Object.entries(headers)), NOW);

it("reads Anthropic's, whose resets are times", () => {
  const headers = {
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "49",
    "anthropic-ratelimit-requests-reset": "2026-11-30T12:00:02Z",
    "anthropic-ratelimit-input-tokens-limit": "30000",
    "anthropic-ratelimit-input-tokens-remaining": "29000",
    "anthropic-ratelimit-input-tokens-reset": "2026-11-30T12:00:01.500Z",
    "anthropic-ratelimit-output-tokens-limit": "8000",
    "anthropic-ratelimit-tokens-limit": "38000",
  };
  expect(read(headers)).toEqual([
    { of: "requests", limit: 50, remaining: 49, resetMs: 2_000, windowMs: null },
    { of: "input_tokens", limit: 30_000, remaining: 29_000, resetMs: 1_500, windowMs: null },
    { of: "output_tokens", limit: 8_000, remaining: null, resetMs: null, windowMs: null },
    { of: "tokens", limit: 38_000, remaining: null, resetMs: null, windowMs: null },
  ]);
});

it("counts times from the vendor's clock where that is another", () => {
  const headers = {
    date: "Mon, 30 Nov 2026 11:00:00 GMT",
    "anthropic-ratelimit-requests-limit": "5",
    "anthropic-ratelimit-requests-reset": "2026-11-30T11:00:03Z",
  };
  expect(read(headers)).toMatchObject([{ resetMs: 3_000 }]);
});

it.each([
  ["6m0s", 360_000],
  ["1s", 1_000],
  ["120ms", 120],
  ["7.66s", 7_660],
  ["2m59.56s", 179_560],
  ["12", 12_000],
  ["0.25", 250],
  [String(NOW / 1000 + 9), 9_000],
  [String(NOW + 9_000), 9_000],
  ["soon", null],
])("reads OpenAI's and Groq's, and the reset %s", (reset, resetMs) => {
  const headers = {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": reset,
    "x-ratelimit-limit-tokens": "150000",
  };
  expect(read(headers)).toEqual([
    { of: "requests", limit: 60, remaining: 0, resetMs, windowMs: null },
    { of: "tokens", limit: 150_000, remaining: null, resetMs: null, windowMs: null },
  ]);
});

it("reads the windows that names tell, and takes the shortest", () => {
  const headers = {
    "x-ratelimit-limit-requests-day": "14400",
    "x-ratelimit-remaining-requests-day": "14000",
    "x-ratelimit-limit-requests-minute": "30",
    "x-ratelimit-remaining-requests-minute": "29",
    "x-ratelimit-limit-req-hour": "1000",
    "ratelimit-limit-tokens-minute": "60000",
  };
  expect(read(headers)).toEqual([
    { of: "requests", limit: 30, remaining: 29, resetMs: null, windowMs: 60_000 },
    { of: "tokens", limit: 60_000, remaining: null, resetMs: null, windowMs: 60_000 },
  ]);
});

it("reads names without a thing as requests, and ignores headers that it cannot understand", () => {
  expect(read({ "x-ratelimit-limit": "60, 60;w=60", "x-ratelimit-remaining": "59" })).toEqual([
    { of: "requests", limit: 60, remaining: 59, resetMs: null, windowMs: null },
  ]);
  const odd = {
    "x-ratelimit-limit-requests": "many",
    "x-ratelimit-limit-tokens": "0",
    "x-ratelimit-remaining": "3",
    "x-ratelimit-limit-images": "5",
    "content-type": "text/plain",
  };
  expect(read(odd)).toEqual([]);
});
