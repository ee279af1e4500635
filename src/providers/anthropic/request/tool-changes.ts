/**
 * How the tools of a conversation change where the model's thinking is bound to them: the list of the first request stays as it
 * was, and each change is a message (docs/decisions/0024).
 */
import type { ModelRequest } from "../../../core/ports/provider.js";
import type { Message } from "../../../core/run/message.js";
import type { Block, WireTool } from "../wire.js";
import { lostTool, toWireTool } from "./tool-definitions.js";

/** Tools by name, in their order. */
type Tools = ReadonlyMap<string, WireTool>;

/** The tools that requests declare once the conversation has so many messages. */
interface Declared {
  readonly from: number;
  readonly tools: Tools;
}

/** The tools of a conversation over time, the first first; never empty. */
export type ToolHistory = readonly Declared[];

interface RememberedTools {
  readonly history: Declared[];
  /** The entries of `declaredTools` that are in the history. */
  known: number;
}

/** By list of messages: a conversation only grows, and only its earlier requests know the definitions of tools that are gone. */
const remembered = new WeakMap<readonly Message[], RememberedTools>();

/** The tools that a conversation has declared up to this request. */
export function toolHistoryOf({ messages, tools, declaredTools = [] }: ModelRequest): ToolHistory {
  const state = remembered.get(messages) ?? { history: [], known: 0 };
  const { history } = state;
  const now: Tools = new Map(tools.map((tool) => [tool.name, toWireTool(tool)]));
  for (const { from, tools: names } of declaredTools.slice(state.known))
    declare(
      history,
      Math.min(from, messages.length),
      new Map(names.map((name) => [name, definitionOf(name, now, history)])),
    );
  state.known = Math.max(state.known, declaredTools.length);
  // The same names may have other definitions by now.
  declare(history, history.length === 0 ? 0 : messages.length, now);
  remembered.set(messages, state);
  return history;
}

/** As this request defines it or, for a tool that it lacks, the last one that had it. */
function definitionOf(name: string, now: Tools, history: ToolHistory): WireTool {
  return now.get(name) ?? history.findLast(({ tools }) => tools.has(name))?.tools.get(name) ?? lostTool(name);
}

function declare(history: Declared[], from: number, tools: Tools): void {
  const last = history.at(-1);
  if (last === undefined || !isSame(last.tools, tools)) history.push({ from, tools });
}

function isSame(left: Tools, right: Tools): boolean {
  return left.size === right.size && [...left].every(([name, tool]) => isSameTool(tool, right.get(name)));
}

function isSameTool(left: WireTool, right: WireTool | undefined): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}

/** The changes of a conversation's tools, for someone who walks through its messages. */
export interface ToolChanges {
  /** The changes since the last call that hold for the reply behind so many messages; empty where there are none. */
  upTo(messages: number): readonly Block[];
}

export function createToolChanges(history: ToolHistory): ToolChanges {
  const first = history[0]?.tools ?? [];
  const present = new Map(first);
  const defined = new Map(first);
  return {
    upTo(messages) {
      const wanted = history.findLast(({ from }, index) => index === 0 || from <= messages)?.tools ?? present;
      const gone = [...present.keys()].filter((name) => !wanted.has(name));
      const come = [...wanted].filter(([name, tool]) => !isSameTool(tool, present.get(name)));
      const additions = come.map(([name, tool]) => additionOf(tool, defined.get(name)));
      for (const name of gone) present.delete(name);
      for (const [name, tool] of come) {
        present.set(name, tool);
        defined.set(name, tool);
      }
      return [...gone.map((name) => ({ type: "tool_removal", tool: { type: "tool_reference", name } })), ...additions];
    },
  };
}

/** By its name where the conversation has its definition already. */
function additionOf(tool: WireTool, known: WireTool | undefined): Block {
  const isKnown = isSameTool(tool, known);
  const by = isKnown ? { type: "tool_reference", name: tool.name } : { type: "tool_definition", definition: tool };
  return { type: "tool_addition", tool: by };
}
