/** The delays in Google's errors. */
import { expect, it } from "vitest";
import { fromRetryAfter, fromRetryInfo } from "../../../../src/providers/http/retry-delay.js";

it.each([
  ["1s", 1_000],
  ["0.5s", 500],
  ["482.9ms", 483],
  [" 23s ", 23_000],
  ["1m30s", 90_000],
  ["1h2m3.5s", 3_723_500],
  ["0s", 0],
  [".5s", 500],
  [{ seconds: 1, nanos: 500_000_000 }, 1_500],
  [{ seconds: "3" }, 3_000],
  [{ nanos: 1 }, 1],
  ["-1s", null],
  ["1", null],
  ["1s later", null],
  ["", null],
  [{ seconds: "many" }, null],
  [5, null],
  [undefined, null],
])("RetryInfo %j is %j ms", (delay, milliseconds) => {
  expect(fromRetryInfo(delay)).toBe(milliseconds);
});

const NOW = Date.parse("2026-11-30T10:00:00Z");

it.each([
  ["120", undefined, 120_000],
  ["0", undefined, 0],
  ["1.5", undefined, 1_500],
  ["Mon, 30 Nov 2026 10:00:30 GMT", undefined, 30_000],
  ["Mon, 30 Nov 2026 10:00:30 GMT", "Mon, 30 Nov 2026 10:00:10 GMT", 20_000], // by the server's own clock
  ["Mon, 30 Nov 2026 09:00:00 GMT", undefined, 0],
  ["-5", undefined, null],
  ["soon", undefined, null],
  [undefined, undefined, null],
])("Retry-After %j with the date %j is %j ms", (header, date, milliseconds) => {
  expect(fromRetryAfter(header, date, NOW)).toBe(milliseconds);
});
