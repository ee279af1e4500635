/** A catalog without the tools whose arguments cannot be checked. */
import type { Catalog, ServerProblem } from "../../core/ports/downstream.js";
import type { JsonSchemas } from "../../core/ports/json-schemas.js";
import type { CatalogTool } from "../../core/tools/tool.js";

/** Returns the same object for the same catalog until a judgement under one of its schemas is given up. */
export function createUsableCatalogs(givenUp: JsonSchemas["givenUp"]): (catalog: Catalog) => Catalog {
  const usable = new WeakMap<Catalog, { readonly without: number; readonly catalog: Catalog }>();
  return (catalog) => {
    const rejected = catalog.tools.flatMap((tool) => {
      const reason = givenUp(tool.inputSchema);
      return reason === null ? [] : [rejection(tool, reason)];
    });
    if (rejected.length === 0) return catalog;
    const known = usable.get(catalog);
    if (known?.without === rejected.length) return known.catalog;
    const names = new Set(rejected.map(({ tool }) => tool));
    const tools = catalog.tools.filter(({ name }) => !names.has(name));
    const made = { tools, problems: [...catalog.problems, ...rejected] };
    usable.set(catalog, { without: rejected.length, catalog: made });
    return made;
  };
}

function rejection({ name, server }: CatalogTool, reason: string): ServerProblem {
  const message = `${name} was rejected: its inputSchema cannot be used: ${reason}`;
  return { server, code: "tool_rejected", message, tool: name };
}
