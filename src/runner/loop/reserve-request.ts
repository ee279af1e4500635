/** Reserves what a request to the model may use of the run's limits, in the commit that comes before the request. */
import type { Commit } from "../../core/ports/run-store.js";
import type { RequestPlan } from "../../core/run/budget.js";
import type { ToolDeclaration } from "../../core/run/message.js";
import { planRequest } from "../../core/run/request-plan.js";
import { awaitRoom, grantIn, reservationOf } from "../calls/reservation.js";
import type { StepModel } from "../request/model-in-step.js";
import type { RunContext } from "../state/turn-context.js";
import { systemPrompt } from "./system-prompt.js";

/** A request that is about to be made. */
export interface PlannedRequest
  extends Pick<RunContext, "request" | "state" | "budget" | "budgetLines" | "signal" | "stall"> {
  readonly asked: Pick<StepModel, "price" | "settings">;
  readonly tools: readonly ToolDeclaration[];
  /** Whether it asks for the agent's last reply. */
  readonly grace: boolean;
}

export type Reserved =
  /** Null for the output that the vendor allows. */
  { readonly kind: "reserved"; readonly outputTokens: number | null } | { readonly kind: "spent" | "stopped" };

/** The plan of the request. */
export function planOf({
  request,
  state,
  asked: { price, settings },
  tools,
  grace,
}: Omit<PlannedRequest, "budget" | "budgetLines" | "signal" | "stall">): RequestPlan {
  return planRequest({
    history: state.history,
    system: systemPrompt(request),
    tools,
    mostImages: request.limits.maxImages,
    price,
    maxOutputTokens: settings.maxOutputTokens,
    isLast: grace,
  });
}

/**
 * Saves what waits to be saved. Where others have reserved the rest of a limit, waits until they have used or freed it; the
 * requests of one tree wait in line, so that none takes the rest again and again while others wait.
 */
export async function* reserveRequest(planned: PlannedRequest): AsyncGenerator<Commit, Reserved> {
  const { state, budget, asked, signal, stall, budgetLines } = planned;
  if (!budget.isLimited) {
    yield state.flush();
    return { kind: "reserved", outputTokens: asked.settings.maxOutputTokens };
  }
  if (budgetLines.isBusy(budget.line)) yield state.flush(); // the last reply must not hold back others that wait for its end
  const letNext = await stall.during(budgetLines.enter(budget.line, signal)).catch(() => null);
  if (letNext === null) return { kind: "stopped" };
  try {
    return yield* reserveInTurn(planOf(planned), planned);
  } finally {
    letNext();
  }
}

async function* reserveInTurn(plan: RequestPlan, planned: PlannedRequest): AsyncGenerator<Commit, Reserved> {
  const { budget, signal, stall } = planned;
  for (;;) {
    const outputTokens = yield* reserve(plan, planned);
    if (outputTokens !== null) return { kind: "reserved", outputTokens };
    const breach = signal.aborted ? null : await stall.during(awaitRoom(plan, budget, signal));
    if (signal.aborted) return { kind: "stopped" };
    if (breach !== null) return { kind: "spent" };
  }
}

/** Saves what waits to be saved, and reserves the plan. The tokens of output that it may have; null where there is no room now. */
export async function* reserve(
  plan: RequestPlan,
  { state, budget }: Pick<PlannedRequest, "state" | "budget">,
): AsyncGenerator<Commit, number | null> {
  const reservation = await budget.reservationFor(plan);
  state.record(reservationOf(plan, { turn: state.history.turn }));
  return grantIn(yield state.flush(reservation));
}
