/** `legwork runs show`: a run with its events, or with the access of its agent to tools. */
import { newerVersion } from "../../../core/errors.js";
import { isEnded, type Run } from "../../../core/run/run.js";
import { accessAt } from "../../../runner/operations/access-at.js";
import { eventAt } from "../../../runner/operations/event-at.js";
import { refuseNewer } from "../../../runner/request/newer-runs.js";
import { toAccess, toEventItem, toWholeEvent } from "../../../views/event-views.js";
import { costOfFamily, toListed, toRunView } from "../../../views/run-view.js";
import { defineCommand, jsonOption, toggle, wholeNumber } from "../../command.js";
import { OK_EXIT, TROUBLE_EXIT } from "../../render/command-end.js";
import { nextLines } from "../../render/next-lines.js";
import { accessText, runText, wholeEventText } from "../../render/show-runs.js";
import { visibleJson } from "../../render/visible.js";
import type { Installation, OpenRuns, RunRecords, Terminal } from "../../services.js";
import { findRun, runArgument } from "./find-run.js";
import { textOf } from "./follow-run.js";
import { asObserved } from "./observe-runs.js";

export const showRun = defineCommand({
  name: "show",
  summary: "Show a run with its events",
  description:
    "Shows a run, its result and its events, one a line. With --at it shows one event whole, with --access the rule that allows or refuses each tool. The exit code is 1 for a run that ended without success.",
  examples: [
    "legwork runs show ID",
    "legwork runs show last",
    "legwork runs show ID --at 12",
    "legwork runs show ID --access --at 12",
  ],
  arguments: { id: runArgument },
  options: {
    access: toggle("Show which rule allows or refuses each tool"),
    at: wholeNumber("SEQ", "Show this event whole; with --access: the access right after it", Number.MAX_SAFE_INTEGER),
    json: jsonOption,
  },
  async run({ id, access, at, json }, services: RunRecords & Installation & Terminal) {
    const runs = await services.openRuns();
    const found = await findRun(id, runs.store, services.project);
    const run = asObserved(found, await runs.store.listAbandoned());
    const text = access
      ? await accessOutput(run, at, json, runs)
      : at === null
        ? await runOutput(run, json, runs, services.width)
        : await eventOutput(run, at, json, runs);
    return { text, exitCode: isEnded(run.status) && run.status !== "success" ? TROUBLE_EXIT : OK_EXIT };
  },
});

async function runOutput(run: Run, json: boolean, { store, readReply }: OpenRuns, width: number): Promise<string> {
  const isNewer = await store.hasNewerEvents(run.id);
  const events = isNewer ? [] : await store.listEvents(run.id, { afterSeq: 0 });
  if (!json) {
    const next = isNewer ? [`its events cannot be shown: ${newerVersion(run.id).message}`] : nextLines(run);
    return `${runText(run, await costOfFamily(run, store), events, readReply, width)}${textOf(next)}`;
  }
  return visibleJson({
    project: run.project,
    run: await toRunView(run, { store, readReply }, Number.POSITIVE_INFINITY),
    events: events.map((event) => toEventItem(event, readReply).value),
  });
}

async function eventOutput(run: Run, at: number, json: boolean, { store, readReply }: OpenRuns): Promise<string> {
  await refuseNewer(run.id, store);
  const event = await toWholeEvent(await eventAt(run.id, at, store), readReply, store.getBlob);
  return json ? visibleJson(event) : wholeEventText(event);
}

async function accessOutput(run: Run, at: number | null, json: boolean, { store }: OpenRuns): Promise<string> {
  await refuseNewer(run.id, store);
  const access = await accessAt(run, at, store);
  if (!json) return accessText(run, access);
  const { head, sections } = toAccess(access);
  return visibleJson({ run: toListed(run, {}), ...head, ...sections });
}
