/** Ends after which a run can be resumed, by the code of their error. */

interface Resumable {
  /** The limit that has to be raised. */
  readonly more?: "turns" | "seconds" | "cost_usd" | "tokens";
  /** The time or the condition, behind "continues it". */
  readonly when?: string;
}

export const RESUMABLE: Readonly<Record<string, Resumable>> = {
  max_turns: { more: "turns" },
  max_cost_usd: { more: "cost_usd", when: "if the limit is its own and its cost is known" },
  max_tokens: { more: "tokens", when: "if the limit is its own" },
  timeout: { more: "seconds" },
  rate_limited: { when: "later" },
  quota_exhausted: { when: "once the quota is open again" },
  out_of_credit: { when: "once the account has credit" },
  overloaded: { when: "later" },
  server_error: { when: "later" },
  timed_out: { when: "later" },
  network: { when: "once the provider can be reached" },
};
