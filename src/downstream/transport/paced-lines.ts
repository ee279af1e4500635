/** Hands on the lines of a server, and bounds the time that they take from everything else: a server may send without end. */
import { LineSplitter } from "../../lib/line-splitter.js";

const WINDOW_MS = 20;
const SHARE_MS = 10; // of a window; an answer of ordinary size takes less
const REST_MS = 10;

export class PacedLines {
  readonly #splitter: LineSplitter;
  #waiting: string[] = [];
  #window = 0;
  #spent = 0;
  #rest: NodeJS.Timeout | null = null;

  /** `read` stops and goes on reading: meanwhile the pipe holds the server up. */
  constructor(
    maxBytes: number,
    private readonly onLine: (line: string) => void,
    private readonly read: (goesOn: boolean) => void,
  ) {
    this.#splitter = new LineSplitter(maxBytes);
  }

  /** Throws where a line is too long. */
  push(chunk: Buffer): void {
    this.#splitter.push(chunk, (line) => this.#waiting.push(line));
    if (this.#rest === null) this.#work();
  }

  /** Hands on nothing more. */
  stop(): void {
    if (this.#rest) clearTimeout(this.#rest);
    this.#waiting = [];
  }

  #work(): void {
    let done = 0;
    for (let begun = performance.now(); done < this.#waiting.length && this.#hasTime(begun); done++) {
      this.onLine(this.#waiting[done] ?? "");
      const now = performance.now();
      this.#spent += now - begun;
      begun = now;
    }
    this.#waiting = this.#waiting.slice(done);
    if (this.#waiting.length > 0) this.#pause();
  }

  #hasTime(now: number): boolean {
    if (now - this.#window >= WINDOW_MS) [this.#window, this.#spent] = [now, 0];
    return this.#spent < SHARE_MS;
  }

  #pause(): void {
    this.read(false);
    this.#rest = setTimeout(() => {
      this.#rest = null;
      this.#work();
      if (this.#rest === null) this.read(true);
    }, REST_MS);
  }
}
