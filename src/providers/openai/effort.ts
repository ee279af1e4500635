/** How hard a model thinks, in the words that it takes. */
import { EFFORTS, type Effort } from "../../core/run/model-settings.js";

/** The effort that is asked for, at most `most`. */
export function effortWithin(effort: Effort, most: Effort): Effort {
  return EFFORTS[Math.min(EFFORTS.indexOf(effort), EFFORTS.indexOf(most))] ?? effort;
}

/** The highest effort below the refused one that the host's words name; null where they name none. */
export function nextEffort(refused: unknown, words: string): Effort | null {
  const lower = EFFORTS.slice(0, Math.max(0, (EFFORTS as readonly unknown[]).indexOf(refused)));
  return lower.findLast((effort) => new RegExp(`\\b${effort}\\b`, "i").test(words)) ?? null;
}
