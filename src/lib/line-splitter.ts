/** Cuts a stream of bytes into lines. */

const NEWLINE = 0x0a;
const KEPT_HEAD = 4_096; // bytes of a line that is too long
const KEPT_TAIL = 512; // bytes

/** Thrown when a line grows beyond the limit and nobody takes long lines; the rest of the stream cannot be split any more. */
class LineTooLong extends Error {
  override readonly name = "LineTooLong";
}

/** A line beyond the limit: only its beginning and its end are kept. */
export interface LongLine {
  readonly head: string;
  readonly tail: string;
}

/** Splits chunks into lines. Joins the chunks of an unfinished line only at its end, so that a long line is copied once. */
export class LineSplitter {
  #parts: Buffer[] = [];
  #size = 0;
  /** The ends of the line that is being skipped. */
  #skipped: { readonly head: Buffer; tail: Buffer } | null = null;

  /** With `onLongLine` a line beyond the limit is skipped in bounded memory, and handed over when it ends. */
  constructor(
    public maxBytes: number,
    private readonly onLongLine?: (line: LongLine) => void,
  ) {}

  /** The bytes of the unfinished line that are kept. */
  get unfinished(): number {
    return this.#size;
  }

  /** Hands each line that the chunk completes to `onLine`, without its line feed. */
  push(chunk: Buffer, onLine: (line: string) => void): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#take(chunk.subarray(start, end));
      this.#finish(onLine);
      start = end + 1;
    }
    if (start < chunk.length) this.#take(chunk.subarray(start));
  }

  #take(part: Buffer): void {
    if (this.#skipped !== null) {
      this.#skipped.tail = endOf(this.#skipped.tail, part);
      return;
    }
    this.#parts.push(part);
    this.#size += part.length;
    if (this.#size <= this.maxBytes) return;
    if (this.onLongLine === undefined) throw new LineTooLong(`a line of more than ${this.maxBytes} bytes`);
    const [head, tail] = [Buffer.concat(this.#parts, KEPT_HEAD), this.#parts.reduce(endOf, Buffer.alloc(0))];
    this.#skipped = { head: head.subarray(0, this.#size), tail };
    this.#reset();
  }

  #finish(onLine: (line: string) => void): void {
    if (this.#skipped !== null) {
      const { head, tail } = this.#skipped;
      this.#skipped = null;
      this.onLongLine?.({ head: head.toString("utf8"), tail: tail.toString("utf8") });
      return;
    }
    const [only = Buffer.alloc(0)] = this.#parts;
    const line = this.#parts.length <= 1 ? only : Buffer.concat(this.#parts, this.#size);
    this.#reset();
    onLine(line.toString("utf8"));
  }

  #reset(): void {
    this.#parts = [];
    this.#size = 0;
  }
}

/** The last bytes of two parts; a copy, which holds no large chunk in memory. */
function endOf(before: Buffer, after: Buffer): Buffer {
  return Buffer.concat([before.subarray(-KEPT_TAIL), after.subarray(-KEPT_TAIL)]).subarray(-KEPT_TAIL);
}
