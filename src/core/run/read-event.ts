/** Events as they were stored, in whatever version, as events of today. */
import { StoreError } from "../errors.js";
import { EVENT_VERSION, type StoredEvent } from "./event.js";

/** One row of the journal. `data` is JSON: the event's fields without its type. */
export interface EventRow {
  readonly seq: number;
  readonly at: number;
  readonly type: string;
  readonly version: number;
  readonly data: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** What each version changed: from the fields of the version before it to its own. */
const UPGRADES: Readonly<Record<number, (type: string, fields: Fields, row: EventRow) => Fields>> = {
  // Version 1 did not say until when an interrupted run was worked on.
  2: (type, fields, { at }) => (type === "run_interrupted" ? { ...fields, until: at } : fields),
};

/** Throws StoreError where the event was written by a newer legwork: its meaning cannot be known. */
export function readEvent(row: EventRow): StoredEvent {
  const { seq, at, type, version } = row;
  if (version > EVENT_VERSION)
    throw new StoreError(
      `event ${seq} of the run was written by a newer legwork (version ${version}; this one reads up to ${EVENT_VERSION}): update legwork`,
    );
  let fields = JSON.parse(row.data) as Fields;
  for (let next = version + 1; next <= EVENT_VERSION; next++) fields = UPGRADES[next]?.(type, fields, row) ?? fields;
  return { seq, at, event: { ...fields, type } as StoredEvent["event"] };
}
