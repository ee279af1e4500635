/** The ids with which an agent's read_result reads the answers of its run. */

/** The id of the answer to a call of a reply. */
export function resultId(turn: number, index: number): string {
  return `r${turn}.${index}`;
}

/** The inverse of `resultId`; null for another text. */
export function fromResultId(id: string): { readonly turn: number; readonly index: number } | null {
  const [, turn, index] = /^r(\d{1,9})\.(\d{1,9})$/.exec(id) ?? [];
  return turn === undefined || index === undefined ? null : { turn: Number(turn), index: Number(index) };
}

/** The id of the answer to a call that the workflow itself made. */
export function workflowResultId(call: number): string {
  return `w${call}`;
}
