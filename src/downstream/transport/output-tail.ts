/** The end of the output of a program. */

/** Keeps the last `maxBytes` of a stream, in whole lines. */
export class OutputTail {
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #isCut = false;

  constructor(private readonly maxBytes: number) {}

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    for (
      let oldest = this.#chunks[0];
      oldest && this.#size - oldest.length >= this.maxBytes;
      oldest = this.#chunks[0]
    ) {
      this.#chunks.shift();
      this.#size -= oldest.length;
      this.#isCut = true;
    }
  }

  /** Omits the rest of a line whose beginning is gone, because redaction would not find half a secret. */
  text(): string {
    const kept = Buffer.concat(this.#chunks);
    const isCut = this.#isCut || kept.length > this.maxBytes;
    const text = kept.subarray(-this.maxBytes).toString("utf8");
    if (!isCut) return text;
    const firstEnd = text.indexOf("\n");
    return firstEnd < 0 ? "" : text.slice(firstEnd + 1);
  }

  /** The last `count` lines that are not blank. */
  lastLines(count: number): readonly string[] {
    const lines = this.text().split(/\r?\n/);
    return lines.filter((line) => line.trim() !== "").slice(-count);
  }
}
