/** What a person has said of a call, whatever the rule says by which it was asked. */
import { expect, it } from "vitest";
import { createHistory } from "../../src/core/run/history.js";
import { type Answer, aboutKey } from "../../src/core/run/question.js";
import { permission } from "../../src/runner/calls/permission.js";

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
  if (answer !== null) history.given.set(aboutKey(ABOUT), given);
  return history;
}

it("asks by the rule, and nothing where there is none", () => {
  expect(permission('rule "first"', ABOUT, after(null))).toMatchObject({ denial: null, draft: { about: ABOUT } });
  expect(permission(null, ABOUT, after(null))).toEqual(GIVEN);
});

it("says before long arguments how much of them is left out, and where all of it is", () => {
  const content = `${"x".repeat(40_000)} rm -rf`;
  const { draft } = permission('rule "first"', { ...ABOUT, arguments: { content } }, after(null));
  expect(draft?.text).toMatch(
    /^May files__write be called with arguments of 40021 characters, of which only the first 3000 stand here \(get_run .*\): \{"content":"xxx/,
  );
  expect(draft?.text).not.toContain("rm -rf");
});

it("lets a call pass that was approved", () => {
  expect(permission('rule "first"', ABOUT, after({ approved: true }))).toEqual(GIVEN);
});

it("refuses a call that was denied, also where no rule asks for it any more", () => {
  const denied = after({ approved: false, comment: "not that one" });
  expect(permission(null, ABOUT, denied)).toEqual({
    denial: "files__write is not allowed: a person denied it: not that one",
    draft: null,
  });
});

it("knows an answer only for the very call that it was about", () => {
  const approved = after({ approved: true });
  expect(permission('rule "first"', { ...ABOUT, index: 1 }, approved)).toMatchObject({ draft: { options: null } });
  expect(permission('rule "first"', { ...ABOUT, turn: 2 }, approved)).toMatchObject({ draft: { options: null } });
});
