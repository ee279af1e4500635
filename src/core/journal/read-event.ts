/** Reads stored events of any version as events of the present one. */
import { newerVersion } from "../errors.js";
import type { Question, QuestionAbout } from "../run/question.js";
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

/** The upgrades to each version, from the fields of the version before it. */
const UPGRADES: Readonly<Record<number, (type: string, fields: Fields, row: EventRow) => Fields>> = {
  // Version 1 did not say until when an interrupted run was worked on.
  2: (type, fields, { at }) => (type === "run_interrupted" ? { ...fields, until: at } : fields),
  // Version 2 had other names for channels, comments, attachments, in-doubt calls and recovery.
  3: (type, fields) => {
    switch (type) {
      case "question_asked":
        return { ...fields, question: upgradeQuestion(fields.question as Question) };
      case "question_answered":
        return {
          ...renamed(fields, { door: "channel", remark: "comment" }), // prose-check: old event version
          about: upgradeAbout(fields.about as QuestionAbout),
        };
      case "message_sent":
        return renamed(fields, { door: "channel" }); // prose-check: old event version
      case "tool_call_finished":
      case "workflow_call_finished":
        return renamed(fields, { parts: "attachments" });
      case "run_resumed":
        return fields.by === "takeover" ? { ...fields, by: "recovery" } : fields; // prose-check: old event version
      default:
        return fields;
    }
  },
  // Version 4 added the value of a variable that an answer does not hold whole.
  4: (_type, fields) => fields,
  // Version 5 added replies that are not the end of their turn, and folds.
  5: (_type, fields) => fields,
};

const UPGRADED_KINDS: ReadonlyMap<string, string> = new Map([
  ["cut_call", "in_doubt_call"], // prose-check: old event version
  ["cut_workflow_call", "in_doubt_workflow_call"], // prose-check: old event version
]);

/** A question as any version stored it, with the names of today. */
export function upgradeQuestion(question: Question): Question {
  return { ...question, about: upgradeAbout(question.about) };
}

function upgradeAbout(about: QuestionAbout): QuestionAbout {
  return { ...about, kind: UPGRADED_KINDS.get(about.kind) ?? about.kind } as QuestionAbout;
}

function renamed(fields: Fields, names: Readonly<Record<string, string>>): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [names[name] ?? name, value]));
}

/** Throws StoreError (newer_version) where the event was written by a newer legwork: its meaning is not known here. */
export function readEvent(row: EventRow): StoredEvent {
  const { seq, at, type, version } = row;
  if (version > EVENT_VERSION) throw newerVersion(`event ${seq} of the run`);
  let fields = JSON.parse(row.data) as Fields;
  for (let next = version + 1; next <= EVENT_VERSION; next++) fields = UPGRADES[next]?.(type, fields, row) ?? fields;
  return { seq, at, event: { ...fields, type } as StoredEvent["event"] };
}
