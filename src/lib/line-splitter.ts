/** Cuts a stream of bytes into lines. */

const NEWLINE = 0x0a;

/** Thrown when a line grows beyond the limit; the rest of the stream cannot be split into lines any more. */
class LineTooLong extends Error {
  override readonly name = "LineTooLong";
}

/** Splits chunks into lines. Joins the chunks of an unfinished line only at its end, so that a long line is copied once. */
export class LineSplitter {
  #parts: Buffer[] = [];
  #size = 0;

  constructor(private readonly maxBytes: number) {}

  /** Hands each line that the chunk completes to `onLine`, without its line feed. */
  push(chunk: Buffer, onLine: (line: string) => void): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#checkSize(end - start);
      onLine(this.#finish(chunk.subarray(start, end)));
      start = end + 1;
    }
    if (start === chunk.length) return;
    this.#checkSize(chunk.length - start);
    this.#parts.push(start === 0 ? chunk : chunk.subarray(start));
    this.#size += chunk.length - start;
  }

  #checkSize(added: number): void {
    if (this.#size + added > this.maxBytes) throw new LineTooLong(`a line of more than ${this.maxBytes} bytes`);
  }

  #finish(last: Buffer): string {
    if (this.#parts.length === 0) return last.toString("utf8");
    const line = Buffer.concat([...this.#parts, last], this.#size + last.length).toString("utf8");
    this.#parts = [];
    this.#size = 0;
    return line;
  }
}
