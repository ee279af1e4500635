/** Finds a sequence in another, in time linear in both; pure. */

/** Where `part` begins in `whole` for the first time, or -1. The built-in search takes their product where both repeat themselves. */
export function findSequence<T>(whole: ArrayLike<T>, part: ArrayLike<T>): number {
  const borders = bordersOf(part);
  let matched = 0;
  for (let at = 0; at < whole.length && matched < part.length; at++) {
    while (matched > 0 && whole[at] !== part[matched]) matched = borders[matched - 1] ?? 0;
    if (whole[at] === part[matched]) matched += 1;
    if (matched === part.length) return at - matched + 1;
  }
  return part.length === 0 ? 0 : -1;
}

/** For each beginning of the sequence, the length of its longest proper beginning that is its end too. */
function bordersOf<T>(part: ArrayLike<T>): Uint32Array {
  const borders = new Uint32Array(part.length);
  let length = 0;
  for (let at = 1; at < part.length; at++) {
    while (length > 0 && part[at] !== part[length]) length = borders[length - 1] ?? 0;
    if (part[at] === part[length]) length += 1;
    borders[at] = length;
  }
  return borders;
}
