/** The attendant: looks after the runs of other processes, in a process that works on none. */
import type { Log } from "../core/ports/clock-and-log.js";
import type { RunStore } from "../core/ports/run-store.js";
import type { Run } from "../core/run/run.js";
import { type Author, type ReplyOrMessage, type RespondDeps, respond } from "./live/answer-run.js";
import { createEventBus } from "./live/event-bus.js";
import { startHeartbeat } from "./live/heartbeat.js";

export interface AttendantDeps extends Omit<RespondDeps, "bus"> {
  readonly store: RespondDeps["store"] & Pick<RunStore, "interruptAbandoned">;
  readonly log: Log;
}

export interface Attendant {
  /** Answers a question of a run, or sends its agent a message. Throws RequestError. */
  respond(run: Run, reply: ReplyOrMessage, author: Author): Promise<void>;
  /** Marks runs as interrupted whose process is gone: now, and every few seconds until the returned function is called. */
  watch(): Promise<() => void>;
}

export function createAttendant(deps: AttendantDeps): Attendant {
  const { store, log } = deps;
  const bus = createEventBus(log);
  return {
    respond: (run, reply, author) => respond(run, reply, author, { ...deps, bus }),
    async watch() {
      await store.interruptAbandoned();
      return startHeartbeat(async (wokeLate) => void (wokeLate || (await store.interruptAbandoned())), log);
    },
  };
}
