/** Corrects the frames of a server's answers over HTTP as those over stdio are: the client checks them strictly. */
import { parseLine } from "./json-rpc-line.js";

const [LINE_FEED, RETURN] = [0x0a, 0x0d];
const DATA = "data:";

/** The messages in a JSON body; a body without any is handed on as it is, for the client to refuse. */
export function toFrames(body: string): unknown {
  const messages = parseLine(body);
  return messages.length > 0 ? messages : JSON.parse(body);
}

/** Corrects each line of an event stream that is a whole message; hands on everything else byte by byte, when its line has ended. */
export class EventLines {
  #parts: Uint8Array[] = [];

  push(chunk: Uint8Array): Uint8Array {
    const out: Uint8Array[] = [];
    let start = 0;
    let [feed, turn] = [chunk.indexOf(LINE_FEED), chunk.indexOf(RETURN)];
    while (feed >= 0 || turn >= 0) {
      const end = feed < 0 || (turn >= 0 && turn < feed) ? turn : feed;
      this.#parts.push(chunk.subarray(start, end));
      out.push(this.end(), chunk.subarray(end, end + 1));
      start = end + 1;
      if (end === feed) feed = chunk.indexOf(LINE_FEED, start);
      else turn = chunk.indexOf(RETURN, start);
    }
    if (start < chunk.length) this.#parts.push(chunk.subarray(start));
    return Buffer.concat(out);
  }

  /** The line so far, corrected. */
  end(): Uint8Array {
    const line = Buffer.concat(this.#parts);
    this.#parts = [];
    if (line.length <= DATA.length || line.toString("latin1", 0, DATA.length) !== DATA) return line;
    const messages = parseLine(line.toString("utf8", DATA.length));
    return messages.length === 1 ? Buffer.from(`${DATA} ${JSON.stringify(messages[0])}`) : line;
  }
}
