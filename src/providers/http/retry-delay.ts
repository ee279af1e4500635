/** The delays that vendors ask for before a request is made again, in milliseconds; null where they ask for none. */

const UNIT_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};
const PART = /(\d+(?:\.\d+)?|\.\d+)(h|ms|us|µs|ns|m|s)/gy;

/** Google's `RetryInfo.retryDelay`: "1s", "0.5s", "482.9ms", "1m30s", or seconds and nanoseconds apart. */
export function fromRetryInfo(delay: unknown): number | null {
  if (typeof delay === "string") return fromDuration(delay.trim());
  if (typeof delay !== "object" || delay === null) return null;
  const { seconds = 0, nanos = 0 } = delay as { readonly seconds?: unknown; readonly nanos?: unknown };
  return wholeMs(Number(seconds) * 1000 + Number(nanos) / 1e6);
}

/** A duration in Go's form, as Google and OpenAI write it. */
export function fromDuration(text: string): number | null {
  const parts = [...text.matchAll(PART)];
  const isWhole = parts.length > 0 && parts.map(([part]) => part).join("") === text;
  return isWhole
    ? wholeMs(parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (UNIT_MS[unit] ?? 0), 0))
    : null;
}

/** The header Retry-After, in seconds or as a date; a date counts from `date`, the server's own clock, where it is given. */
export function fromRetryAfter(header: string | undefined, date: string | undefined, now: number): number | null {
  const text = header?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) return wholeMs(Number(text) * 1000);
  const at = Date.parse(text);
  if (!/[a-z]/i.test(text) || Number.isNaN(at)) return null;
  const sentAt = Date.parse(date ?? "");
  return wholeMs(Math.max(0, at - (Number.isNaN(sentAt) ? now : sentAt)));
}

/** The longest delay among the headers of a refusal: `retry-after-ms` is exact, `retry-after` whole seconds. */
export function fromRetryHeaders(headers: ReadonlyMap<string, string>, now: number): number | null {
  const exact = headers.get("retry-after-ms")?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(exact)) return wholeMs(Number(exact));
  return fromRetryAfter(headers.get("retry-after"), headers.get("date"), now);
}

function wholeMs(milliseconds: number): number | null {
  return Number.isFinite(milliseconds) && milliseconds >= 0 ? Math.ceil(milliseconds) : null;
}
