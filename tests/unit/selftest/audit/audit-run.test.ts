/** The audit of the crash campaign passes a sound run and finds each loss that a crash may cause. */
import { describe, expect, it } from "vitest";
import type { RawEvent } from "../../../../src/core/ports/database-observer.js";
import type { Outcome, RunStatus } from "../../../../src/core/run/run.js";
import { auditRun, marksOf } from "../../../../src/selftest/audit/audit-run.js";
import { callsOf, resultOf, SCENARIOS, type Scenario } from "../../../../src/selftest/scenarios.js";
import { mentions } from "../../../support/mentions.js";

const [SCENARIO] = SCENARIOS.filter(({ name }) => name === "loose") as [Scenario];
const RUN = "loose-7";
const SUCCESS: Outcome = { status: "success", result: resultOf(RUN) };

type Draft = { type: string; [key: string]: unknown };

/** The events of a run without kills: a reply a turn, each of its calls started and answered. */
function soundEvents(): Draft[] {
  return SCENARIO.replies(RUN).flatMap(({ text = "", calls = [] }, reply) => {
    const turn = reply + 1;
    const content = { text, calls };
    return [
      { type: "turn_started", turn },
      { type: "model_replied", turn, raw: { content } },
      ...calls.flatMap((_call, index) => [
        { type: "tool_call_started", turn, index },
        { type: "tool_call_finished", turn, index, isError: false },
      ]),
    ];
  });
}

function soundCounts(): Map<string, number> {
  return new Map(callsOf(SCENARIO, RUN).map(({ key }) => [key, 1]));
}

function stored(drafts: readonly Draft[]): readonly RawEvent[] {
  return drafts.map(({ type, ...data }, index) => ({ seq: index + 1, type, data: JSON.stringify(data) }));
}

function audit(
  drafts: readonly Draft[],
  counts: ReadonlyMap<string, number> = soundCounts(),
  [status, outcome]: readonly [RunStatus, Outcome | null] = ["success", SUCCESS],
  reservedTokens = 0,
) {
  const onDisk = { scenario: SCENARIO, run: RUN, status, outcome, events: stored(drafts), reservedTokens };
  return auditRun(onDisk, counts, marksOf(stored(soundEvents())));
}

/** The place of an event of a call. */
function placeOf(drafts: readonly Draft[], type: string, turn: number, index: number): number {
  const found = drafts.findIndex((draft) => draft.type === type && draft.turn === turn && draft.index === index);
  expect(found).toBeGreaterThan(-1);
  return found;
}

describe("auditRun", () => {
  it("finds a reservation that a run holds after its end", () => {
    const held = audit(soundEvents(), soundCounts(), ["success", SUCCESS], 500);
    expect(held.lost).toEqual([expect.stringContaining("500 tokens")]);
    expect(audit(soundEvents(), soundCounts(), ["running", null], 500).lost).toEqual([]);
  });

  it("finds nothing in a run without kills", () => {
    expect(audit(soundEvents())).toEqual({
      name: RUN,
      repeated: [],
      lost: [],
      isStuck: false,
      isExhausted: false,
      givenUpWrongly: [],
      callsGivenUp: 0,
      recoveries: 0,
      inDoubt: 0,
      inDoubtMade: 0,
      repeatedSafely: 0,
    });
  });

  it("finds a repeated effect, even where the journal records one call", () => {
    const counts = soundCounts().set(`${RUN}.2.0`, 2);
    expect(audit(soundEvents(), counts).repeated).toEqual([expect.stringMatching(mentions(`${RUN}.2.0`, "2"))]);
  });

  it("counts a read-only call that was repeated after a crash as safely repeated", () => {
    const drafts = soundEvents();
    const begun = placeOf(drafts, "tool_call_started", 1, 2);
    drafts.splice(begun + 1, 0, { type: "run_resumed" }, { type: "tool_call_started", turn: 1, index: 2 });
    const { repeatedSafely, repeated, lost, recoveries } = audit(drafts, soundCounts().set(`${RUN}.1.2`, 2));
    expect({ repeatedSafely, repeated, lost, recoveries }).toEqual({
      repeatedSafely: 1,
      repeated: [],
      lost: [],
      recoveries: 1,
    });
  });

  it("finds a call that was made again after its end", () => {
    const drafts = soundEvents();
    const finished = placeOf(drafts, "tool_call_finished", 4, 0);
    const again = drafts.slice(finished - 1, finished + 1);
    drafts.splice(finished + 1, 0, ...again);
    expect(audit(drafts, soundCounts().set(`${RUN}.4.0`, 2)).lost).toEqual([
      expect.stringMatching(mentions(RUN, "4.0", "again")),
    ]);
  });

  it("finds a call that was made more often than it was recorded as started", () => {
    expect(audit(soundEvents(), soundCounts().set(`${RUN}.1.0`, 2)).lost).toEqual([
      expect.stringMatching(mentions(RUN, "1.0", "2", "1")),
    ]);
  });

  it("finds an answer to a call that was never made", () => {
    expect(audit(soundEvents(), soundCounts().set(`${RUN}.5.1`, 0)).lost).toEqual([
      expect.stringMatching(mentions(RUN, "5.1", "never")),
    ]);
  });

  it("finds a call without an answer in a run that ended", () => {
    const drafts = soundEvents();
    drafts.splice(placeOf(drafts, "tool_call_finished", 5, 1), 1);
    expect(audit(drafts).lost).toEqual([expect.stringMatching(mentions(RUN, "5.1", "answer"))]);
  });

  it("finds calls that failed or were refused where those of the undisturbed run were answered", () => {
    const drafts = soundEvents();
    const [failed, refused] = [
      placeOf(drafts, "tool_call_finished", 2, 0),
      placeOf(drafts, "tool_call_finished", 3, 1),
    ];
    drafts[failed] = { type: "tool_call_finished", turn: 2, index: 0, isError: true, code: "timeout" };
    drafts[refused] = { type: "tool_call_refused", turn: 3, index: 1 };
    expect(audit(drafts).lost).toEqual([
      expect.stringMatching(mentions(RUN, "2.0", "failed")),
      expect.stringMatching(mentions(RUN, "3.1", "refused")),
    ]);
  });

  it.each([
    ["outcome_unknown", 1, 1],
    ["outcome_unknown", 0, 0],
    ["connection_closed", 1, 1],
    ["connection_closed", 0, 0],
  ])("counts a call in doubt (%s) that was made %s times", (code, made, inDoubtMade) => {
    const drafts = soundEvents();
    const finished = placeOf(drafts, "tool_call_finished", 2, 0);
    drafts[finished] = { type: "tool_call_finished", turn: 2, index: 0, isError: true, code };
    const found = audit(drafts, soundCounts().set(`${RUN}.2.0`, made));
    expect(found).toMatchObject({ inDoubt: 1, inDoubtMade, repeated: [], lost: [] });
  });

  it("finds a reply that was on disk and was requested again", () => {
    const drafts = soundEvents();
    const replied = drafts.findIndex(({ type, turn }) => type === "model_replied" && turn === 4);
    drafts.splice(replied, 0, drafts[replied] as Draft);
    expect(audit(drafts).lost).toContainEqual(expect.stringMatching(mentions(RUN, "4", "again")));
  });

  it("finds that a request to the model lacked a part of the conversation", () => {
    const drafts = soundEvents();
    const replied = drafts.findIndex(({ type, turn }) => type === "model_replied" && turn === 4);
    drafts[replied] = {
      ...drafts[replied - 4],
      type: "model_replied",
      turn: 4,
      raw: { content: { text: "", calls: [] } },
    };
    expect(audit(drafts).lost).toEqual([expect.stringMatching(mentions(RUN, "4", "script"))]);
  });

  it("finds an end that is not the undisturbed one", () => {
    const broken: Outcome = { status: "error", result: null, error: { code: "internal", message: "internal error" } };
    expect(audit(soundEvents(), soundCounts(), ["error", broken]).lost).toEqual([
      expect.stringMatching(mentions(RUN, "error", "null", "internal: internal error")),
    ]);
    const short: Outcome = { status: "success", result: "something else" };
    expect(audit(soundEvents(), soundCounts(), ["success", short]).lost).toHaveLength(1);
  });

  it("tells a stuck run from one that used up its attempts", () => {
    const half = soundEvents().slice(0, placeOf(soundEvents(), "tool_call_finished", 2, 0) + 1);
    const counts = new Map([...soundCounts()].filter(([key]) => /\.[12]\.\d$/.test(key)));
    expect(audit(half, counts, ["interrupted", null])).toMatchObject({ isStuck: true, isExhausted: false });
    const error = { code: "recovery_exhausted", message: "too often" };
    const exhausted = audit(half, counts, ["error", { status: "error", result: null, error }]);
    expect(exhausted).toMatchObject({ isStuck: false, isExhausted: true, lost: [] });
  });
});
