/** The person of the campaign: answers every question, through any server that is up. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DatabaseObserver, SeenQuestion } from "../core/ports/database-observer.js";
import type { Chance } from "./chance.js";
import type { Fleet } from "./fleet.js";

interface Parts {
  readonly observer: DatabaseObserver;
  readonly fleet: Fleet;
  readonly chance: Chance;
}

const LOOK_EVERY_MS = 40;

/** Answers until it is stopped; `stop` resolves when the answer in progress is over. */
export function answerQuestions(parts: Parts): { stop(): Promise<void> } {
  const { observer } = parts;
  let stopped = false;

  async function answerUntilStopped(): Promise<void> {
    while (!stopped) {
      for (const question of observer.questions()) await answer(question, parts);
      await sleep(LOOK_EVERY_MS);
    }
  }

  const done = answerUntilStopped();
  return {
    async stop() {
      stopped = true;
      await done;
    },
  };
}

/** A server that is killed meanwhile may have saved the answer or not: the next look tells. */
async function answer({ runId, id, kind }: SeenQuestion, { fleet, chance }: Parts): Promise<void> {
  const reply = kind === "approval" ? { approve: true } : { answer: "Yes." };
  const server = chance.oneOf(fleet.atWork());
  await server?.call("respond_to_run", { run_id: runId, question_id: id, ...reply }).catch(() => null);
}
