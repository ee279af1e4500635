/** A failed request to the model: its event, and whether it is made again. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ProviderError } from "../../core/errors.js";
import type { RunEvent } from "../../core/journal/event.js";
import { nextTry, type Tries } from "../../core/run/retry-policy.js";
import type { RunFailure } from "../../core/run/run.js";
import { cutTo } from "../../lib/text.js";
import type { RunContext } from "../state/turn-context.js";

const LONGEST_MESSAGE = 1_000; // characters of a vendor's message; its beginning matters most

export interface FailedRequest {
  readonly event: Extract<RunEvent, { type: "request_failed" }>;
  /** Null where the request is not made again. */
  readonly waitMs: number | null;
  /** The failure where it is not. */
  readonly failure: RunFailure;
}

interface Options extends Partial<Pick<Tries, "hasNext" | "hasBegun">> {
  /** The server that asked, where it was not the agent. */
  readonly server?: string;
}

/** Without options the request is the agent's, no other model is asked otherwise, and no piece of a reply had come. */
export function judgeFailure(
  error: ProviderError,
  tries: Pick<Tries, "made" | "waitedMs">,
  { state, secondsLeft }: Pick<RunContext, "state" | "secondsLeft">,
  { server, hasNext = false, hasBegun = false }: Options = {},
): FailedRequest {
  const { code, status } = error;
  const all = { ...tries, hasNext, hasBegun, millisecondsLeft: secondsLeft() * 1000 };
  const next = nextTry(error, all, Math.random());
  const reason = shown(error.message);
  const { turn } = state.history;
  const by = server === undefined ? {} : { server };
  const why = next.waitMs === null && next.why !== null ? `; ${next.why}` : "";
  return {
    event: { type: "request_failed", turn, ...by, tries: tries.made, code, status, reason, waitMs: next.waitMs },
    waitMs: next.waitMs,
    failure: { code, message: reason + why },
  };
}

/** The head of a vendor's message. */
export function shown(message: string): string {
  return cutTo(message, LONGEST_MESSAGE);
}

/** Waits before the next try; returns at once when the signal aborts. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {});
}
