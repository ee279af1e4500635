/** `legwork runs resume`: continues a run in this terminal, until it ends or a signal interrupts it. */
import { ConfigError } from "../../../core/errors.js";
import { MOST } from "../../../core/run/limits.js";
import { visible } from "../../../core/visible.js";
import { amount, defineCommand, jsonOption, text, wholeNumber } from "../../command.js";
import { SIGNAL_EXIT, TROUBLE_EXIT } from "../../render/command-end.js";
import { nextLines } from "../../render/next-lines.js";
import type { Installation, RunWork, Terminal } from "../../services.js";
import { findRun, runArgument } from "./find-run.js";
import { endOfRun, followRun, textOf } from "./follow-run.js";

export const resumeRun = defineCommand({
  name: "resume",
  summary: "Continue a run in this terminal",
  description:
    "Continues a run that was interrupted or ran out of a limit, and prints its events until it ends. Of a run that is done it starts a new one with the same history. A signal interrupts the run; it can be resumed again.",
  examples: ["legwork runs resume ID", 'legwork runs resume ID --message "Try the other folder." --more-turns 10'],
  arguments: { id: runArgument },
  options: {
    message: text("TEXT", "A message that the agent reads first"),
    moreTurns: wholeNumber("N", "Turns to add to its limit", MOST.maxTurns),
    moreSeconds: wholeNumber("N", "Seconds to add to its limit", MOST.seconds),
    moreCostUsd: amount("N", "USD to add to its limit", MOST.usd),
    moreTokens: wholeNumber("N", "Tokens to add to its limit", MOST.tokens),
    json: jsonOption,
  },
  async run(
    { id, message, moreTurns, moreSeconds, moreCostUsd, moreTokens, json },
    services: RunWork & Installation & Terminal,
  ) {
    const { store, readReply, runner, caller } = await services.openRunner();
    const run = await findRun(id, store, services.project);
    if (run.status === "pending" || run.status === "running")
      throw new ConfigError(`${run.id} is ${run.status} in another process: legwork runs watch ${run.id} shows it`);
    const seen = (await store.listEvents(run.id, { afterSeq: 0 })).at(-1)?.seq ?? 0;
    const args = {
      message: message ?? undefined,
      more_turns: moreTurns ?? undefined,
      more_seconds: moreSeconds ?? undefined,
      more_cost_usd: moreCostUsd ?? undefined,
      more_tokens: moreTokens ?? undefined,
    };
    const { run: resumed, notices } = await runner.resume(run, args, caller);
    if (!json) for (const notice of notices) services.write(`${visible(notice)}\n`);
    const following = {
      afterSeq: resumed.id === run.id ? seen : 0,
      signal: caller.signal,
      untilAsked: true,
    };
    const ended = await followRun(resumed.id, following, { json, store, readReply, terminal: services });
    if (ended.status === "waiting") {
      const next = `${ended.id} waits for an answer: an open legwork of this project resumes it then\n`;
      return { text: json ? "" : `${textOf(nextLines(ended))}${next}`, exitCode: TROUBLE_EXIT };
    }
    if (!caller.signal.aborted) return endOfRun(ended, json);
    const next = `${ended.id} is ${ended.status}: "legwork runs resume ${ended.id}" resumes it, and so does an open legwork of this project by itself; "legwork runs cancel ${ended.id}" ends it\n`;
    return { text: json ? "" : next, exitCode: SIGNAL_EXIT };
  },
});
