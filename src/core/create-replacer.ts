/** Replaces many literal texts in one pass, in a time that hardly grows with their number (the search of Wu and Manber). */

const BLOCK = 3; // characters that are looked up together
const LONGEST_WINDOW = 64; // characters; a longer one skips no more in texts of usual length
const TABLE_SIZE = 2 ** 14;

/** Replaces the leftmost of the texts again and again, of several at one place the longest; returns the same string where there is none. */
export function createReplacer(texts: Iterable<string>, replacementOf: (text: string) => string) {
  const longestFirst = [...new Set(texts)]
    .filter((text) => text !== "")
    .sort((left, right) => right.length - left.length);
  const shortest = longestFirst.at(-1)?.length ?? 0;
  if (shortest === 0) return (text: string): string => text;
  const window = Math.min(shortest, LONGEST_WINDOW);
  const block = Math.min(BLOCK, window);
  /** How far the window moves, by the block at its end: so far that no text is passed over. */
  const skips = new Uint8Array(TABLE_SIZE).fill(window - block + 1);
  /** The texts whose window ends in a block, the longest first. */
  const endingIn = new Map<number, string[]>();
  for (const text of longestFirst) {
    for (let end = block; end <= window; end++) {
      const key = keyOf(text, end, block);
      skips[key] = Math.min(skips[key] ?? 0, window - end);
    }
    const last = keyOf(text, window, block);
    endingIn.set(last, [...(endingIn.get(last) ?? []), text]);
  }

  return (text: string): string => {
    let replaced = "";
    let copied = 0;
    for (let end = window; end <= text.length; ) {
      const key = keyOf(text, end, block);
      const skip = skips[key] ?? 0;
      if (skip > 0) {
        end += skip;
        continue;
      }
      const start = end - window;
      const found = endingIn.get(key)?.find((candidate) => text.startsWith(candidate, start));
      if (found === undefined) {
        end += 1;
        continue;
      }
      replaced += text.slice(copied, start) + replacementOf(found);
      copied = start + found.length;
      end = copied + window;
    }
    return copied === 0 ? text : replaced + text.slice(copied);
  };
}

/** The block that ends at `end`, as an index of the tables; different blocks may share one. */
function keyOf(text: string, end: number, block: number): number {
  let key = 0;
  for (let index = end - block; index < end; index++) key = (key * 131 + text.charCodeAt(index)) & (TABLE_SIZE - 1);
  return key;
}
