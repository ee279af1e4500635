/** The stream of events of a server: the same texts however its bytes are cut. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { EventStream } from "../../../src/downstream/transport/event-stream.js";

function read(bytes: Uint8Array, cuts: readonly number[] = []) {
  const stream = new EventStream();
  const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  const parts = edges.slice(1).map((end, index) => stream.push(bytes.subarray(edges[index], end)));
  parts.push(stream.end());
  return { texts: parts.flatMap(({ texts }) => texts), control: parts.map(({ control }) => control).join("") };
}

it.each([
  ["data: a\ndata: b\n\n", ["a\nb"], ""],
  ["data:a\rdata\rdata:  c\r\r", ["a\n\n c"], ""],
  ["event: message\r\nid: 7\r\ndata: é\r\n\r\n: note\r\n\r\n", ["é"], "id: 7\ndata:\n\n"],
  ["id: 7\ndata:\n\nretry: 5\n\n", [""], "id: 7\ndata:\n\nretry: 5\ndata:\n\n"],
  ["\uFEFFevent: endpoint\ndata: /here\n\ndata: 1\n\n\n\ndata: 2", ["1", "2"], "event: endpoint\ndata: /here\n\n"],
])("reads %j", (text, texts, control) => {
  expect(read(Buffer.from(text))).toEqual({ texts, control });
});

it("reads the same wherever the stream is cut", () => {
  const piece = fc.constantFrom(
    "\n",
    "\r",
    "\r\n",
    "data:",
    " x",
    "id: 1",
    "event: message",
    "event: e",
    ":",
    "é",
    "\uFEFF",
  );
  const cuts = fc.array(fc.nat({ max: 100 }), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), cuts, (pieces, at) => {
      const bytes = Buffer.from(pieces.join(""));
      expect(
        read(
          bytes,
          at.filter((cut) => cut < bytes.length),
        ),
      ).toEqual(read(bytes));
    }),
  );
});
