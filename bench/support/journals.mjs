/** Journals like those of real runs: the replies of a model and the answers of its tools, in the order of the loop. */

const REPLY = "I have read the file and will look at the next one, to see where the value is set before I change it. ";
const ANSWER = "export function createThing(options) { return { name: options.name, size: options.size ?? 1 }; }\n";
const TOOLS = Array.from({ length: 40 }, (_, n) => `server${n % 4}__tool_${n}`);
const EVENTS_OF_A_TURN = 4;

/**
 * The events of a run after its start and before its end: turns of one call each, a share of `effectful` calls, and a
 * step of the workflow for every hundred turns.
 */
export function journalOf({ events, effectful = 0.2, step = null }) {
  const turns = Math.floor(events / EVENTS_OF_A_TURN);
  const journal = [{ type: "tools_resolved", rulings: rulings(), warnings: [] }];
  for (let turn = 1; turn <= turns; turn++) {
    if (step !== null && turn % 100 === 1) journal.push({ type: "step_entered", step, done: 0 });
    journal.push(...turnOf(turn, turn % 100 < effectful * 100));
  }
  return journal;
}

function turnOf(turn, isEffectful) {
  const tool = TOOLS[turn % TOOLS.length];
  const effect = isEffectful ? "effectful" : "read_only";
  const call = { tool, arguments: { path: `src/file-${turn}.ts` } };
  const raw = { provider: "rehearsal", model: "stored", content: { text: REPLY.repeat(3), calls: [call] } };
  const usage = { input: 1_000 + turn, output: 80, cached: 900, thinking: 0 };
  return [
    { type: "turn_started", turn },
    { type: "model_replied", turn, raw, usage },
    { type: "tool_call_started", turn, index: 0, tool, effect },
    {
      type: "tool_call_finished",
      turn,
      index: 0,
      tool,
      isError: turn % 20 === 0,
      text: ANSWER.repeat(1 + (turn % 20)),
      milliseconds: 12,
    },
  ];
}

function rulings() {
  const rule = (allowed, tools) => ({ rule: "tools (spawn_agent): read_only", allowed, blocked: false, tools });
  return [rule(true, TOOLS.slice(0, 30)), rule(false, TOOLS.slice(30))];
}
