/** The share of a request in the limits of its run: the event that asks for it, and the wait while others hold the rest. */
import type { RunEvent, StoredEvent } from "../../core/journal/event.js";
import { amountOf, type RequestPlan } from "../../core/run/budget.js";
import type { Breach, Budget } from "../state/budget.js";
import { pause } from "./judge-failure.js";

const LOOK_EVERY_MS = 250; // for the end of another run's request

type BudgetReserved = Extract<RunEvent, { type: "budget_reserved" }>;

/** The event of a plan that is granted whole. */
export function reservationOf(plan: RequestPlan, place: Pick<BudgetReserved, "turn" | "server">): BudgetReserved {
  const { outputTokens } = plan;
  return { type: "budget_reserved", ...place, outputTokens, ...amountOf(plan, outputTokens) };
}

/** The tokens of output that a commit was granted; null where there was no room. */
export function grantIn(saved: readonly StoredEvent[]): number | null {
  const granted = saved.find(({ event }) => event.type === "budget_reserved")?.event;
  return granted?.type === "budget_reserved" ? granted.outputTokens : null;
}

/** Waits until others have used or freed what they had reserved: null then, and as soon as the signal aborts; else the limit that will not pay. */
export async function awaitRoom(plan: RequestPlan, budget: Budget, signal: AbortSignal): Promise<Breach | null> {
  do {
    const breach = await budget.breach(() => plan);
    if (breach !== null) return breach;
    await pause(LOOK_EVERY_MS, signal);
  } while (!signal.aborted && !(await budget.hasRoom(plan)));
  return null;
}
