/** How a model is to work, beside its task. */

/** How hard a model thinks, from least to most. */
export const EFFORTS = ["low", "medium", "high", "xhigh", "max"] as const;
export type Effort = (typeof EFFORTS)[number];

/** How the model is to work; null leaves it to the vendor. */
export interface ModelSettings {
  readonly effort: Effort | null;
  readonly temperature: number | null;
  /** The most tokens of a reply, those of its thinking included. */
  readonly maxOutputTokens: number | null;
}

export const NO_MODEL_SETTINGS: ModelSettings = { effort: null, temperature: null, maxOutputTokens: null };
