/** Joins the pieces of streamed calls. */
import { isRecord } from "../../../lib/is-record.js";
import { jsonIn } from "../../../lib/json/json-in.js";

type Fields = Readonly<Record<string, unknown>>;

interface Joining {
  call: unknown;
  /** Its place in the stream, which is no part of it. */
  readonly index: unknown;
}

/** Collects the calls of a message; `onName` hears of each name that arrives. */
export function joinCalls(onName: (name: string) => void) {
  const known: Joining[] = [];
  return {
    /** The pieces in one chunk of a stream, each with its place. */
    addPieces(pieces: readonly unknown[]): void {
      const named = new Set<Joining>(); // in this chunk: no host names a call in it twice
      for (const piece of pieces) {
        if (!isRecord(piece)) {
          known.push({ call: piece, index: undefined });
          continue;
        }
        const { index, ...rest } = piece;
        const found = joiningOf(piece, known);
        const isNamed = nameOf(piece) !== "";
        const joining = found && isNamed && named.has(found) ? undefined : found;
        const before = joining?.call;
        const call = isRecord(before) ? joinedCall(before, rest) : rest;
        if (nameOf(call) !== "" && nameOf(call) !== nameOf(before)) onName(nameOf(call));
        const joined = joining ?? { call, index };
        joined.call = call;
        if (!joining) known.push(joined);
        if (isNamed) named.add(joined);
      }
    },
    /** The calls of an answer in one piece, as they are. */
    addWhole(calls: readonly unknown[]): void {
      for (const call of calls) {
        if (nameOf(call) !== "") onName(nameOf(call));
        known.push({ call, index: undefined });
      }
    },
    get calls(): readonly unknown[] {
      return known.map(({ call }) => call);
    },
  };
}

/** The call that a piece continues, undefined for a new one: some hosts give no place, and some the same place to each call. */
function joiningOf(piece: Fields, known: readonly Joining[]): Joining | undefined {
  const { id, index } = piece;
  const hasId = typeof id === "string" && id !== "";
  const isNamed = nameOf(piece) !== "";
  const hasPlace = index !== undefined && index !== null;
  const found = known.findLast(({ call, index: place }) => (hasPlace ? place === index : hasId && idOf(call) === id));
  if (found !== undefined) {
    const isOther = hasId && idOf(found.call) !== "" && idOf(found.call) !== id;
    return isNamed && (isOther || isNext(found.call, piece)) ? undefined : found;
  }
  return !hasPlace && !isNamed && !hasId ? known.at(-1) : undefined;
}

/** Whether a piece with a name cannot belong to the call before it, which is whole. The same call once more is no other. */
function isNext(before: unknown, piece: Fields): boolean {
  const written = argumentsOf(before);
  if (!isRecord(written) && !(typeof written === "string" && jsonIn(written) !== undefined)) return false;
  const own = argumentsOf(piece);
  if (nameOf(piece) !== nameOf(before)) return true;
  return own !== undefined && own !== null && own !== "" && JSON.stringify(own) !== JSON.stringify(written);
}

function joinedCall(before: Fields, { function: more, ...others }: Fields): Fields {
  const called = isRecord(before.function) ? before.function : {};
  const kept = Object.entries(others).filter(([, value]) => value !== null && value !== "");
  return { ...before, ...Object.fromEntries(kept), function: isRecord(more) ? joinedFunction(called, more) : called };
}

function joinedFunction(before: Fields, { name, arguments: piece, ...others }: Fields): Fields {
  const text = before.arguments;
  // Some hosts repeat the whole name with each piece.
  const isPiece = typeof name === "string" && typeof before.name === "string" && name !== before.name;
  return {
    ...before,
    ...others,
    name: isPiece ? `${before.name}${name}` : (before.name ?? name),
    arguments: typeof text === "string" && typeof piece === "string" ? text + piece : (piece ?? text),
  };
}

function idOf(call: unknown): string {
  return isRecord(call) && typeof call.id === "string" ? call.id : "";
}

function nameOf(call: unknown): string {
  const { name } = isRecord(call) && isRecord(call.function) ? call.function : {};
  return typeof name === "string" ? name : "";
}

function argumentsOf(call: unknown): unknown {
  return isRecord(call) && isRecord(call.function) ? call.function.arguments : undefined;
}
