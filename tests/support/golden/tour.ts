/** The tour: calls of every MCP tool, one after the other, on one server. */
import { expect } from "vitest";
import { type Structured, type TestHost, until } from "../host.js";

const CALL_TIMEOUT_MS = 60_000;

/** Keeps what a call got under a name. */
export type Keep = (name: string, value: object) => void;

/** The runs that the commands look at afterwards. */
export interface Tour {
  readonly led: string;
  readonly failed: string;
  readonly limited: string;
  readonly asking: string;
  readonly interrupted: string;
}

interface Guide {
  /** Makes a call and keeps its answer. */
  call(name: string, tool: string, args?: Record<string, unknown>): Promise<Structured>;
  /** Spawns on a script, waits for the end and keeps the answer. */
  play(name: string, model: string, args?: Record<string, unknown>): Promise<Structured>;
  /** Spawns on a script without keeping the answer, and waits until its first turn has begun. */
  begin(model: string, args?: Record<string, unknown>): Promise<string>;
  /** Waits, without keeping the answers, until a run has ended or asks. */
  settle(runId: string): Promise<void>;
}

export async function takeTour(host: TestHost, keep: Keep): Promise<Tour> {
  const guide = guideFor(host, keep);
  await spawnings(guide);
  const led = await workflows(guide);
  const ends = await endings(guide);
  const asking = await questions(guide);
  await nesting(guide);
  await hands(guide);
  await views(guide, led);
  await lists(guide, led);
  const interrupted = await guide.begin("slow", { title: "left behind" });
  return { led, ...ends, asking, interrupted };
}

const SETTLED = ["run_id", "was", "title", "session_id", "agent", "workflow", "provider", "model", "note", "tools"];

/** A run that has its answer may be taken up before the server looks at it: everything else depends on who is faster. */
function settledPart(answer: Structured): Structured {
  return Object.fromEntries(Object.entries(answer).filter(([name]) => SETTLED.includes(name))) as Structured;
}

/** Only a server's own words are kept: its text and its structure have to say the same. */
function guideFor(host: TestHost, keep: Keep): Guide {
  let count = 0;

  async function plain(tool: string, args: Record<string, unknown>): Promise<{ isError: boolean; answer: Structured }> {
    const { isError, structured, text } = await host.call(tool, args, { timeout: CALL_TIMEOUT_MS });
    expect(JSON.parse(text)).toEqual(structured);
    return { isError, answer: structured };
  }

  async function call(name: string, tool: string, args: Record<string, unknown> = {}): Promise<Structured> {
    const { isError, answer } = await plain(tool, args);
    count += 1;
    const kept = tool === "respond_to_run" && !isError ? settledPart(answer) : answer;
    keep(`${String(count).padStart(2, "0")}-${name}`, { tool, arguments: args, is_error: isError, answer: kept });
    return answer;
  }

  const request = (model: string) => ({ prompt: `Play ${model}.`, provider: "rehearsal", model });

  return {
    call,
    play: (name, model, args = {}) => call(name, "spawn_agent", { ...request(model), wait_seconds: 50, ...args }),
    async begin(model, args = {}) {
      const { run_id } = (await plain("spawn_agent", { ...request(model), ...args })).answer;
      await until(async () => {
        const { events } = (await plain("get_run", { run_id, view: "events" })).answer;
        return events.some(({ type }) => type === "turn_started");
      });
      return run_id;
    },
    async settle(runId) {
      await plain("wait_for_runs", { run_ids: [runId], wait_seconds: 50 });
    },
  };
}

async function spawnings({ call, play }: Guide): Promise<void> {
  await call("spawn-unknown-argument", "spawn_agent", { prompt: "x", promt: "y" });
  await call("spawn-without-prompt", "spawn_agent", {});
  await call("spawn-wrong-type", "spawn_agent", { prompt: "x", max_turns: "many" });
  await call("spawn-out-of-range", "spawn_agent", { prompt: "x", max_turns: 0 });
  await call("spawn-unknown-agent", "spawn_agent", { prompt: "x", agent: "reviewr", provider: "rehearsal" });
  await call("spawn-unknown-workflow", "spawn_agent", { prompt: "x", workflow: "researh", provider: "rehearsal" });
  await call("spawn-broken-workflow", "spawn_agent", { prompt: "x", workflow: "broken", provider: "rehearsal" });
  await call("spawn-unknown-variable", "spawn_agent", {
    prompt: "x",
    workflow: "led",
    provider: "rehearsal",
    variables: { nil: 1 },
  });
  await call("spawn-unknown-script", "spawn_agent", { prompt: "x", provider: "rehearsal", model: "nobody" });
  await call("spawn-unknown-provider", "spawn_agent", { prompt: "x", provider: "oracle" });
  await call("spawn-without-key", "spawn_agent", { prompt: "x" });
  await call("spawn-bad-pattern", "spawn_agent", { prompt: "x", provider: "rehearsal", tools: ["workspace write"] });
  await call("spawn-unknown-source", "spawn_agent", { prompt: "x", provider: "rehearsal", context: ["file:none.txt"] });
  await call("unknown-tool", "spawn_agents", { prompt: "x" });
  await play("first-run", "plain", { idempotency_key: "first" });
  await play("same-key", "plain", { idempotency_key: "first" });
  await play("no-such-tool", "plain", {
    tools: ["workspace__nope", "read_only"],
    blocked_tools: ["workspace__read_*"],
  });
  await play("context", "plain", { context: ["file:notes.txt", "text:Be quick."], title: "with context" });
  await play("agent", "plain", { agent: "clerk", model: undefined, provider: undefined });
  const schema = { type: "object", properties: { count: { type: "integer" } }, required: ["count"] };
  const tried = await play("refused-calls", "trier", { output_schema: schema });
  await call("refused-calls-messages", "get_run", { run_id: tried.run_id, view: "messages" });
}

async function workflows({ call, play }: Guide): Promise<string> {
  const tools = ["read_only", "workspace__write_file"];
  const { run_id } = await play("led-asks", "led", { workflow: "led", tools });
  await call("led-complete-refused", "complete", { run_id, result: "enough", status: "success" });
  await call("led-wrong-answer", "respond_to_run", { run_id, answer: "yes" });
  await call("led-wrong-question", "respond_to_run", { run_id, question_id: "q9", approve: true });
  await call("led-says-nothing", "respond_to_run", { run_id });
  await call("led-approved", "respond_to_run", { run_id, approve: true, remark: "Go on." });
  await call("led-ended", "wait_for_runs", { run_ids: [run_id] });
  const signed = await play("signed-asks", "signed", { workflow: "signed" });
  await call("signed-denied", "respond_to_run", { run_id: signed.run_id, approve: false, remark: "Not yet." });
  await call("signed-asks-again", "wait_for_runs", { run_ids: [signed.run_id] });
  await call("signed-approved", "respond_to_run", { run_id: signed.run_id, question_id: "q2", approve: true });
  await call("signed-ended", "wait_for_runs", { run_ids: [signed.run_id] });
  await play("workflow-needs-tools", "fan-out", { workflow: "odd" });
  return run_id;
}

async function endings({ call, play, settle }: Guide) {
  const { run_id: failed } = await play("script-ended", "short");
  const { run_id: limited } = await play("limit-with-grace-turn", "limited", { max_turns: 2 });
  await call("resume-refused", "resume_run", { run_id: limited, more_turns: 0 });
  const { run_id: again } = await play("limit-again", "limited", { max_turns: 2 });
  await call("resume-more-turns", "resume_run", { run_id: again, more_turns: 2, message: "Do the rest." });
  await settle(again);
  await call("resumed", "get_run", { run_id: again });
  await play("limit-on-money", "spender", { max_cost_usd: 0.5 });
  const { run_id: done } = await play("to-be-continued", "plain");
  await call("continue-without-message", "resume_run", { run_id: done });
  const { run_id: next } = await call("continue", "resume_run", { run_id: done, message: "And now?" });
  await settle(next);
  await call("continued", "get_run", { run_id: next, view: "messages" });
  await call("timeout", "spawn_agent", {
    prompt: "Wait.",
    provider: "rehearsal",
    model: "slow",
    timeout_seconds: 1,
    wait_seconds: 50,
  });
  return { failed, limited };
}

async function questions({ call, play, begin, settle }: Guide): Promise<string> {
  const { run_id } = await play("asks", "asker");
  await call("answer-not-offered", "respond_to_run", { run_id, answer: "both" });
  await call("answer", "respond_to_run", { run_id, question_id: "q1", answer: "blanks", remark: "As ever." });
  await call("answered", "wait_for_runs", { run_ids: [run_id] });
  await call("answer-too-late", "respond_to_run", { run_id, answer: "tabs" });
  const letter = await begin("letter");
  await call("message", "respond_to_run", { run_id: letter, message: "Look twice." });
  await settle(letter);
  await call("message-read", "get_run", { run_id: letter, view: "messages" });
  const { run_id: asking } = await play("asks-again", "asker");
  return asking;
}

async function nesting({ call, play }: Guide): Promise<void> {
  const { run_id } = await play("nested", "parent", { workflow: "nested" });
  await call("nested-messages", "get_run", { run_id, view: "messages" });
  const { runs } = await call("children", "list_runs", { parent_run_id: run_id });
  await call("child", "get_run", { run_id: runs[0]?.run_id });
}

async function hands({ call, begin }: Guide): Promise<void> {
  const [slow, other, third] = [await begin("slow"), await begin("slow"), await begin("plain")];
  await call("wait-for-any", "wait_for_runs", { run_ids: [slow, third], mode: "any" });
  await call("wait-for-all-in-vain", "wait_for_runs", { run_ids: [slow, third], wait_seconds: 0 });
  await call("wait-for-unknown", "wait_for_runs", { run_ids: ["run_none"] });
  await call("wait-for-nothing", "wait_for_runs", { run_ids: [] });
  await call("resume-running", "resume_run", { run_id: slow });
  await call("cancel-running", "cancel_run", { run_id: slow, reason: "no longer wanted" });
  await call("cancel-ended", "cancel_run", { run_id: slow });
  await call("cancel-unknown", "cancel_run", { run_id: "run_none" });
  await call("resume-cancelled", "resume_run", { run_id: slow });
  await call("complete-wrong-status", "complete", { run_id: other, result: "enough", status: "done" });
  await call("complete-by-host", "complete", {
    run_id: other,
    result: "Enough.",
    status: "partial",
    next_steps: ["go on"],
  });
  await call("complete-ended", "complete", { run_id: other, result: "Enough.", status: "success" });
}

async function views({ call }: Guide, run_id: string): Promise<void> {
  await call("view-summary", "get_run", { run_id });
  await call("view-result", "get_run", { run_id, view: "result" });
  const { next_cursor } = await call("view-events", "get_run", { run_id, view: "events", limit: 20 });
  await call("view-events-next", "get_run", { run_id, view: "events", limit: 20, cursor: next_cursor });
  const { next_cursor: more } = await call("view-messages", "get_run", { run_id, view: "messages", limit: 3 });
  await call("view-messages-next", "get_run", { run_id, view: "messages", limit: 3, cursor: more });
  await call("view-access", "get_run", { run_id, view: "access", limit: 200 });
  await call("view-access-at", "get_run", { run_id, view: "access", at: 3, limit: 4 });
  await call("view-unknown", "get_run", { run_id, view: "everything" });
  await call("view-at-elsewhere", "get_run", { run_id, at: 3 });
  await call("view-foreign-cursor", "get_run", { run_id, view: "messages", cursor: next_cursor });
  await call("view-unknown-run", "get_run", { run_id: "run_none" });
}

async function lists({ call }: Guide, run_id: string): Promise<void> {
  const { next_cursor } = await call("list", "list_runs", { limit: 3 });
  await call("list-next", "list_runs", { limit: 3, cursor: next_cursor });
  await call("list-status", "list_runs", { status: ["error", "timeout", "waiting"], scope: "session" });
  await call("list-agent", "list_runs", { agent: "clerk", scope: "all", since: "2020-01-01T00:00:00Z" });
  await call("list-bad-since", "list_runs", { since: "yesterday" });
  await call("list-bad-cursor", "list_runs", { cursor: "nonsense" });
  await call("list-no-children", "list_runs", { parent_run_id: run_id });
  const { next_cursor: more } = await call("agents", "list_agents", { limit: 8 });
  await call("agents-next", "list_agents", { limit: 8, cursor: more });
  await call("agents-server", "list_agents", { server: "workspace", limit: 200 });
  await call("agents-unknown-server", "list_agents", { server: "workspaces" });
}
