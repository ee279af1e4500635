/** Keeps some runs at work for as long as the campaign lasts, through any server that is up. */
import type { DatabaseObserver } from "../core/ports/database-observer.js";
import { isRecord } from "../lib/is-record.js";
import type { Chance } from "./chance.js";
import type { Fleet } from "./fleet.js";
import { RUNS_AT_ONCE, type Sandbox } from "./sandbox.js";
import { CHILD, runName, SCENARIOS, type Scenario } from "./scenarios.js";

/** A run that the campaign has asked for. */
export interface StartedRun {
  readonly scenario: Scenario;
  readonly name: string;
}

export interface RunStarter {
  /** All runs so far. */
  readonly started: readonly StartedRun[];
  /** Throws the error that stopped it, if there was one. */
  check(): void;
  /** Starts no more. Resolves when the start in progress is over. */
  stop(): Promise<void>;
}

interface Parts {
  readonly sandbox: Sandbox;
  readonly fleet: Fleet;
  readonly observer: DatabaseObserver;
  readonly chance: Chance;
}

const LOOK_EVERY_MS = 20;

export function startRuns(parts: Parts): RunStarter {
  const started: StartedRun[] = [];
  let stopped = false;
  let fault: unknown = null;

  async function startUntilStopped(): Promise<void> {
    for (let number = 1; !stopped; number++) {
      while (!stopped && parts.observer.unfinished().length >= RUNS_AT_ONCE) await pause();
      if (stopped) return;
      const scenario = SCENARIOS[number % SCENARIOS.length] as Scenario;
      const run = { scenario, name: runName(scenario, number) };
      started.push(run);
      await startRun(run, parts);
    }
  }

  const done = startUntilStopped().catch((error: unknown) => {
    fault = error;
  });
  return {
    started,
    check() {
      if (fault !== null) throw new Error("no more runs could be started", { cause: fault });
    },
    async stop() {
      stopped = true;
      await done;
    },
  };
}

/** Calls spawn_agent until a server answers. The idempotency key makes one run of it, however many servers are killed meanwhile. */
export async function startRun({ scenario, name }: StartedRun, { sandbox, fleet, chance }: Parts): Promise<void> {
  sandbox.rehearse(name, scenario.replies(name));
  for (const child of scenario.children?.(name) ?? []) sandbox.rehearse(child, CHILD.replies(child));
  const request = {
    prompt: "Scenario your part.",
    title: name,
    provider: "rehearsal",
    model: name,
    tools: ["*"],
    timeout_seconds: 3_600, // the time of a stopped process counts
    idempotency_key: name,
    ...(scenario.workflow === null
      ? {}
      : { workflow: scenario.workflow, variables: scenario.ownCalls.length > 0 ? { work: name } : {} }),
  };
  for (;;) {
    const server = chance.oneOf(fleet.atWork());
    const answer = server === undefined ? null : await server.call("spawn_agent", request).catch(() => null);
    if (answer === null || errorOf(answer.structured) === "shutting_down") {
      await pause(); // the server was killed or ended before it answered, or none is up
      continue;
    }
    if (answer.isError) throw new Error(`spawn_agent failed: ${JSON.stringify(answer.structured)}`);
    return;
  }
}

function errorOf(answer: unknown): unknown {
  return isRecord(answer) && isRecord(answer.error) ? answer.error.code : null;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}
