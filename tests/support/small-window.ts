/** A model with a small context window, on the stand-in: it counts what it gets, and refuses what is longer. */
import { call, text } from "./agents.js";
import { type Behaviour, refusal, reply } from "./gemini-stand-in.js";
import type { WireBody } from "./gemini-wire-check.js";

export interface SmallWindow {
  /** Tokens; requests that have more get a 400. */
  readonly window: number;
  /** Calls that the agent makes, one a turn, before it answers "done". */
  readonly turns: number;
  /** Characters of the note that each call carries, and that its answer repeats. */
  readonly noteLength: number;
  /** The answer to a request for a summary; that of a model that can write one where missing. */
  summary?(body: WireBody): Behaviour;
}

export interface WindowModel {
  answer(body: WireBody): Behaviour;
  /** The largest request that was not refused, in tokens. */
  readonly largest: number;
  readonly refused: number;
  readonly summaries: readonly WireBody[];
  /** The last requests of the agent itself. */
  readonly last: readonly WireBody[];
}

/** The agent counts in its calls: the next number is the one behind the last answer that it sees. */
export function createWindowModel({ window, turns, noteLength, summary }: SmallWindow): WindowModel {
  const facts = { largest: 0, refused: 0, summaries: [] as WireBody[], last: [] as WireBody[] };
  return {
    get largest() {
      return facts.largest;
    },
    get refused() {
      return facts.refused;
    },
    summaries: facts.summaries,
    last: facts.last,
    answer(body) {
      const tokens = tokensIn(body);
      if (tokens > window) {
        facts.refused += 1;
        return tooLong(tokens, window);
      }
      facts.largest = Math.max(facts.largest, tokens);
      const usage = { promptTokenCount: tokens, candidatesTokenCount: 20, totalTokenCount: tokens + 20 };
      if (isSummary(body)) {
        facts.summaries.push(body);
        return summary?.(body) ?? reply([text("The agent has counted so far.")], { usage });
      }
      facts.last.push(body);
      facts.last.splice(0, facts.last.length - 3);
      const next = lastNumber(body) + 1;
      if (next > turns) return reply([text("done")], { usage });
      const note = `${next} `.padEnd(noteLength, "note ");
      return reply([call("effects__echo", { n: next, note })], { usage });
    },
  };
}

export function tokensIn(body: WireBody): number {
  return Math.ceil(JSON.stringify(body).length / 4);
}

/** The vendor's refusal, in its words. */
export function tooLong(tokens: number, most: number): Behaviour {
  return refusal(400, `The input token count (${tokens}) exceeds the maximum number of tokens allowed (${most}).`);
}

/** The agent has tools in each of its requests, and the request for a summary has none. */
export function isSummary({ tools }: WireBody): boolean {
  return tools === undefined;
}

function lastNumber({ contents }: WireBody): number {
  const numbers = [...JSON.stringify(contents).matchAll(/"n":(\d+)/g)].map(([, number]) => Number(number));
  return numbers.at(-1) ?? 0;
}
