/** Events as hosts and terminals read them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../../src/core/journal/event.js";
import { isRecord } from "../../../src/lib/is-record.js";
import { toEventItem } from "../../../src/views/event-views.js";
import { EVENT_TYPES, eventOf, readReply } from "../../support/journals.js";

const SNAKE_CASE = /^[a-z]+(_[a-z]+)*$/;
/** Fields whose names below them are those of users. */
const USER_DATA = ["arguments", "value", "data"];

const shown = (event: RunEvent) => toEventItem({ seq: 1, at: 0, event }, readReply).value as Record<string, unknown>;

/** The names of all fields of a value, without those inside user data. */
function namesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => [name, ...(USER_DATA.includes(name) ? [] : namesIn(item))]);
}

describe.each(EVENT_TYPES)("an event %s", (type) => {
  it("has only names in snake_case, no hash of a blob and no field that is undefined", () => {
    fc.assert(
      fc.property(eventOf(type), (event) => {
        const item = shown(event);
        expect(item).toMatchObject({ seq: 1, at: "1970-01-01T00:00:00.000Z", type });
        for (const name of namesIn(item)) expect(name).toMatch(SNAKE_CASE);
        expect(namesIn(item)).not.toContain("done");
        expect(JSON.stringify(item)).not.toMatch(/[0-9a-f]{64}/);
        expect(JSON.parse(JSON.stringify(item))).toEqual(item);
      }),
    );
  });
});

it("shows a large answer by the id that read_result takes and its size", () => {
  const blob = "a".repeat(64);
  const attachment = { id: "r2.1.1", kind: "image", mimeType: "image/png", size: 4, blob };
  const answer = { isError: false, text: "head", blob, size: 50_000, attachments: [attachment], milliseconds: 3 };
  expect(shown({ type: "tool_call_finished", turn: 2, index: 1, tool: "s__read", ...answer })).toMatchObject({
    is_error: false,
    result_id: "r2.1",
    size: 50_000,
    attachments: [{ id: "r2.1.1", kind: "image", mime_type: "image/png", size: 4 }],
  });
  const call = { type: "workflow_call_finished", call: 3, tool: "s__read", outputAs: "page", done: 1 } as const;
  expect(shown({ ...call, ...answer })).toMatchObject({ result_id: "w3", output_as: "page" });
});

it("shows times in ISO 8601 and grants by the names of their arguments", () => {
  const question = { id: "q1", kind: "question", text: "Which?", options: null, expiresAt: 60_000 } as const;
  const about = { kind: "ask", turn: 1, index: 0 } as const;
  expect(shown({ type: "question_asked", question: { ...question, about } })).toMatchObject({
    question: { about, expires_at: "1970-01-01T00:01:00.000Z" },
  });
  expect(shown({ type: "run_interrupted", reason: "gone", until: 1_000 })).toMatchObject({
    until: "1970-01-01T00:00:01.000Z",
  });
  expect(shown({ type: "run_resumed", by: "request", moreTurns: 2, moreCostUsd: 0.5 })).toEqual({
    seq: 1,
    at: "1970-01-01T00:00:00.000Z",
    type: "run_resumed",
    by: "request",
    more_turns: 2,
    more_cost_usd: 0.5,
  });
});
