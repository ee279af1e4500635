/** Lets those who want a part of the same budget try in the order in which they came. */
import { untilAborted } from "../../lib/until-aborted.js";

export interface BudgetLines {
  /** Whether somebody is in this line. */
  isBusy(line: string): boolean;
  /** Resolves when it is the caller's turn; the caller lets the next one in with the function. Rejects with the reason of an abort. */
  enter(line: string, signal: AbortSignal): Promise<() => void>;
}

export function createBudgetLines(): BudgetLines {
  /** The end of each line. */
  const lines = new Map<string, Promise<void>>();
  return {
    isBusy: (line) => lines.has(line),
    async enter(line, signal) {
      const before = lines.get(line) ?? Promise.resolve();
      let letNext = () => {};
      const own = new Promise<void>((resolve) => {
        letNext = resolve;
      });
      const end = before.then(() => own);
      lines.set(line, end);
      void end.then(() => lines.get(line) === end && lines.delete(line));
      try {
        await untilAborted(before, signal);
      } catch (reason) {
        letNext();
        throw reason;
      }
      return letNext;
    },
  };
}
