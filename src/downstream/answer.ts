/** A tool's result as text for the model. */
import type { ToolAnswer } from "../core/ports.js";
import { isRecord } from "./wire.js";

type Fields = Readonly<Record<string, unknown>>;

/** Texts as they are (half characters replaced: vendors refuse them), one bracketed line for anything else, and structured content where there is no text. */
export function toToolAnswer(result: Fields): ToolAnswer {
  const { content, structuredContent } = result;
  const isError = result.isError === true;
  const parts = Array.isArray(content) ? content : [];
  const lines = parts.map(partText);
  const textSuffices = structuredContent === undefined || structuredContent === null || parts.some(hasText);
  const text = textSuffices
    ? lines.join("\n")
    : [...lines.filter(Boolean), JSON.stringify(structuredContent)].join("\n");
  return { isError, text: text === "" ? "(no content)" : text.toWellFormed() };
}

function partText(part: unknown): string {
  if (!isRecord(part)) return "[unreadable content]";
  if (typeof part.text === "string" && part.type === "text") return part.text;
  if (part.type === "resource" && isRecord(part.resource)) return resourceText(part.resource);
  return bracketed(kindOf(part), part, part.data);
}

/** An embedded text is what was asked for, so it follows its label. */
function resourceText(resource: Fields): string {
  if (typeof resource.text !== "string") return bracketed("resource", resource, resource.blob);
  return `${bracketed("resource", resource, undefined)}\n${resource.text}`;
}

/** Such as `[image image/png, 20480 bytes]`. */
function bracketed(kind: string, part: Fields, base64: unknown): string {
  const { mimeType, size, uri } = part;
  const bytes = typeof base64 === "string" ? Buffer.byteLength(base64, "base64") : size;
  const label = typeof mimeType === "string" ? `${kind} ${mimeType}` : kind;
  const facts = [label];
  if (typeof bytes === "number") facts.push(`${bytes} bytes`);
  if (typeof uri === "string") facts.push(uri);
  return `[${facts.join(", ")}]`;
}

function kindOf(part: Fields): string {
  return typeof part.type === "string" ? part.type : "unreadable content";
}

function hasText(part: unknown): boolean {
  if (!isRecord(part)) return false;
  if (part.type === "text") return typeof part.text === "string" && part.text !== "";
  return isRecord(part.resource) && typeof part.resource.text === "string";
}
