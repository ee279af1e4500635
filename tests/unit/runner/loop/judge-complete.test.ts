/** Whether an agent's `complete` is accepted, and what outcome it makes. */
import { describe, expect, it } from "vitest";
import { graceOutcome, judgeComplete } from "../../../../src/runner/loop/judge-complete.js";
import { builtJsonSchemas } from "../../../support/json-schemas.js";
import { mentions } from "../../../support/mentions.js";

const schemas = builtJsonSchemas();
const PERSON = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };
const BREACH = { code: "max_turns", message: "3 turns are used up" };

describe("complete", () => {
  it("makes an outcome of all arguments", async () => {
    const args = {
      result: "done",
      status: "partial",
      data: { n: 1 },
      artifacts: ["a.txt"],
      files_modified: ["b.txt"],
      next_steps: ["rest"],
    };
    expect(await judgeComplete(args, null, schemas)).toEqual({
      kind: "accepted",
      outcome: {
        status: "partial",
        result: "done",
        data: { n: 1 },
        artifacts: ["a.txt"],
        filesModified: ["b.txt"],
        nextSteps: ["rest"],
      },
    });
  });

  it("is a success by default, and has no field without an argument", async () => {
    const verdict = await judgeComplete({ result: "done" }, null, schemas);
    expect(verdict).toEqual({ kind: "accepted", outcome: { status: "success", result: "done" } });
  });

  it.each([
    [{}, ["result"]],
    [{ result: 5 }, ["result"]],
    [{ result: "x", status: "done" }, ["status", "success"]],
    [{ result: "x", artifacts: "a.txt" }, ["artifacts"]],
    [{ result: "x", artifacts: [1] }, ["artifacts.0"]],
    [{ result: "x", sucess: true }, ["sucess"]],
    ["done", ["arguments"]],
    [null, ["arguments"]],
  ])("is refused with the reason: %j", async (args, words) => {
    const verdict = await judgeComplete(args, null, schemas);
    expect(verdict).toEqual({ kind: "refused", reason: expect.stringMatching(mentions(...words)) });
  });

  it.each([
    ["success", { name: "Ada" }, null],
    ["success", { name: 5 }, ["output schema", "data", "name must be string"]],
    ["success", undefined, ["output schema", "data"]],
    ["success", null, ["output schema", "data", "must be object"]],
    ["partial", undefined, null],
    ["blocked", undefined, null],
    ["blocked", { nam: "Ada" }, ["output schema", "data", "must have required property 'name'"]],
  ])("as %s with data %j under an output schema: %j", async (status, data, words) => {
    const args = { result: "x", status, ...(data === undefined ? {} : { data }) };
    const verdict = await judgeComplete(args, PERSON, schemas);
    if (words === null) expect(verdict).toMatchObject({ kind: "accepted", outcome: { status } });
    else expect(verdict).toEqual({ kind: "refused", reason: expect.stringMatching(mentions(...words)) });
  });
});

describe("complete in the grace turn", () => {
  it("is always partial and names the limit, beside any claim of the agent", async () => {
    for (const status of ["success", "partial", "blocked"]) {
      const outcome = await graceOutcome({ result: "half", status }, null, schemas, BREACH);
      expect(outcome).toEqual({ status: "partial", result: "half", error: BREACH });
    }
  });

  it("keeps its arguments and records the breach of the output schema", async () => {
    const outcome = await graceOutcome({ result: "half", data: { name: 5 } }, PERSON, schemas, BREACH);
    expect(outcome).toEqual({
      status: "partial",
      result: "half",
      data: { name: 5 },
      error: {
        code: "max_turns",
        message: expect.stringMatching(mentions(BREACH.message, "output schema", "data", "name must be string")),
      },
    });
  });

  it.each([{}, { result: 7 }, { result: "half", oops: 1 }, null, "half"])("is never refused: %j", async (args) => {
    const outcome = await graceOutcome(args, PERSON, schemas, BREACH);
    expect(outcome).toMatchObject({ status: "partial", error: { code: "max_turns" } });
    expect(outcome.error?.message).toContain(BREACH.message);
  });

  it("keeps the result also where another argument was wrong", async () => {
    const outcome = await graceOutcome({ result: "half", artifacts: "a.txt" }, null, schemas, BREACH);
    expect(outcome.result).toBe("half");
  });
});
