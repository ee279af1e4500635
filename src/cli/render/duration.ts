/** Durations on the command line. */
import { ConfigError } from "../../core/errors.js";

const HOUR_MS = 3600_000;
const UNITS: Readonly<Record<string, number>> = { h: HOUR_MS, d: 24 * HOUR_MS, w: 7 * 24 * HOUR_MS };

/** Milliseconds. Throws ConfigError for what is no such duration. */
export function parseDuration(option: string, text: string): number {
  const [, count, unit = ""] = /^([1-9]\d{0,4})([hdw])$/.exec(text) ?? [];
  const milliseconds = UNITS[unit];
  if (milliseconds !== undefined) return Number(count) * milliseconds;
  throw new ConfigError(`--${option} is "${text}": use a whole number of hours, days or weeks, such as 12h, 30d or 8w`);
}
