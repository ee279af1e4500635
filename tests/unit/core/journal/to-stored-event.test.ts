/** Stored events: the reader gives each back, and a process of 0.1.0 can read all events without new names. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../../../src/core/journal/event.js";
import { readEvent } from "../../../../src/core/journal/read-event.js";
import { toStoredEvent } from "../../../../src/core/journal/to-stored-event.js";
import type { QuestionAbout } from "../../../../src/core/run/question.js";
import { journal } from "../../../support/journals.js";

const CALL = { turn: 1, index: 0, tool: "s__t" } as const;
const KEPT = { isError: false, text: "done", milliseconds: 1 } as const;
const ATTACHMENTS = [{ id: "a1", kind: "image", mimeType: "image/png", size: 4, blob: "b" }] as const;
const WORKFLOW_CALL = { call: 1, tool: "s__t", outputAs: null, done: 1 } as const;
const ANSWER = { approved: null, text: "so", comment: "soon", by: "somebody", channel: "command_line" } as const;
const SENT: RunEvent = { type: "message_sent", id: "msg_1", text: "hello", by: "somebody", channel: "respond_to_run" };

function asked(about: QuestionAbout): RunEvent {
  const question = { id: "q1", kind: "question", text: "Why?", options: null, about, expiresAt: 1 } as const;
  return { type: "question_asked", question };
}

const ASKS: QuestionAbout = { kind: "ask", turn: 1, index: 0 };
const IN_DOUBT: QuestionAbout = { kind: "in_doubt_call", ...CALL, arguments: {} };
const IN_DOUBT_OF_WORKFLOW: QuestionAbout = { kind: "in_doubt_workflow_call", call: 1, tool: "s__t", arguments: {} };

const OLD_FORM: readonly RunEvent[] = [
  { type: "run_created", continues: "run_1" },
  { type: "run_interrupted", reason: "gone", until: 1 },
  { type: "run_resumed", by: "request", moreTurns: 2 },
  { type: "run_resumed", by: "answer" },
  { type: "tool_call_finished", ...CALL, ...KEPT },
  { type: "workflow_call_finished", ...WORKFLOW_CALL, ...KEPT },
  asked(ASKS),
  SENT,
];

const NEW_FORM: readonly RunEvent[] = [
  { type: "run_resumed", by: "recovery" },
  { type: "tool_call_finished", ...CALL, ...KEPT, attachments: ATTACHMENTS },
  { type: "workflow_call_finished", ...WORKFLOW_CALL, ...KEPT, attachments: ATTACHMENTS },
  asked(IN_DOUBT),
  asked(IN_DOUBT_OF_WORKFLOW),
  { type: "question_answered", id: "q1", about: ASKS, ...ANSWER },
  { type: "question_answered", id: "q1", about: IN_DOUBT, ...ANSWER },
];

const NEWEST: RunEvent = { type: "workflow_call_finished", ...WORKFLOW_CALL, ...KEPT, outputAs: "v", output: "all" };

const readAgain = (event: RunEvent) => readEvent({ seq: 1, at: 5, ...toStoredEvent(event) });

describe("an event", () => {
  it.each(OLD_FORM)("has version 2 where version 3 changed none of its names: $type", (event) => {
    expect(toStoredEvent(event)).toMatchObject({ type: event.type, version: 2 });
    expect(readAgain(event)).toEqual({ seq: 1, at: 5, event });
  });

  it.each(NEW_FORM)("has version 3 where it holds a changed name: $type", (event) => {
    expect(toStoredEvent(event)).toMatchObject({ type: event.type, version: 3 });
    expect(readAgain(event)).toEqual({ seq: 1, at: 5, event });
  });

  it("has version 4 where a reader of version 3 would take a part of an answer for all of it", () => {
    expect(toStoredEvent(NEWEST)).toMatchObject({ type: NEWEST.type, version: 4 });
    expect(readAgain(NEWEST)).toEqual({ seq: 1, at: 5, event: NEWEST });
  });

  it("is stored under the old names where it goes to a run of another process", () => {
    const { channel, type, ...rest } = SENT as Extract<RunEvent, { type: "message_sent" }>;
    const stored = { ...rest, door: channel }; // prose-check: old event version
    expect(JSON.parse(toStoredEvent(SENT).data)).toEqual(stored);
  });

  it("reads as it was written, in any journal", () => {
    fc.assert(
      fc.property(journal, (events) => {
        expect(events.map((event) => readAgain(event).event)).toEqual(events);
      }),
    );
  });
});
