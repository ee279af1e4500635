/** The calls of a run that may have changed something, each with what it was about. */

import { TOO_LARGE } from "../core/journal/event.js";
import type { ReadReply } from "../core/journal/history-state.js";
import type { EffectfulCall, RunStore } from "../core/ports/run-store.js";
import { isRecord } from "../lib/is-record.js";
import { cutToFit } from "./page.js";

export interface EffectDeps {
  readonly store: Pick<RunStore, "lastEvents">;
  readonly readReply: ReadReply;
}

const LONGEST_ABOUT = 120; // bytes

/** In the order of the calls. The arguments of an agent's call are in the reply before it. */
export async function toEffects(
  runId: string,
  calls: readonly EffectfulCall[],
  { store, readReply }: EffectDeps,
): Promise<readonly object[]> {
  const replies = new Map<number, readonly object[]>();
  async function argumentsOf(call: EffectfulCall): Promise<unknown> {
    const { turn, index, startedSeq } = call;
    if (turn === null) return call.arguments;
    if (!replies.has(turn)) {
      const [before] = await store.lastEvents(runId, { type: "model_replied", beforeSeq: startedSeq, limit: 1 });
      const made = before?.event.type === "model_replied" ? readReply(before.event.raw).calls : [];
      replies.set(
        turn,
        made.map(({ arguments: args }) => args),
      );
    }
    return replies.get(turn)?.[index ?? 0];
  }
  const effects: object[] = [];
  for (const call of calls) effects.push(toEffect(call, aboutOf(await argumentsOf(call))));
  return effects;
}

function toEffect({ tool, turn, answer }: EffectfulCall, about: string): object {
  return {
    tool,
    ...(turn === null ? { by: "workflow" } : { turn }),
    ...(about === "" ? {} : { about }),
    outcome: answer === null ? "unknown" : outcomeOf(answer),
  };
}

/** Names of arguments that say what a call works on. */
const TELLING =
  /(^|_)(path|paths|file|files|filename|dir|directory|folder|source|destination|command|cmd|script|args|url|uri)$/i;

/** The paths, commands and addresses among the arguments, else the first text. */
function aboutOf(args: unknown): string {
  if (!isRecord(args)) return "";
  const texts = Object.entries(args).flatMap(([name, value]) =>
    textOf(value) === "" ? [] : [{ name, text: textOf(value) }],
  );
  const telling = texts.filter(({ name }) => TELLING.test(name.replace(/([a-z])([A-Z])/g, "$1_$2")));
  const shown = telling.length > 0 ? telling : texts.slice(0, 1);
  return cutToFit(shown.map(({ text }) => text).join(" "), LONGEST_ABOUT);
}

function textOf(value: unknown): string {
  return [value]
    .flat()
    .filter((part) => typeof part === "string")
    .join(" ")
    .trim();
}

/** Known only where the server answered, or where the call was not made; a call that broke off may have had its effect. */
function outcomeOf({ isError, code }: NonNullable<EffectfulCall["answer"]>): string {
  if (code === "not_called" || code === "session_lost") return "not made";
  if (code !== null && code !== "call_failed" && code !== TOO_LARGE) return "unknown";
  return isError ? "made, with an error" : "done"; // a command that exits with 1 has run all the same
}
