/** Whether an agent's `complete` is accepted, and what outcome it makes. */
import { describe, expect, it } from "vitest";
import { createJsonSchemas } from "../../src/json-schema/json-schema.js";
import { graceOutcome, judgeComplete } from "../../src/runner/loop/judge-complete.js";

const schemas = createJsonSchemas();
const PERSON = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };
const BREACH = { code: "max_turns", message: "the run used its 3 turns (max_turns) before it was done" };

describe("complete", () => {
  it("makes an outcome of all it is given", async () => {
    const args = {
      result: "done",
      status: "partial",
      data: { n: 1 },
      artifacts: ["a.txt"],
      files_modified: ["b.txt"],
      next_steps: ["rest"],
    };
    expect(await judgeComplete(args, null, schemas)).toEqual({
      accepted: true,
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

  it("is a success where it says nothing else, and holds nothing that was not given", async () => {
    const verdict = await judgeComplete({ result: "done" }, null, schemas);
    expect(verdict).toEqual({ accepted: true, outcome: { status: "success", result: "done" } });
  });

  it.each([
    [{}, /^result: /],
    [{ result: 5 }, /^result: /],
    [{ result: "x", status: "done" }, /^status: .*"success"/],
    [{ result: "x", artifacts: "a.txt" }, /^artifacts: /],
    [{ result: "x", artifacts: [1] }, /^artifacts\.0: /],
    [{ result: "x", sucess: true }, /sucess/],
    ["done", /^the arguments: /],
    [null, /^the arguments: /],
  ])("is refused with the reason: %j", async (args, says) => {
    const verdict = await judgeComplete(args, null, schemas);
    expect(verdict).toEqual({ accepted: false, reason: expect.stringMatching(says) });
  });

  it.each([
    ["success", { name: "Ada" }, null],
    ["success", { name: 5 }, "the output schema is not satisfied: data: name must be string"],
    ["success", undefined, "the output schema is not satisfied: data is missing"],
    ["success", null, "the output schema is not satisfied: data: must be object"],
    ["partial", undefined, null],
    ["blocked", undefined, null],
    ["blocked", { nam: "Ada" }, "the output schema is not satisfied: data: must have required property 'name'"],
  ])("as %s with data %j under an output schema: %j", async (status, data, reason) => {
    const args = { result: "x", status, ...(data === undefined ? {} : { data }) };
    const verdict = await judgeComplete(args, PERSON, schemas);
    if (reason === null) expect(verdict).toMatchObject({ accepted: true, outcome: { status } });
    else expect(verdict).toEqual({ accepted: false, reason });
  });
});

describe("complete in the grace turn", () => {
  it("is always partial and names the limit, whatever it claims", async () => {
    for (const status of ["success", "partial", "blocked"]) {
      const outcome = await graceOutcome({ result: "half", status }, null, schemas, BREACH);
      expect(outcome).toEqual({ status: "partial", result: "half", error: BREACH });
    }
  });

  it("keeps what it was given and records what is unmet", async () => {
    const outcome = await graceOutcome({ result: "half", data: { name: 5 } }, PERSON, schemas, BREACH);
    expect(outcome).toEqual({
      status: "partial",
      result: "half",
      data: { name: 5 },
      error: {
        code: "max_turns",
        message: `${BREACH.message}; the output schema is not satisfied: data: name must be string`,
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
