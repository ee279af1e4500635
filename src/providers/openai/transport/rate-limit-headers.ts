/** The delay that the rate-limit headers of OpenAI and its likes ask for, in milliseconds. */
import { fromDuration } from "../../http/retry-delay.js";

const RESET = "x-ratelimit-reset";

/**
 * Where a limit has nothing left, the time until the last such limit is whole again; where none says so, the shortest time that
 * is given. Null without any.
 */
export function fromRateLimitHeaders(headers: ReadonlyMap<string, string>, now: number): number | null {
  const limits = [...headers].flatMap(([name, value]) => {
    if (!name.startsWith(RESET)) return [];
    const delay = fromReset(value.trim(), now);
    const left = headers.get(name.replace(RESET, "x-ratelimit-remaining"))?.trim();
    return delay === null ? [] : [{ delay, isEmpty: left === "0" }];
  });
  const empty = limits.filter(({ isEmpty }) => isEmpty);
  if (empty.length > 0) return Math.max(...empty.map(({ delay }) => delay));
  return limits.length === 0 ? null : Math.min(...limits.map(({ delay }) => delay));
}

/** "6s", "1m30s", seconds, or a moment in seconds or milliseconds. */
function fromReset(value: string, now: number): number | null {
  if (!/^\d+(\.\d+)?$/.test(value)) return fromDuration(value);
  const number = Number(value);
  if (number > 1e12) return Math.max(0, Math.ceil(number - now));
  if (number > 1e9) return Math.max(0, Math.ceil(number * 1000 - now));
  return Math.ceil(number * 1000);
}
