/** Spelling help: the known word nearest to an unknown word. */

const LONGEST_WORD = 100; // characters; the time of a comparison grows with their square

/** The nearest candidate within as many edits as a third of the word's length, or null. */
function nearest(word: string, candidates: Iterable<string>): string | null {
  if (word.length > LONGEST_WORD) return null;
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** `; did you mean "x"?` with the nearest candidate, or an empty text. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const near = nearest(word, candidates);
  return near === null ? "" : `; did you mean "${near}"?`;
}

const LEAST_BEGINNING = 3; // letters; less says nothing

/** The same with the first candidate that begins like the word or the word like it, letters and digits compared. */
export function didYouMeanLonger(word: string, candidates: Iterable<string>): string {
  const asked = lettersOf(word);
  for (const candidate of candidates) {
    const letters = lettersOf(candidate);
    const isShared = letters.startsWith(asked) || asked.startsWith(letters);
    if (isShared && Math.min(asked.length, letters.length) >= LEAST_BEGINNING) return `; did you mean "${candidate}"?`;
  }
  return "";
}

function lettersOf(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/** Insertions, deletions, replacements and swaps of neighbours. */
function editDistance(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const substitution = (last[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      const isSwap = row > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      const swap = (isSwap ? beforeLast[column - 2] : undefined) ?? Number.POSITIVE_INFINITY;
      current.push(Math.min(substitution, swap + 1, (last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    beforeLast = last;
    last = current;
  }
  return last[right.length] ?? 0;
}
