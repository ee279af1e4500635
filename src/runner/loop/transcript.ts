/** A conversation as one text. */
import { bareSummary, type MarkedMessage } from "../../core/journal/folded.js";
import { resultId } from "../../core/journal/result-id.js";
import { cutTo } from "../../lib/text.js";

export interface Transcript {
  readonly text: string;
  /** Whether all parts are in it. */
  readonly isWhole: boolean;
}

const SUMMARY_PART = 0.5; // of the whole, for the summary of an earlier fold

/** The heads of all parts, of at most `length` characters each; where that is more than `most` bytes, without the oldest. */
export function transcript(messages: readonly MarkedMessage[], length: number, most: number): Transcript {
  const [first] = messages;
  const summary = first?.message.role === "user" && first.message.replaced ? bareSummary(first.message.text) : null;
  const earlier = summary === null ? [] : [cutTo(summary, Math.floor(most * SUMMARY_PART))];
  const parts = messages.slice(earlier.length).flatMap((marked) => partsOf(marked, length));
  const kept: string[] = [];
  let left = most - Buffer.byteLength(earlier.join());
  for (const part of parts.toReversed()) {
    left -= Buffer.byteLength(part) + 1;
    if (left < 0) break;
    kept.unshift(part);
  }
  const lost = parts.length - kept.length;
  const gap = lost === 0 ? [] : [`[${lost} older parts are left out]`];
  return { text: [...earlier, ...gap, ...kept].join("\n"), isWhole: lost === 0 };
}

function partsOf({ message, mark }: MarkedMessage, length: number): readonly string[] {
  switch (message.role) {
    case "user":
      return [cutTo(`To the agent: ${message.text}`, length)];
    case "assistant": {
      const { text, calls } = message.content;
      const made = calls.map(
        ({ name, arguments: args }, index) =>
          `Call ${resultId(mark.turn, index)}: ${cutTo(`${name}(${JSON.stringify(args)})`, length)}`,
      );
      return text.trim() === "" ? made : [cutTo(`Agent: ${text}`, length), ...made];
    }
    case "tool":
      return message.answers
        .map(({ isError, text }, index) => {
          const kind = isError ? "Error" : "Result";
          return `${kind} of ${resultId(mark.turn, index)}: ${cutTo(text, length)}`;
        })
        .filter((part) => part !== undefined); // the gaps of calls that have no answer
  }
}
