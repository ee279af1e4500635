/** The events and the access of a run as hosts and terminals read them: names in snake_case, times in ISO 8601. */
import type { KeptAnswer, KeptAttachment, Paid, RunEvent, StoredEvent, ToolRuling } from "../core/journal/event.js";
import type { ReadReply } from "../core/journal/history-state.js";
import { resultId, workflowResultId } from "../core/journal/result-id.js";
import { toModelText } from "../core/run/model-name.js";
import type { Question, QuestionAbout } from "../core/run/question.js";
import type { Outcome, Usage } from "../core/run/run.js";
import type { Access } from "../core/tools/access.js";
import { toReplyFields } from "./message-views.js";
import type { Keyed } from "./page.js";
import { toTime } from "./run-view.js";

/** The public fields of an event or of a part of it. */
type Fields = Readonly<Record<string, unknown>>;

/** An event as an item of a page. */
export function toEventItem({ seq, at, event }: StoredEvent, readReply: ReadReply): Keyed {
  return { key: seq, value: { seq, at: toTime(at), type: event.type, ...fieldsOf(event, readReply) } };
}

type ReadBlob = (hash: string) => Promise<string | null>;

/** An event with all that the journal keeps of it: whole texts and attachments, and every tool. */
export async function toWholeEvent(stored: StoredEvent, readReply: ReadReply, readBlob: ReadBlob): Promise<Fields> {
  const { event } = stored;
  const fields: Fields = { ...toEventItem(stored, readReply).value };
  switch (event.type) {
    case "tools_resolved":
      return {
        ...fields,
        rulings: event.rulings.map(({ rule, allowed, blocked, tools }) => ({ rule, allowed, blocked, tools })),
      };
    case "tool_call_finished":
    case "workflow_call_finished": {
      const { blob, text, attachments = [] } = event;
      const contents = await Promise.all(
        attachments.map(async (kept) => ({ ...attachmentFields(kept), content: await readBlob(kept.blob) })),
      );
      return {
        ...fields,
        text: (blob === undefined ? null : await readBlob(blob)) ?? text,
        ...(contents.length > 0 ? { attachments: contents } : {}),
      };
    }
    default:
      return fields;
  }
}

const SHOWN_TOOLS = 5; // of each ruling; the view "access" and the whole event have all

function rulingFields({ rule, allowed, blocked, tools }: ToolRuling): Fields {
  const more = tools.length - SHOWN_TOOLS;
  return { rule, allowed, blocked, tools: tools.slice(0, SHOWN_TOOLS), ...(more > 0 ? { more } : {}) };
}

/** Names each field, so that nothing internal is shown: no hashes of blobs, and not how a workflow counts its pending entries. */
function fieldsOf(event: RunEvent, readReply: ReadReply): Fields {
  switch (event.type) {
    case "run_created":
      return optional({ continues: event.continues });
    case "run_started":
    case "actions_skipped":
      return {};
    case "tools_resolved":
      return {
        rulings: event.rulings.map(rulingFields),
        warnings: event.warnings,
      };
    case "turn_started":
      return { turn: event.turn, ...optional({ grace: event.grace }) };
    case "model_replied": {
      const { turn, grace, isPaused, raw, usage, warnings } = event;
      const reply = toReplyFields(readReply(raw));
      const more = optional({ grace, paused: isPaused, model_version: raw.modelVersion, warnings });
      return { turn, ...more, model: raw.model, ...reply, usage: usageFields(usage), cost_usd: costOf(event) };
    }
    case "reply_rejected": {
      const { turn, code, reason, text, usage } = event;
      return { turn, code, reason, ...optional({ text }), usage: usageFields(usage), cost_usd: costOf(event) };
    }
    case "budget_reserved": {
      const { turn, server, usd, tokens, outputTokens } = event;
      return { turn, ...optional({ server }), usd, tokens, output_tokens: outputTokens };
    }
    case "model_replaced": {
      const { turn, from, to, code, reason } = event;
      return { turn, from: toModelText(from), to: toModelText(to), code, reason };
    }
    case "context_folded": {
      const { turn, throughSeq, fold, summary, reason, model, window, isLearned, before, after, usage } = event;
      return {
        turn,
        through_seq: throughSeq,
        through_turn: fold.throughTurn,
        summary,
        ...optional({ reason }),
        model: toModelText(model),
        window,
        ...optional({ learned: isLearned }),
        tokens_before: before,
        tokens_after: after,
        usage: usageFields(usage),
        cost_usd: costOf(event),
      };
    }
    case "request_failed": {
      const { turn, server, tries, code, status, reason, waitMs, withoutImages } = event;
      const more = optional({ without_images: withoutImages });
      return { turn, ...optional({ server }), tries, code, status, reason, wait_ms: waitMs, ...more };
    }
    case "tool_call_started":
      return { ...placeOf(event), effect: event.effect };
    case "tool_call_finished":
      return { ...placeOf(event), ...answerFields(event, resultId(event.turn, event.index)) };
    case "tool_call_progressed": {
      const { progress, total, message } = event;
      return { ...placeOf(event), progress, total, message };
    }
    case "tool_call_refused":
      return { ...placeOf(event), reason: event.reason, ...optional({ code: event.code }) };
    case "sampling_requested":
      return { turn: event.turn, server: event.server };
    case "sampling_replied": {
      const { turn, server, usage } = event;
      return { turn, server, usage: usageFields(usage), cost_usd: costOf(event) };
    }
    case "child_spawned":
      return { turn: event.turn, index: event.index, child: event.child };
    case "child_reported":
      return {
        turn: event.turn,
        index: event.index,
        child: event.child,
        status: event.status,
        ...optional({ agent: event.agent, workflow: event.workflow ?? undefined, data: event.data }),
      };
    case "message_injected":
      return { text: event.text, ...optional({ sent: event.sent }) };
    case "message_sent": {
      const { id, text, by, channel } = event;
      return { id, text, by, channel };
    }
    case "question_asked":
      return { question: questionFields(event.question) };
    case "question_answered": {
      const { id, about, approved, text, comment, by, channel } = event;
      return { id, about: aboutFields(about), approved, text, comment, by, channel };
    }
    case "transition_taken":
      return { from: event.from, to: event.to, transition: event.transition };
    case "step_entered":
      return { step: event.step };
    case "variable_set":
      return { name: event.name, value: event.value };
    case "condition_failed":
      return { where: event.where, condition: event.condition, error: event.error };
    case "rule_warned":
      return { ...placeOf(event), rule: event.rule };
    case "workflow_call_started": {
      const { call, tool, arguments: args, effect } = event;
      return { call, tool, arguments: args, effect };
    }
    case "workflow_call_finished": {
      const { call, tool } = event;
      return { call, tool, ...answerFields(event, workflowResultId(call)), ...outputFields(event) }; // its output is long
    }
    case "workflow_call_refused": {
      const { call, tool, reason, code } = event;
      return { call, tool, reason, ...optional({ code }), ...outputFields(event) };
    }
    case "run_interrupted":
      return { reason: event.reason, until: toTime(event.until), ...optional({ crashed: event.crashed }) };
    case "run_resumed": {
      const { by, moreTurns, moreSeconds, moreCostUsd, moreTokens } = event;
      return {
        by,
        ...optional({
          more_turns: moreTurns,
          more_seconds: moreSeconds,
          more_cost_usd: moreCostUsd,
          more_tokens: moreTokens,
        }),
      };
    }
    case "run_finished":
      return outcomeFields(event.outcome);
  }
}

function placeOf({
  turn,
  index,
  tool,
}: {
  readonly turn: number;
  readonly index: number | null;
  readonly tool: string;
}) {
  return { turn, index, tool };
}

function costOf({ costUsd = null }: Paid): number | null {
  return costUsd;
}

/** `id` is the argument with which the agent's read_result reads the whole of an answer that is shown in part. */
function answerFields({ isError, code, text, blob, size, attachments, milliseconds }: KeptAnswer, id: string): Fields {
  return {
    is_error: isError,
    ...optional({ code }),
    text,
    ...optional({
      result_id: blob === undefined ? undefined : id,
      size,
      attachments: attachments?.map(attachmentFields),
    }),
    milliseconds,
  };
}

function attachmentFields({ id, kind, mimeType, size }: KeptAttachment): Fields {
  return { id, kind, mime_type: mimeType, size };
}

function outputFields({ outputAs }: { readonly outputAs: string | null }): Fields {
  return outputAs === null ? {} : { output_as: outputAs };
}

function questionFields({ id, kind, text, options, about, expiresAt }: Question): Fields {
  return { id, kind, text, options, about: aboutFields(about), expires_at: toTime(expiresAt) };
}

function aboutFields(about: QuestionAbout): Fields {
  const { kind } = about;
  switch (kind) {
    case "call":
    case "in_doubt_call":
      return { kind, turn: about.turn, index: about.index, tool: about.tool, arguments: about.arguments };
    case "workflow_call":
    case "in_doubt_workflow_call":
      return { kind, call: about.call, tool: about.tool, arguments: about.arguments };
    case "ask":
      return { kind, turn: about.turn, index: about.index };
    case "exit":
      return { kind, where: about.where, step: about.step };
  }
}

function outcomeFields({ status, result, data, artifacts, filesModified, nextSteps, error }: Outcome): Fields {
  return {
    status,
    result,
    ...optional({ data, artifacts, files_modified: filesModified, next_steps: nextSteps }),
    ...(error ? { error: { code: error.code, message: error.message } } : {}),
  };
}

/** The fields that have a value. */
function optional(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** The access of a run: `head` stands on each page, the lists follow one another. */
export function toAccess({ setAt, step, note, rules, tools }: Access) {
  return {
    head: { as_of_event: setAt, step, ...(note === null ? {} : { note }) },
    sections: {
      // Rules depend on the arguments of a call: the first that blocks or allows decides it.
      rules: rules.map(({ name, action, when, message }) => ({ name, action, when, message })),
      access: tools,
    },
  };
}

function usageFields(usage: Usage | null) {
  if (usage === null) return null;
  const { cacheWrite, ...counts } = usage;
  return { ...counts, ...optional({ cache_write: cacheWrite }) };
}
