/** Reads the details of Google's errors, in the forms that Google documents. */
import { fromRetryInfo } from "../http/retry-delay.js";
import { errorDetailsSchema } from "./wire.js";

export interface ErrorFacts {
  /** Such as API_KEY_INVALID or BILLING_DISABLED. */
  readonly reasons: ReadonlySet<string>;
  /** The delay of its RetryInfo. */
  readonly retryAfterMs: number | null;
  /** Whether the quota of a whole day is used up, or there is none for this model. */
  readonly isQuotaGone: boolean;
}

/** Never throws; leaves unreadable entries out. */
export function readErrorDetails(details: unknown): ErrorFacts {
  const entries = errorDetailsSchema.parse(details ?? []);
  const delays = entries.flatMap(({ retryDelay }) => fromRetryInfo(retryDelay) ?? []);
  const violations = entries.flatMap((entry) => entry.violations ?? []);
  const quotas = [
    ...violations.map(({ quotaId }) => quotaId ?? ""),
    ...entries.map(({ metadata }) => metadata?.quota_limit ?? ""),
  ];
  return {
    reasons: new Set(entries.flatMap(({ reason }) => reason ?? [])),
    retryAfterMs: delays.length === 0 ? null : Math.max(...delays),
    isQuotaGone:
      quotas.some((quota) => /per_?day/i.test(quota)) || violations.some(({ quotaValue }) => quotaValue === "0"),
  };
}
