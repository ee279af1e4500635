/**
 * How a conversation's tools change where the model's thinking is bound to them: the list that it began with stays as it was,
 * and each change is told within the messages (docs/decisions/0024).
 */
import type { ModelRequest } from "../../core/ports/provider.js";
import type { Message } from "../../core/run/message.js";
import { lostTool, toWireTool } from "./tool-definitions.js";
import type { Block, WireTool } from "./wire.js";

/** Tools by name, in their order. */
type Tools = ReadonlyMap<string, WireTool>;

/** The tools of a conversation over time. */
export interface ToolHistory {
  /** From which number of messages on requests have offered which tools; the first are the list that stays. */
  readonly offers: readonly Offer[];
}

interface Offer {
  readonly from: number;
  readonly tools: Tools;
}

interface Remembered {
  offers: Offer[];
  /** How many of `declaredTools` are among the offers. */
  declared: number;
}

/** By list of messages: a conversation only grows, and the definitions of tools that are gone are known from earlier requests only. */
const histories = new WeakMap<readonly Message[], Remembered>();

/** The tools that a conversation has offered up to this request. */
export function toolHistoryOf({ messages, tools, declaredTools = [] }: ModelRequest): ToolHistory {
  const known = histories.get(messages) ?? { offers: [], declared: 0 };
  const now: Tools = new Map(tools.map((tool) => [tool.name, toWireTool(tool)]));
  for (const { from, tools: names } of declaredTools.slice(known.declared))
    offer(known, from, new Map(names.map((name) => [name, definitionOf(name, now, known)])));
  known.declared = Math.max(known.declared, declaredTools.length);
  offer(known, known.offers.length === 0 ? 0 : messages.length, now);
  histories.set(messages, known);
  return known;
}

/** The definition that this request or, for a tool that it does not offer, the last one that did gives. */
function definitionOf(name: string, now: Tools, { offers }: Remembered): WireTool {
  return now.get(name) ?? offers.findLast(({ tools }) => tools.has(name))?.tools.get(name) ?? lostTool(name);
}

function offer({ offers }: Remembered, from: number, tools: Tools): void {
  const last = offers.at(-1);
  if (last !== undefined && isSame(last.tools, tools)) return;
  // The definitions of the same tools may differ from those before: then the later ones are an offer of their own.
  offers.push({ from, tools });
}

function isSame(left: Tools, right: Tools): boolean {
  return left.size === right.size && [...left].every(([name, tool]) => isSameTool(tool, right.get(name)));
}

function isSameTool(left: WireTool, right: WireTool | undefined): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}

/** Tells the changes of a conversation's tools in the order of its messages. */
export interface ToolTeller {
  /** What the model has to be told before the reply to so many messages; empty where nothing has changed since. */
  until(messages: number): readonly Block[];
}

export function createToolTeller({ offers }: ToolHistory): ToolTeller {
  const told = new Map(offers[0]?.tools);
  const defined = new Map(told);
  return {
    until(messages) {
      const wanted = offers.findLast(({ from }, index) => index === 0 || from <= messages)?.tools ?? told;
      const blocks: Block[] = [];
      for (const name of [...told.keys()]) {
        if (wanted.has(name)) continue;
        blocks.push({ type: "tool_removal", tool: { type: "tool_reference", name } });
        told.delete(name);
      }
      for (const [name, tool] of wanted) {
        const before = told.get(name);
        if (before !== undefined && isSameTool(before, tool)) continue;
        const known = defined.get(name);
        const isKnown = known !== undefined && isSameTool(known, tool);
        const change = isKnown ? { type: "tool_reference", name } : { type: "tool_definition", definition: tool };
        blocks.push({ type: "tool_addition", tool: change });
        told.set(name, tool);
        defined.set(name, tool);
      }
      return blocks;
    },
  };
}
