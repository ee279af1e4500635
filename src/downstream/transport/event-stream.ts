/** Divides a server's stream of events into the texts of its messages and what concerns the stream itself. */

const [LINE_FEED, RETURN] = [0x0a, 0x0d];

export interface EventParts {
  /** The data of the events that are messages; the lines of one event are joined. */
  readonly texts: readonly string[];
  /** The ids, the delays, and the events of other types, as a stream of events. */
  readonly control: string;
}

export class EventStream {
  #line: Uint8Array[] = [];
  #isAfterReturn = false;
  #isFirst = true;
  #size = 0;
  #type = "";
  #data: string[] = [];
  #others: string[] = [];

  /** Bytes of the unfinished event. */
  get unfinished(): number {
    return this.#size;
  }

  push(chunk: Uint8Array): EventParts {
    const found: Found = { texts: [], control: [] };
    let start = this.#isAfterReturn && chunk[0] === LINE_FEED ? 1 : 0; // the line had ended before
    if (chunk.length > 0) this.#isAfterReturn = chunk.at(-1) === RETURN;
    let [feed, turn] = [chunk.indexOf(LINE_FEED, start), chunk.indexOf(RETURN, start)];
    while (feed >= 0 || turn >= 0) {
      const end = feed < 0 || (turn >= 0 && turn < feed) ? turn : feed;
      this.#take(chunk.subarray(start, end));
      this.#endLine(found);
      start = chunk[end] === RETURN && chunk[end + 1] === LINE_FEED ? end + 2 : end + 1;
      if (feed >= 0 && feed < start) feed = chunk.indexOf(LINE_FEED, start);
      if (turn >= 0 && turn < start) turn = chunk.indexOf(RETURN, start);
    }
    if (start < chunk.length) this.#take(chunk.subarray(start));
    return { texts: found.texts, control: found.control.join("") };
  }

  /** The event that the end of the stream completes: careless servers leave out the empty line behind it. */
  end(): EventParts {
    const found: Found = { texts: [], control: [] };
    this.#endLine(found);
    this.#endEvent(found);
    return { texts: found.texts, control: found.control.join("") };
  }

  #take(part: Uint8Array): void {
    this.#line.push(part);
    this.#size += part.length;
  }

  #endLine(found: Found): void {
    const whole = Buffer.concat(this.#line);
    this.#line = [];
    const text = whole.toString("utf8");
    const line = this.#isFirst ? text.replace(/^\uFEFF/, "") : text;
    this.#isFirst = false;
    if (line === "") this.#endEvent(found);
    else this.#addField(line, whole.length);
  }

  #addField(line: string, bytes: number): void {
    const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "data") this.#data.push(value);
    else if (field === "id" || field === "retry") this.#others.push(line);
    else {
      if (field === "event") this.#type = value;
      this.#size -= bytes; // it is not kept
    }
  }

  #endEvent(found: Found): void {
    const [type, data, others] = [this.#type, this.#data, this.#others];
    [this.#type, this.#data, this.#others, this.#size] = ["", [], [], 0];
    const isMessage = type === "" || type === "message";
    if (isMessage && data.length > 0) found.texts.push(data.join("\n"));
    if (isMessage && others.length === 0) return;
    // An id counts only in an event with data, even where they are empty.
    const lines = isMessage
      ? [...others, "data:"]
      : [`event: ${type}`, ...others, ...data.map((line) => `data: ${line}`)];
    found.control.push(`${lines.join("\n")}\n\n`);
  }
}

interface Found {
  readonly texts: string[];
  readonly control: string[];
}
