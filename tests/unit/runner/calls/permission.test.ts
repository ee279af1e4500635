/** The permission for one call, by its rule and the answer of a person. */
import { expect, it } from "vitest";
import { recordEvent } from "../../../../src/core/journal/history.js";
import { createHistory } from "../../../../src/core/journal/history-state.js";
import type { Answer } from "../../../../src/core/run/question.js";
import { permission } from "../../../../src/runner/calls/permission.js";
import { readReply } from "../../../support/journals.js";
import { mentions } from "../../../support/mentions.js";

const ABOUT = { kind: "call", turn: 1, index: 0, tool: "files__write", arguments: { path: "a" } } as const;
const GRANTED = { kind: "granted" };

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
  expect(permission('rule "first"', ABOUT, after(null))).toMatchObject({ kind: "asks", draft: { about: ABOUT } });
  expect(permission(null, ABOUT, after(null))).toEqual(GRANTED);
});

it("names, before long arguments, their length, the length shown and the tool that shows all of them", () => {
  const content = `${"x".repeat(40_000)} rm -rf`;
  const asked = permission('rule "first"', { ...ABOUT, arguments: { content } }, after(null));
  const text = asked.kind === "asks" ? asked.draft.text : "";
  expect(text).toMatch(/\bfiles__write\b.*\b40021\b.*\b3000\b.*\bget_run\b.*\{"content":"xxx/);
  expect(text).not.toContain("rm -rf");
});

it("lets a call pass that was approved", () => {
  expect(permission('rule "first"', ABOUT, after({ approved: true }))).toEqual(GRANTED);
});

it("refuses a call that was denied, also where no rule asks for it any more", () => {
  const denied = after({ approved: false, comment: "not that one" });
  expect(permission(null, ABOUT, denied)).toEqual({
    kind: "denied",
    reason: expect.stringMatching(mentions("files__write", "denied", "not that one")),
  });
});

it("knows an answer only for the very call that it was about", () => {
  const approved = after({ approved: true });
  expect(permission('rule "first"', { ...ABOUT, index: 1 }, approved)).toMatchObject({ kind: "asks" });
  expect(permission('rule "first"', { ...ABOUT, turn: 2 }, approved)).toMatchObject({ kind: "asks" });
});
