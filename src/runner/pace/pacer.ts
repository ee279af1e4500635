/** Lets requests through at the pace of their key, those of this process in the order in which they came. */
import { ProviderError } from "../../core/errors.js";
import { corrected, type Spent } from "../../core/pace/allowance.js";
import { withOneMore } from "../../core/pace/measured-pace.js";
import {
  type Cost,
  type Heard,
  learn,
  letThrough,
  type Pace,
  paceAt,
  type Sent,
  slotAt,
  slotBehind,
  withRequests,
} from "../../core/pace/pace.js";
import type { StatedLimit } from "../../core/pace/stated-limit.js";
import type { Clock } from "../../core/ports/clock-and-log.js";
import type { PaceStore } from "../../core/ports/pace-store.js";

/** How a request ended. */
export interface End extends Pick<Heard, "usage" | "refused"> {
  readonly isAnswered: boolean;
}

/** The permission to send one request. */
export interface Pass {
  /** Its answer states limits. Never throws. */
  hear(limits: readonly StatedLimit[]): void;
  /** It is over. Never throws. */
  leave(end: End): void;
}

export interface Entry {
  readonly signal: AbortSignal;
  /** The longest wait that is of use. */
  readonly withinMs: number;
  /** Asked only where the vendor limits tokens. */
  cost(): Cost;
}

export interface Pacer {
  /**
   * A pass at once where nothing has to be waited for, else a promise. It rejects with the reason as soon as the signal
   * aborts, with ProviderError where the wait would be too long, and with StoreError.
   */
  enter(account: string, entry: Entry): Pass | Promise<Pass>;
}

interface Waiter extends Entry {
  /** The end of its patience. */
  readonly until: number;
  resolve(pass: Pass): void;
  reject(error: unknown): void;
}

const ONE_REQUEST: Cost = { requests: 1, tokens: 0, input_tokens: 0, output_tokens: 0 };
const UNTRIED = 8; // requests at once on a key of which nothing is known
const UNTRIED_MS = 500; // without an answer, after which one more goes
const LOOK_MS = 250; // another process may have learned something
const SHORT_WINDOW_MS = 30_000; // longer than most answers take

const USED_UP = "the requests and tokens that this API key may use are used up for now, by this run or by others";

export function createPacer(deps: PacerDeps): Pacer {
  const lanes = new Map<string, ReturnType<typeof createLane>>();
  return {
    enter(account, entry) {
      const lane = lanes.get(account) ?? createLane(account, deps);
      lanes.set(account, lane);
      return lane(entry);
    },
  };
}

interface PacerDeps {
  readonly store: PaceStore;
  readonly clock: Clock;
}

/** The requests of one account. */
function createLane(account: string, { store, clock }: PacerDeps): (entry: Entry) => Pass | Promise<Pass> {
  const waiters: Waiter[] = [];
  /** Requests that no pace has counted yet. */
  let uncounted: readonly Spent[] = [];
  let inFlight = 0;
  /** When the last one began. */
  let lastAt = 0;
  /** Since the last refusal. */
  let answered = 0;
  let isLetting = false;
  let wake = () => {};

  const known = (now: number) => paceAt(store.load(account), now);

  /** As with a connection of TCP: so that a crowd does not find a limit out, at most doubled while answers come. */
  const isUntried = () => inFlight >= Math.max(UNTRIED, answered);

  function uncountedPass(now: number): Pass {
    uncounted = withOneMore(uncounted, now);
    return passFor({ at: now, cost: ONE_REQUEST }, false);
  }

  function passFor(sent: Sent, isPaced: boolean): Pass {
    inFlight += 1;
    lastAt = sent.at;
    return {
      hear: (limits) => takeIn({ limits, usage: null, refused: null }, sent),
      leave({ isAnswered, usage, refused }) {
        inFlight -= 1;
        answered = refused === null ? answered + Number(isAnswered) : 0;
        if (refused !== null || (isPaced && usage !== null)) takeIn({ limits: [], usage, refused }, sent);
        wake();
      },
    };
  }

  function takeIn(heard: Heard, sent: Sent): void {
    const act = (stored: Pace | null): { readonly pace: Pace | null } => {
      const now = clock.now();
      const pace = counted(stored, now);
      if (pace !== null) return { pace: learn(pace, heard, sent, now) };
      const learned = learn(null, heard, sent, now);
      const others = heard.refused === null ? uncounted : corrected(uncounted, -1, sent.at);
      return { pace: learned && withRequests(learned, others, now) };
    };
    if (!tellsNew(act)) return;
    store.change(account, act).then(
      ({ pace }) => {
        if (pace !== null) uncounted = [];
        wake();
      },
      () => {}, // the next write of the run reports the fault of the store
    );
  }

  /** Whether it is worth a write. */
  function tellsNew(act: (stored: Pace | null) => { readonly pace: Pace | null }): boolean {
    try {
      const stored = store.load(account);
      return act(stored).pace !== stored;
    } catch {
      return false; // likewise
    }
  }

  function counted(stored: Pace | null, now: number): Pace | null {
    const pace = paceAt(stored, now);
    return pace && withRequests(pace, uncounted, now);
  }

  async function letAll(): Promise<void> {
    if (isLetting) return;
    isLetting = true;
    try {
      for (let first = waiters[0]; first !== undefined; first = waiters[0]) {
        const waitMs = await letGo(first);
        if (waitMs > 0) await nap(waitMs);
      }
    } catch (error) {
      for (const { reject } of waiters.splice(0)) reject(error);
    } finally {
      isLetting = false;
    }
  }

  /** Lets the first one go, or returns how long to wait before the next look. */
  async function letGo(first: Waiter): Promise<number> {
    const now = clock.now();
    const pace = known(now);
    if (pace === null) {
      const waitMs = isUntried() ? lastAt + UNTRIED_MS - now : 0;
      if (waitMs <= 0) pass(first, uncountedPass(now));
      return Math.max(0, waitMs);
    }
    const cost = costFor(first, pace);
    const slot = slotAt(pace, cost, now);
    if (slot > now) giveUp(pace, now);
    const tries = isUnclear(pace) && isUntried() && now < lastAt + UNTRIED_MS;
    if (slot > now || tries || inFlight >= mostInFlight(pace)) return Math.min(LOOK_MS, Math.max(1, slot - now));
    const { sent } = await store.change(account, (stored) => take(stored, cost));
    uncounted = [];
    if (sent !== null) pass(first, passFor(sent, true));
    return 0;
  }

  function take(stored: Pace | null, cost: Cost): { readonly pace: Pace | null; readonly sent: Sent | null } {
    const now = clock.now();
    const pace = counted(stored, now);
    if (pace === null) return { pace: stored, sent: { at: now, cost } };
    if (slotAt(pace, cost, now) > now) return { pace, sent: null };
    return { pace: letThrough(pace, cost, now), sent: { at: now, cost } };
  }

  /** A request whose run has gone meanwhile leaves its pass to nobody: it counts as sent. */
  function pass(waiter: Waiter, permission: Pass): void {
    const index = waiters.indexOf(waiter);
    if (index >= 0) {
      waiters.splice(index, 1);
      waiter.resolve(permission);
    } else permission.leave({ isAnswered: false, usage: null, refused: null });
  }

  /** Ends the waits that would outlast their runs. */
  function giveUp(pace: Pace, now: number): void {
    let others = 0;
    for (const waiter of [...waiters]) {
      const slot = slotBehind(pace, costFor(waiter, pace), others, now);
      if (slot <= waiter.until) others += 1;
      else {
        waiters.splice(others, 1);
        waiter.reject(new ProviderError("rate_limited", USED_UP, { retryAfterMs: Math.ceil(slot - now) }));
      }
    }
  }

  function nap(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.ceil(milliseconds));
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  return (entry) => {
    const now = clock.now();
    if (waiters.length === 0 && !isUntried() && known(now) === null) return uncountedPass(now);
    return new Promise<Pass>((resolve, reject) => {
      const { signal } = entry;
      signal.throwIfAborted();
      const onAbort = () => {
        const index = waiters.indexOf(waiter);
        if (index >= 0) waiters.splice(index, 1);
        reject(signal.reason);
        wake();
      };
      const waiter: Waiter = {
        ...entry,
        until: now + entry.withinMs,
        resolve(permission) {
          signal.removeEventListener("abort", onAbort);
          resolve(permission);
        },
        reject(error) {
          signal.removeEventListener("abort", onAbort);
          reject(error);
        },
      };
      signal.addEventListener("abort", onAbort, { once: true });
      waiters.push(waiter);
      void letAll();
    });
  };
}

function costFor(entry: Entry, { stated }: Pace): Cost {
  return stated.tokens || stated.input_tokens || stated.output_tokens ? entry.cost() : ONE_REQUEST;
}

/** A single request was refused: the next answers tell whether that is a limit. */
function isUnclear({ stated, measured }: Pace): boolean {
  return measured?.spacingMs === 0 && stated.requests === undefined;
}

/** Where a window may be shorter than an answer takes, its length shows only in the answers. */
function mostInFlight({ stated: { requests } }: Pace): number {
  return requests !== undefined && requests.windowMs < SHORT_WINDOW_MS ? requests.limit : Number.POSITIVE_INFINITY;
}
