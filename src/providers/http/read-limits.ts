/** The limits of a key in the headers of an answer, as vendors write them. */
import type { Counted, StatedLimit } from "../../core/pace/stated-limit.js";
import { fromDuration } from "./retry-delay.js";

type Headers = ReadonlyMap<string, string>;
type Part = "limit" | "remaining" | "reset";

/**
 * `anthropic-ratelimit-input-tokens-limit`, `x-ratelimit-limit-requests`, `x-ratelimit-limit-tokens-minute`, `x-ratelimit-limit`,
 * `ratelimit-limit`; in each the same name with `remaining` or `reset` in the place of `limit`.
 */
const NAME =
  /^(?:anthropic-ratelimit-(?<what>requests|(?:input-|output-)?tokens)-|(?:x-)?ratelimit-)(?<part>limit|remaining|reset)(?:-(?<thing>requests?|req|tokens))?(?:-(?<window>second|minute|hour|day))?$/;
const WINDOW_MS: Readonly<Record<string, number>> = { second: 1e3, minute: 60e3, hour: 3600e3, day: 86_400e3 };
const EPOCH_SECONDS = 1e9; // a larger number is a date, and none of a delay
const EPOCH_MS = 1e12;

/** Of several windows of one thing, the one in which it is used up first counts: the shortest with a limit. */
export function readLimits(headers: Headers, now: number): readonly StatedLimit[] {
  const found = new Map<string, Partial<Record<Part, string>> & { of: Counted; windowMs: number | null }>();
  for (const [name, value] of headers) {
    const groups = name.includes("ratelimit") ? NAME.exec(name)?.groups : undefined;
    if (groups === undefined) continue;
    const of = countedBy(groups.what ?? groups.thing ?? "requests");
    const key = `${of} ${groups.window ?? ""}`;
    const windowMs = WINDOW_MS[groups.window ?? ""] ?? null;
    found.set(key, { ...found.get(key), of, windowMs, [groups.part as Part]: value });
  }
  const limits = new Map<Counted, StatedLimit>();
  for (const { of, windowMs, limit: most, remaining, reset } of found.values()) {
    const limit = numberIn(most);
    const known = limits.get(of);
    if (limit === null || limit < 1 || (known?.windowMs ?? Infinity) < (windowMs ?? Infinity)) continue;
    limits.set(of, { of, limit, remaining: numberIn(remaining), resetMs: delayIn(reset, headers, now), windowMs });
  }
  return [...limits.values()];
}

function countedBy(word: string): Counted {
  if (word.startsWith("req")) return "requests";
  return word.replace("-", "_") as Counted;
}

/** Some write the windows behind the number: `60, 60;w=60`. */
function numberIn(text: string | undefined): number | null {
  const [, digits] = /^\s*(\d+(?:\.\d+)?)\s*(?:$|[,;])/.exec(text ?? "") ?? [];
  return digits === undefined ? null : Number(digits);
}

/** A duration, a number of seconds, or a time: in seconds or milliseconds since 1970, or a date. */
function delayIn(text: string | undefined, headers: Headers, now: number): number | null {
  const written = text?.trim() ?? "";
  if (written === "") return null;
  const duration = fromDuration(written); // before dates, which JavaScript sees in many texts
  if (duration !== null) return duration;
  const number = /^\d+(\.\d+)?$/.test(written) ? Number(written) : null;
  if (number !== null && number < EPOCH_SECONDS) return Math.ceil(number * 1000);
  const at = number === null ? Date.parse(written) : number < EPOCH_MS ? number * 1000 : number;
  if (Number.isNaN(at)) return null;
  const here = Date.parse(headers.get("date") ?? ""); // the vendor's clock, in whole seconds
  const clock = Number.isNaN(here) || Math.abs(now - here) < 2_000 ? now : here;
  return Math.max(0, Math.ceil(at - clock));
}
