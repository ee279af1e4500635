/** What a person has said of a call, whatever the rule says by which it was asked. */
import { expect, it } from "vitest";
import { createHistory, recordEvent } from "../../../../src/core/run/history.js";
import type { Answer } from "../../../../src/core/run/question.js";
import { permission } from "../../../../src/runner/calls/permission.js";
import { readReply } from "../../../support/journals.js";
import { mentions } from "../../../support/mentions.js";

const ABOUT = { kind: "call", turn: 1, index: 0, tool: "files__write", arguments: { path: "a" } } as const;
const GIVEN = { denial: null, draft: null };

function after(answer: Partial<Answer> | null) {
  const history = createHistory("go");
  const given: Answer = {
    approved: null,
    text: null,
    comment: null,
    by: "a test",
    channel: "respond_to_run",
    ...answer,
  };
  if (answer !== null) recordEvent(history, { type: "question_answered", id: "q1", about: ABOUT, ...given }, readReply);
  return history;
}

it("asks where a rule demands it, and only there", () => {
  expect(permission('rule "first"', ABOUT, after(null))).toMatchObject({ denial: null, draft: { about: ABOUT } });
  expect(permission(null, ABOUT, after(null))).toEqual(GIVEN);
});

it("names, before long arguments, their length, the length shown and the tool that shows all of them", () => {
  const content = `${"x".repeat(40_000)} rm -rf`;
  const { draft } = permission('rule "first"', { ...ABOUT, arguments: { content } }, after(null));
  expect(draft?.text).toMatch(/\bfiles__write\b.*\b40021\b.*\b3000\b.*\bget_run\b.*\{"content":"xxx/);
  expect(draft?.text).not.toContain("rm -rf");
});

it("lets a call pass that was approved", () => {
  expect(permission('rule "first"', ABOUT, after({ approved: true }))).toEqual(GIVEN);
});

it("refuses a call that was denied, also where no rule asks for it any more", () => {
  const denied = after({ approved: false, comment: "not that one" });
  expect(permission(null, ABOUT, denied)).toEqual({
    denial: expect.stringMatching(mentions("files__write", "denied", "not that one")),
    draft: null,
  });
});

it("knows an answer only for the very call that it was about", () => {
  const approved = after({ approved: true });
  expect(permission('rule "first"', { ...ABOUT, index: 1 }, approved)).toMatchObject({ draft: { options: null } });
  expect(permission('rule "first"', { ...ABOUT, turn: 2 }, approved)).toMatchObject({ draft: { options: null } });
});
