/** The end of what a program has written. */

/** Keeps the last `maxBytes` of a stream; older chunks are let go whole. */
export class OutputTail {
  readonly #chunks: Buffer[] = [];
  #size = 0;

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
    }
  }

  text(): string {
    return Buffer.concat(this.#chunks).subarray(-this.maxBytes).toString("utf8");
  }

  /** The last lines that say anything. */
  lastLines(count: number): readonly string[] {
    const lines = this.text().split(/\r?\n/);
    return lines.filter((line) => line.trim() !== "").slice(-count);
  }
}
