/** The end of what a program has written. */

/** Keeps the last `maxBytes` of a stream, in whole lines; older chunks are let go whole. */
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

  /** Without what is left of a line whose beginning is gone: half a secret would not be recognised as one. */
  text(): string {
    const kept = Buffer.concat(this.#chunks);
    const isCut = this.#isCut || kept.length > this.maxBytes;
    const text = kept.subarray(-this.maxBytes).toString("utf8");
    if (!isCut) return text;
    const firstEnd = text.indexOf("\n");
    return firstEnd < 0 ? "" : text.slice(firstEnd + 1);
  }

  /** The last lines that say anything. */
  lastLines(count: number): readonly string[] {
    const lines = this.text().split(/\r?\n/);
    return lines.filter((line) => line.trim() !== "").slice(-count);
  }
}
