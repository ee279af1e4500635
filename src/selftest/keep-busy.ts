/** Keeps eight runs at work as long as the campaign lasts, through whichever server is up. */
import type { DatabaseObserver } from "../core/ports/database-observer.js";
import type { Crew } from "./fleet.js";
import { RUNS_AT_ONCE, type Stage } from "./sandbox.js";
import { PLAYS, type Play, runName } from "./scenarios.js";
import type { Chance } from "./seeded.js";

/** A run that was asked for. */
export interface AskedRun {
  readonly play: Play;
  readonly name: string;
}

export interface Employer {
  /** All runs asked for so far. */
  readonly asked: readonly AskedRun[];
  /** Throws what kept it from going on, if anything did. */
  check(): void;
  /** Asks for no more. Resolves when nothing is being asked. */
  stop(): Promise<void>;
}

interface Parts {
  readonly stage: Stage;
  readonly crew: Crew;
  readonly observer: DatabaseObserver;
  readonly chance: Chance;
}

const LOOK_EVERY_MS = 20;

export function keepBusy(parts: Parts): Employer {
  const asked: AskedRun[] = [];
  let stopped = false;
  let fault: unknown = null;

  async function employ(): Promise<void> {
    for (let number = 1; !stopped; number++) {
      while (!stopped && parts.observer.held().length >= RUNS_AT_ONCE) await pause();
      if (stopped) return;
      const play = PLAYS[number % PLAYS.length] as Play;
      const run = { play, name: runName(play, number) };
      asked.push(run);
      await askFor(run, parts);
    }
  }

  const done = employ().catch((error: unknown) => {
    fault = error;
  });
  return {
    asked,
    check() {
      if (fault !== null) throw new Error("no more runs could be started", { cause: fault });
    },
    async stop() {
      stopped = true;
      await done;
    },
  };
}

/** Asks until some server has answered: the key makes one run of it however often a server dies over the question. */
export async function askFor({ play, name }: AskedRun, { stage, crew, chance }: Parts): Promise<void> {
  stage.rehearse(name, play.replies(name));
  const request = {
    prompt: "Play your part.",
    title: name,
    provider: "rehearsal",
    model: name,
    tools: ["*"],
    idempotency_key: name,
    ...(play.workflow === null
      ? {}
      : { workflow: play.workflow, variables: play.ownCalls.length > 0 ? { work: name } : {} }),
  };
  for (;;) {
    const server = chance.oneOf(crew.atWork());
    const answer = server === undefined ? null : await server.call("spawn_agent", request).catch(() => null);
    if (answer === null) {
      await pause(); // killed over the question, or none is up
      continue;
    }
    if (answer.isError) throw new Error(`spawn_agent failed: ${JSON.stringify(answer.structured)}`);
    return;
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}
