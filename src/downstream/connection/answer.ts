/** Turns a tool's result into text for the model and attachments. */
import { isDeepStrictEqual } from "node:util";
import type { Attachment, ToolAnswer } from "../../core/ports/downstream.js";
import { isRecord } from "../../lib/is-record.js";
import { jsonIn } from "../../lib/json/json-in.js";

const LARGEST_COMPARED = 1_000_000; // characters; parsing a longer text only to compare it costs too much

type Fields = Readonly<Record<string, unknown>>;

/**
 * Keeps texts as they are, but replaces half characters, which vendors refuse; writes one bracketed line for anything else.
 * Structured content is the text where there is no text, and an attachment where it differs from the text.
 */
export function toToolAnswer(result: Fields): ToolAnswer {
  const { structuredContent } = result;
  const items = itemsOf(result);
  const attachments: Attachment[] = [];
  const lines = items.map((item) => lineFor(item, attachments));
  if (structuredContent !== undefined && structuredContent !== null && !saysTheSame(items, structuredContent)) {
    const json = JSON.stringify(structuredContent);
    if (!items.some(hasText)) lines.push(json);
    else {
      lines.push(bracketed("structured content", {}, json.length, "characters", attachments.length + 1));
      attachments.push({ kind: "structured", mimeType: "application/json", text: json.toWellFormed() });
    }
  }
  const text = lines.filter((line) => line !== "").join("\n");
  return { isError: isTrue(result.isError), text: text === "" ? "(no content)" : text.toWellFormed(), attachments };
}

/** The items of the content; careless servers send one without a list, or a text in place of it, or fields of their own. */
function itemsOf(result: Fields): readonly unknown[] {
  const { content, structuredContent, isError: _isError, _meta, ...others } = result;
  if (Array.isArray(content)) return content;
  if (content !== undefined && content !== null) return [content];
  const isEmpty = (structuredContent ?? null) === null;
  return isEmpty && Object.keys(others).length > 0 ? [JSON.stringify(others)] : [];
}

/** A failure must not pass for a success because its server writes `true` in another way. */
function isTrue(value: unknown): boolean {
  return value === true || value === 1 || (typeof value === "string" && /^(true|1|yes)$/i.test(value.trim()));
}

/** The item as a line; its bytes, if it has any, become the next attachment. */
function lineFor(item: unknown, attachments: Attachment[]): string {
  if (typeof item === "string") return item;
  if (typeof item === "number" || typeof item === "boolean") return String(item);
  if (!isRecord(item)) return "[unreadable content]";
  const { text } = item;
  if ((item.type ?? "text") === "text" && text !== undefined && text !== null)
    return typeof text === "string" ? text : JSON.stringify(text);
  if (item.type === "resource" && isRecord(item.resource)) {
    const { resource } = item;
    if (typeof resource.text === "string") return `${bracketed("resource", resource, undefined)}\n${resource.text}`;
    return lineForBytes("resource", resource, resource.blob, attachments);
  }
  const kind = typeof item.type === "string" ? item.type : "unreadable content";
  return lineForBytes(kind, item, item.data, attachments);
}

function lineForBytes(kind: string, fields: Fields, base64: unknown, attachments: Attachment[]): string {
  if (typeof base64 !== "string") return bracketed(kind, fields, fields.size);
  attachments.push({
    kind,
    mimeType: typeof fields.mimeType === "string" ? fields.mimeType : null,
    text: base64.toWellFormed(),
  });
  return bracketed(kind, fields, Buffer.byteLength(base64, "base64"), "bytes", attachments.length);
}

/** Such as `[image image/png, 20480 bytes, attachment 1]`. */
function bracketed(kind: string, fields: Fields, size: unknown, unit = "bytes", attachment?: number): string {
  const { mimeType, uri, name, description } = fields;
  const facts = [typeof mimeType === "string" ? `${kind} ${mimeType}` : kind];
  if (typeof size === "number") facts.push(`${size} ${unit}`);
  for (const fact of [uri, name, description]) if (typeof fact === "string" && fact !== "") facts.push(fact);
  if (attachment !== undefined) facts.push(`attachment ${attachment}`);
  return `[${facts.join(", ")}]`;
}

function hasText(item: unknown): boolean {
  if (!isRecord(item)) return typeof item === "string" && item !== "";
  if ((item.type ?? "text") === "text") return (item.text ?? "") !== "";
  return isRecord(item.resource) && typeof item.resource.text === "string";
}

/** Servers send structured content as text too, for clients that read only text; some wrap it in one field. */
function saysTheSame(items: readonly unknown[], structured: unknown): boolean {
  const inner = isRecord(structured) ? Object.values(structured) : [];
  const candidates = inner.length === 1 ? [structured, inner[0]] : [structured];
  return candidates.some(
    (candidate) =>
      isDeepStrictEqual(items, candidate) || items.some((item) => isRecord(item) && hasValue(item, candidate)),
  );
}

function hasValue({ text }: Fields, value: unknown): boolean {
  if (typeof text !== "string") return false;
  if (text === value) return true;
  if (typeof value === "string" || text.length > LARGEST_COMPARED) return false;
  const held = jsonIn(text);
  return held !== undefined && isDeepStrictEqual(held, value);
}
