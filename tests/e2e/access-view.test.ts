/** get_run's view "access": which rule allows or refuses each tool, at the end and at any event before it. */
import { expect, it } from "vitest";
import { playFencedRun } from "../support/fenced-run.js";
import type { TestHost } from "../support/host.js";
import { effectServer, rehearse, runScript, setBench, setHost } from "../support/rehearsals.js";

interface AccessAnswer {
  readonly as_of_event: number | null;
  readonly step: string | null;
  readonly note?: string;
  readonly rules?: readonly object[];
  readonly access?: readonly { readonly tool: string; readonly allowed: boolean; readonly rule: string }[];
  readonly next_cursor: string | null;
  readonly error: { readonly code: string; readonly message: string };
}

async function accessOf(host: TestHost, run_id: string, args: Record<string, unknown> = {}) {
  const { structured, text } = await host.call("get_run", { run_id, view: "access", limit: 200, ...args });
  expect(text.length).toBeLessThanOrEqual(10_000);
  return structured as unknown as AccessAnswer;
}

async function seqOf(host: TestHost, run_id: string, type: string, nth = 0) {
  const { structured } = await host.call("get_run", { run_id, view: "events", limit: 200 });
  const seq = structured.events.filter((event) => event.type === type)[nth]?.seq;
  if (seq === undefined) throw new Error(`there is no ${type} ${nth}`);
  return seq;
}

const allowedIn = ({ access = [] }: AccessAnswer) => access.filter(({ allowed }) => allowed).map(({ tool }) => tool);
const ruleFor = ({ access = [] }: AccessAnswer, name: string) => access.find(({ tool }) => tool === name);

it("tells the end's step, its rules in order and the rule that decides each tool", async () => {
  const { host, run_id } = await playFencedRun();
  const end = await accessOf(host, run_id);
  expect(end).toMatchObject({ step: "change", next_cursor: null });
  expect(end).not.toHaveProperty("note");
  expect(end.rules).toEqual([{ name: "short lines", action: "block", when: "args.text.size() > 5", message: null }]);
  expect(allowedIn(end)).toContain("effects__add_line");
  expect(ruleFor(end, "effects__add_line")?.rule).toBe(
    '"effects__add_line" is in tools of step "change" of workflow fence',
  );
  expect(ruleFor(end, "effects__slow")).toMatchObject({
    allowed: false,
    rule: '"effects__slow" is in blocked_tools of step "change" of workflow fence',
  });
});

it("tells of any event before it what held then", async () => {
  const { host, run_id } = await playFencedRun();
  const created = await accessOf(host, run_id, { at: 1 });
  expect(created).toMatchObject({ as_of_event: null, step: null, rules: [], access: [] });
  expect(created.note).toContain("no turn has begun");

  const first = await accessOf(host, run_id, { at: await seqOf(host, run_id, "tool_call_finished") });
  expect(first.step).toBe("look");
  expect(first.as_of_event).toBe(await seqOf(host, run_id, "tools_resolved"));
  expect(first).not.toHaveProperty("note");
  expect(first.rules).toEqual([
    { name: "not too often", action: "block", when: "step_action_count >= 5", message: "Enough\nis read." },
    { name: "gently", action: "warn", when: null, message: null },
  ]);
  expect(allowedIn(first)).toEqual(["effects__read_lines"]);
  expect(ruleFor(first, "effects__add_line")).toMatchObject({
    allowed: false,
    rule: 'no entry in tools of step "look" of workflow fence names it',
  });

  const between = await accessOf(host, run_id, { at: await seqOf(host, run_id, "step_entered", 1) });
  expect(between.step).toBe("change");
  expect(between.note).toBe('the tools were not resolved in step "change": these are those of step "look"');
  expect(allowedIn(between)).toEqual(["effects__read_lines"]);
  const after = await accessOf(host, run_id, { at: await seqOf(host, run_id, "tools_resolved", 1) });
  expect(after).not.toHaveProperty("note");
});

it("gives rules and tools page by page, none twice and all of one moment", async () => {
  const { host, run_id } = await playFencedRun();
  const at = await seqOf(host, run_id, "tool_call_finished");
  const whole = await accessOf(host, run_id, { at });
  const seen: object[] = [];
  let cursor: string | null = null;
  do {
    const page: AccessAnswer = await accessOf(host, run_id, { at, limit: 3, ...(cursor === null ? {} : { cursor }) });
    expect(page).toMatchObject({ step: "look", as_of_event: whole.as_of_event });
    seen.push(...(page.rules ?? []), ...(page.access ?? []));
    cursor = page.next_cursor;
  } while (cursor !== null);
  expect(seen).toEqual([...(whole.rules ?? []), ...(whole.access ?? [])]);
  expect(seen.length).toBeGreaterThan(6);

  const { next_cursor } = await accessOf(host, run_id, { at, limit: 1 });
  expect((await accessOf(host, run_id, { cursor: next_cursor })).error.code).toBe("invalid_cursor");
});

it("has neither step nor rules without a workflow", async () => {
  const bench = setBench();
  bench.configure(`mcpServers: { effects: ${effectServer()} }`);
  rehearse(bench, "play", [{ text: "done" }]);
  const host = await setHost(bench);
  const { run_id } = await runScript(host, "play");
  const access = await accessOf(host, run_id);
  expect(access).toMatchObject({ step: null, rules: [] });
  expect(ruleFor(access, "effects__add_line")).toMatchObject({ allowed: false });
});

it("refuses an event that is not there, and at for another view", async () => {
  const { host, run_id } = await playFencedRun();
  const beyond = await accessOf(host, run_id, { at: 9_999 });
  expect(beyond.error).toEqual({
    code: "unknown_event",
    message: `at: ${run_id} has no event 9999 so far: its events say their numbers`,
  });
  const other = await accessOf(host, run_id, { view: "events", at: 1 });
  expect(other.error.message).toContain('at belongs to view "access"');
  expect((await accessOf(host, run_id, { at: 0 })).error.message).toMatch(/^at has to be/);
});
