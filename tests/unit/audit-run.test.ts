/** The judge of the crash campaign: it acquits a sound run and finds each thing that a crash may cost. */
import { describe, expect, it } from "vitest";
import type { RawEvent } from "../../src/core/ports/database-observer.js";
import type { Outcome, RunStatus } from "../../src/core/run/run.js";
import { auditRun, marksOf } from "../../src/selftest/audit-run.js";
import { callsOf, PLAYS, type Play, resultOf } from "../../src/selftest/scenarios.js";
import { mentions } from "../support/mentions.js";

const [PLAY] = PLAYS.filter(({ name }) => name === "loose") as [Play];
const RUN = "loose-7";
const SUCCESS: Outcome = { status: "success", result: resultOf(RUN) };

type Draft = { type: string; [key: string]: unknown };

/** What a run writes that nobody disturbs: a reply a turn, and each of its calls begun and answered. */
function soundEvents(): Draft[] {
  return PLAY.replies(RUN).flatMap(({ text = "", calls = [] }, reply) => {
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
  return new Map(callsOf(PLAY, RUN).map(({ key }) => [key, 1]));
}

function stored(drafts: readonly Draft[]): readonly RawEvent[] {
  return drafts.map(({ type, ...data }, index) => ({ seq: index + 1, type, data: JSON.stringify(data) }));
}

function audit(
  drafts: readonly Draft[],
  counts: ReadonlyMap<string, number> = soundCounts(),
  [status, outcome]: readonly [RunStatus, Outcome | null] = ["success", SUCCESS],
) {
  const onDisk = { play: PLAY, run: RUN, status, outcome, events: stored(drafts) };
  return auditRun(onDisk, counts, marksOf(stored(soundEvents())));
}

/** The place of an event of a call. */
function placeOf(drafts: readonly Draft[], type: string, turn: number, index: number): number {
  const found = drafts.findIndex((draft) => draft.type === type && draft.turn === turn && draft.index === index);
  expect(found).toBeGreaterThan(-1);
  return found;
}

describe("auditRun", () => {
  it("finds nothing in a run that nobody disturbed", () => {
    expect(audit(soundEvents())).toEqual({
      name: RUN,
      repeated: [],
      lost: [],
      isStuck: false,
      isExhausted: false,
      takeovers: 0,
      unknown: 0,
      unknownMade: 0,
      repeatedSafely: 0,
    });
  });

  it("finds an effect that was made twice, even where the journal knows of one call", () => {
    const counts = soundCounts().set(`${RUN}.2.0`, 2);
    expect(audit(soundEvents(), counts).repeated).toEqual([expect.stringMatching(mentions(`${RUN}.2.0`, "2"))]);
  });

  it("counts a call that only reads and was made again after a crash as safely repeated", () => {
    const drafts = soundEvents();
    const begun = placeOf(drafts, "tool_call_started", 1, 2);
    drafts.splice(begun + 1, 0, { type: "run_resumed" }, { type: "tool_call_started", turn: 1, index: 2 });
    const { repeatedSafely, repeated, lost, takeovers } = audit(drafts, soundCounts().set(`${RUN}.1.2`, 2));
    expect({ repeatedSafely, repeated, lost, takeovers }).toEqual({
      repeatedSafely: 1,
      repeated: [],
      lost: [],
      takeovers: 1,
    });
  });

  it("finds a call that was over and made again", () => {
    const drafts = soundEvents();
    const finished = placeOf(drafts, "tool_call_finished", 4, 0);
    const again = drafts.slice(finished - 1, finished + 1);
    drafts.splice(finished + 1, 0, ...again);
    expect(audit(drafts, soundCounts().set(`${RUN}.4.0`, 2)).lost).toEqual([
      expect.stringMatching(mentions(RUN, "4.0", "again")),
    ]);
  });

  it("finds a call that was made more often than it was recorded as begun", () => {
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

  it("finds calls that failed or were refused where the undisturbed run's were answered", () => {
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
    [1, 1],
    [0, 0],
  ])("counts an unknown outcome of a call that was made %s times", (made, unknownMade) => {
    const drafts = soundEvents();
    const finished = placeOf(drafts, "tool_call_finished", 2, 0);
    drafts[finished] = { type: "tool_call_finished", turn: 2, index: 0, isError: true, code: "outcome_unknown" };
    const found = audit(drafts, soundCounts().set(`${RUN}.2.0`, made));
    expect(found).toMatchObject({ unknown: 1, unknownMade, repeated: [], lost: [] });
  });

  it("finds a reply that was on disk and asked for again", () => {
    const drafts = soundEvents();
    const replied = drafts.findIndex(({ type, turn }) => type === "model_replied" && turn === 4);
    drafts.splice(replied, 0, drafts[replied] as Draft);
    expect(audit(drafts).lost).toContainEqual(expect.stringMatching(mentions(RUN, "4", "again")));
  });

  it("finds that the model was asked without something that was said before", () => {
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
    const given = audit(half, counts, ["error", { status: "error", result: null, error }]);
    expect(given).toMatchObject({ isStuck: false, isExhausted: true, lost: [] });
  });
});
