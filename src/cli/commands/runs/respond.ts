/** `legwork runs respond`: answers a question of a run, or writes to its agent while it works. */
import { ConfigError } from "../../../core/errors.js";
import { toRunView } from "../../../views/run-view.js";
import { defineCommand, jsonOption, text, toggle } from "../../command.js";
import { OK_EXIT } from "../../render/command-end.js";
import { nextLines, questionLines } from "../../render/next-lines.js";
import { visibleJson } from "../../render/visible.js";
import type { Installation, RunAnswers, RunRecords } from "../../services.js";
import { findRun, runArgument } from "./find-run.js";
import { textOf } from "./follow-run.js";

export const respondToRun = defineCommand({
  name: "respond",
  summary: "Answer the question of a run, or write to its agent",
  description:
    "Answers a run that waits for a person, and prints the question with it; without an answer it only prints the question. With --message it writes to the agent of a run that works; the agent reads the message before its next step.",
  examples: [
    "legwork runs respond ID --approve",
    'legwork runs respond ID --deny --comment "use the test account"',
    'legwork runs respond ID --message "Skip the old folder."',
  ],
  arguments: { id: runArgument },
  options: {
    approve: toggle("Allow the call or the step"),
    deny: toggle("Refuse the call or the step"),
    answer: text("TEXT", "Answer the question with a text"),
    // prose-check: old public name
    comment: text("TEXT", "Words for the agent beside the answer", "remark"),

    question: text("ID", "Answer only this question, such as q1"),
    message: text("TEXT", "Write to the agent while it works"),
    json: jsonOption,
  },
  async run({ id, json, approve, deny, ...texts }, services: RunRecords & Installation & RunAnswers) {
    const { store, readReply } = await services.openRuns();
    const run = await findRun(id, store, services.project);
    if (approve && deny) throw new ConfigError("--approve and --deny are opposites: use one of them");
    if (!approve && !deny && Object.values(texts).every((value) => value === null)) {
      const asked = run.question === null ? [] : nextLines(run);
      throw new ConfigError(["say --approve, --deny, --answer TEXT or --message TEXT", ...asked].join("\n"));
    }
    const { answer, comment, question, message } = texts;
    const verdict = approve || deny ? approve : null;
    await services.respond(run, { questionId: question, approve: verdict, text: answer, comment, message });
    const now = (await store.getRun(run.id)) ?? run;
    const next =
      message === null
        ? `has its answer to ${run.question?.id}, and continues as soon as a legwork process of its project has a free slot; where none is open, "legwork runs resume ${run.id}" continues it in this terminal`
        : `is ${now.status}: its agent reads the message before its next step`;
    const answered = message === null && run.question !== null ? questionLines(run.question) : [];
    if (!json) return { text: textOf([...answered, `${run.id} ${next}`]), exitCode: OK_EXIT };
    const view = await toRunView(now, { store, readReply }, Number.POSITIVE_INFINITY);
    return { text: visibleJson({ was: run.status, run: view }), exitCode: OK_EXIT };
  },
});
