/** Hands on the texts of a server, lines or events, and bounds the time that they take from everything else: a server may send without end. */
import { setTimeout as delay } from "node:timers/promises";

const WINDOW_MS = 20;
const SHARE_MS = 10; // of a window; an answer of ordinary size takes less
const REST_MS = 10;
const REQUEST_MS = 1; // for the answer to a request of the server, which is made after the text was handed on
/** Characters of a text that gets a turn of its own, because reading it takes long. */
export const LARGE = 256 * 1024;

export class PacedTexts {
  #waiting: string[] = [];
  #window = 0;
  #spent = 0;
  #rest: Promise<void> | null = null;

  /** `onText` returns the number of the server's requests in the text. */
  constructor(private readonly onText: (text: string) => number) {}

  /** Null where all has been handed on. Else its server has to be held up until the promise resolves. */
  push(texts: readonly string[]): Promise<void> | null {
    for (const text of texts) this.#waiting.push(text);
    if (this.#rest === null) {
      this.#work(false);
      if (this.#waiting.length > 0) this.#rest = this.#goOn();
    }
    return this.#rest;
  }

  /** Hands on nothing more. */
  stop(): void {
    this.#waiting = [];
  }

  async #goOn(): Promise<void> {
    while (this.#waiting.length > 0) {
      await delay(this.#hasTime(performance.now()) ? 0 : REST_MS);
      this.#work(true);
    }
    this.#rest = null;
  }

  #work(isNewTurn: boolean): void {
    const texts = this.#waiting;
    let done = 0;
    for (let begun = performance.now(); done < texts.length && this.#hasTime(begun); done++) {
      const text = texts[done] ?? "";
      if (text.length > LARGE && !(isNewTurn && done === 0)) break;
      const requests = this.onText(text);
      const now = performance.now();
      this.#spent += now - begun + requests * REQUEST_MS;
      begun = now;
    }
    if (this.#waiting === texts) this.#waiting = texts.slice(done); // else it was stopped meanwhile
  }

  #hasTime(now: number): boolean {
    if (now - this.#window >= WINDOW_MS) [this.#window, this.#spent] = [now, 0];
    return this.#spent < SHARE_MS;
  }
}
