/** get_run: shows one run, as a summary or in full, page by page. */
import { z } from "zod";
import { RequestError } from "../../core/errors.js";
import type { StoredEvent } from "../../core/journal/event.js";
import type { RunStore } from "../../core/ports/run-store.js";
import { toFirstMessage } from "../../core/run/context.js";
import { isEnded, type Run } from "../../core/run/run.js";
import { eventAt } from "../../runner/operations/event-at.js";
import { refuseNewer } from "../../runner/request/newer-runs.js";
import { toAccess, toEventItem, toWholeEvent } from "../../views/event-views.js";
import { DROPPABLE } from "../../views/fit-run-view.js";
import { toMessageItems } from "../../views/message-views.js";
import {
  cursorNumber,
  decodeCursor,
  encodeCursor,
  fitItems,
  type Keyed,
  type ListCursor,
  listCursor,
  sizeOf,
} from "../../views/page.js";
import { toRunView } from "../../views/run-view.js";
import { fitSections } from "../../views/sections.js";
import { textPage, toTextFields } from "../../views/text-pages.js";
import { existingRun } from "../existing-run.js";
import { cursor, runId } from "../schemas.js";
import { type Answer, defineTool, type ToolContext, viewDeps } from "../tool.js";

const DEFAULT_LIMIT = 50;
const EVENTS_AT_A_TIME = 200;
const LARGE_FIELD_SIZE = 300; // bytes; smaller fields of an event stand on each of its pages

export const getRun = defineTool({
  name: "get_run",
  title: "Get a run",
  description:
    "Shows one run of a legwork agent (spawn_agent), also of an earlier session. view: summary (default); result (the whole outcome); events (all events, oldest first; with at, that one whole); messages (the conversation); access (the rule that allows or refuses each tool, and the rules of the workflow step; with at, as of that event).",
  searchHint: "legwork agent run: status, result, events, conversation, access",
  annotations: { readOnlyHint: true, openWorldHint: false },
  input: z.strictObject({
    run_id: runId,
    view: z.enum(["summary", "result", "events", "messages", "access"]).default("summary"),
    at: z.int().min(1).optional().describe("seq of an event, for view events or access."),
    cursor,
    limit: z.int().min(1).max(200).default(DEFAULT_LIMIT),
  }),
  output: z.looseObject({ run: z.looseObject({}).optional(), next_cursor: z.string().nullable().optional() }),
  async handle({ run_id, view, at, cursor: from, limit }, context) {
    const { store, host } = context;
    const run = await existingRun(run_id, store);
    if (at !== undefined && view !== "access" && view !== "events")
      throw new RequestError(
        "invalid_arguments",
        `at belongs to view "events" or "access": leave it out for view "${view}"`,
      );
    if (view === "summary") {
      decodeCursor("summary", from);
      return { next_cursor: null, run: await toRunView(run, viewDeps(context), host.maxAnswer - 100) };
    }
    if (view === "result") return await resultPage(run, from, context);
    await refuseNewer(run.id, store);
    if (view === "access") return await accessPage(run, { at, from, limit, room: host.maxAnswer }, context);
    if (at !== undefined) return await eventPage(run, at, from, context);
    const page = { from, limit, room: host.maxAnswer - 400 - sizeOf(handleOf(run)) };
    return view === "events" ? await eventsPage(run, page, context) : await messagesPage(run, page, context);
  },
});

interface Page {
  readonly from: string | undefined;
  readonly limit: number;
  /** Bytes. */
  readonly room: number;
}

async function eventsPage(run: Run, { from, limit, room }: Page, { store, readReply }: ToolContext): Promise<Answer> {
  const kind = `events ${run.id}`;
  const start = listCursor(kind, from);
  const events = await store.listEvents(run.id, { afterSeq: start.after, limit: limit + 1 });
  const items = events.map((event) => toEventItem(event, readReply));
  const { page, nextStart } = fitPage(items, start, limit, room);
  return { run: handleOf(run), next_cursor: nextStart && encodeCursor(kind, nextStart), events: page };
}

/** The cursor also holds the place in the journal where the next message begins, so that no page reads the journal from its start. */
async function messagesPage(run: Run, { from, limit, room }: Page, { store, readReply }: ToolContext): Promise<Answer> {
  const kind = `messages ${run.id}`;
  const start = listCursor(kind, from);
  const fields = decodeCursor(kind, from) ?? { afterSeq: 0, messages: 0 };
  const place = { afterSeq: cursorNumber(fields.afterSeq), messages: cursorNumber(fields.messages) };
  const events = eventsAfter(place.afterSeq, run.id, store);
  const firstMessage = run.continues === null ? toFirstMessage(run.request) : null; // its first message is an event
  const all = await toMessageItems(firstMessage, place, events, limit + 2, readReply);
  const items = all.filter(({ key }) => key > start.after);
  const { page, nextStart } = fitPage(items, start, limit, room);
  const comesNext = nextStart && items.find(({ key }) => key > nextStart.after);
  return {
    run: handleOf(run),
    next_cursor: comesNext ? encodeCursor(kind, { ...nextStart, ...comesNext.start }) : null,
    messages: page,
  };
}

/** As many items as fit, at most `limit`; `nextStart` is where the next page begins, null after the last item. */
function fitPage(items: readonly Keyed[], start: ListCursor, limit: number, room: number) {
  const shown = items.slice(0, limit);
  const { page, next } = fitItems(shown, start, room);
  const last = shown.at(-1);
  const more = items.length > limit && last ? { after: last.key, offset: 0 } : null;
  return { page, nextStart: next ?? more };
}

async function* eventsAfter(seq: number, runId: string, store: RunStore): AsyncGenerator<StoredEvent> {
  let afterSeq = seq;
  for (;;) {
    const events = await store.listEvents(runId, { afterSeq, limit: EVENTS_AT_A_TIME });
    yield* events;
    const last = events.at(-1);
    if (last === undefined || events.length < EVENTS_AT_A_TIME) return;
    afterSeq = last.seq;
  }
}

interface AccessPage extends Page {
  readonly at: number | undefined;
}

/** All pages show the access at one moment, even if the run continues between them. */
async function accessPage(run: Run, { at, from, limit, room }: AccessPage, { runner }: ToolContext): Promise<Answer> {
  const kind = `access ${run.id} ${at ?? "now"}`;
  const pinned = decodeCursor(kind, from)?.pinned;
  const access = await runner.access(run, at ?? (pinned == null ? null : cursorNumber(pinned)));
  const { head, sections } = toAccess(access);
  const handle = { ...handleOf(run), ...head };
  const { lists, next } = fitSections(sections, listCursor(kind, from), limit, room - 400 - sizeOf(handle));
  const nextStart = next && encodeCursor(kind, { ...next, pinned: access.setAt });
  return { run: handleOf(run), next_cursor: nextStart, ...head, ...lists };
}

/** The outcome: whole where it fits, else field by field, part by part. */
async function resultPage(run: Run, from: string | undefined, context: ToolContext): Promise<Answer> {
  const budget = context.host.maxAnswer;
  const kind = `result ${run.id}`;
  const offset = cursorNumber(decodeCursor(kind, from)?.offset ?? 0);
  const answer = await toRunView(run, viewDeps(context), Number.POSITIVE_INFINITY);
  if (offset === 0 && sizeOf(answer) <= budget - 100) return { next_cursor: null, run: answer };
  const texts = toTextFields(
    answer,
    DROPPABLE.filter((field) => field !== "tools"), // they have a view of their own
  );
  const { fields, next } = textPage(texts, offset, budget - 400 - sizeOf(handleOf(run)));
  return {
    next_cursor: next === null ? null : encodeCursor(kind, { offset: next }),
    run: { ...handleOf(run), ...fields },
  };
}

/** One event with all that the journal keeps of it: whole where it fits, else its large fields part by part. */
async function eventPage(run: Run, at: number, from: string | undefined, context: ToolContext): Promise<Answer> {
  const { store, readReply, host } = context;
  const kind = `event ${run.id} ${at}`;
  const offset = cursorNumber(decodeCursor(kind, from)?.offset ?? 0);
  const event = await toWholeEvent(await eventAt(run.id, at, store), readReply, store.getBlob);
  const room = host.maxAnswer - 300 - sizeOf(handleOf(run));
  if (offset === 0 && sizeOf(event) <= room) return { run: handleOf(run), next_cursor: null, events: [event] };
  const isLarge = (field: string) => sizeOf(event[field]) > LARGE_FIELD_SIZE;
  const head = Object.fromEntries(Object.entries(event).filter(([field]) => !isLarge(field)));
  const texts = toTextFields(event, Object.keys(event).filter(isLarge));
  const { fields, next } = textPage(texts, offset, room - sizeOf(head));
  const next_cursor = next === null ? null : encodeCursor(kind, { offset: next });
  return { run: handleOf(run), next_cursor, events: [{ ...head, ...fields }] };
}

function handleOf(run: Run): Answer {
  return { run_id: run.id, status: run.status, title: run.title, ended: isEnded(run.status) };
}
