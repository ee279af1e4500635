/** Texts that are edited as if each line ended in "\n", and written with the ends that their lines had. */

export interface Lines {
  /** With "\n" at the end of each line. */
  readonly text: string;
  /** 1 for each character of the text that stands for "\r\n". */
  readonly marks: Uint8Array;
}

export function withLineFeeds(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

export function toLines(written: string): Lines {
  const text = withLineFeeds(written);
  const marks = new Uint8Array(text.length);
  let found = 0;
  for (let at = written.indexOf("\r\n"); at >= 0; at = written.indexOf("\r\n", at + 2)) marks[at - found++] = 1;
  return { text, marks };
}

/** Replaces a part of a text. Its new lines end as the old ones did in their order, further ones as those beside them. */
export function replacePart({ text, marks }: Lines, start: number, end: number, newText: string): Lines {
  const old = [...feedsIn(text.slice(start, end))].map((at) => marks[start + at] ?? 0);
  const beside = text.indexOf("\n", end) >= 0 ? text.indexOf("\n", end) : text.lastIndexOf("\n", start - 1);
  const further = old.at(-1) ?? marks[beside] ?? 0;
  const newMarks = new Uint8Array(text.length - (end - start) + newText.length);
  newMarks.set(marks.subarray(0, start));
  let index = 0;
  for (const at of feedsIn(newText)) newMarks[start + at] = old[index++] ?? further;
  newMarks.set(marks.subarray(end), start + newText.length);
  return { text: text.slice(0, start) + newText + text.slice(end), marks: newMarks };
}

export function toWritten({ text, marks }: Lines): string {
  const parts: string[] = [];
  let done = 0;
  for (let at = marks.indexOf(1); at >= 0; at = marks.indexOf(1, at + 1)) {
    parts.push(text.slice(done, at), "\r");
    done = at;
  }
  return parts.join("") + text.slice(done);
}

function* feedsIn(text: string): Generator<number> {
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) yield at;
}
