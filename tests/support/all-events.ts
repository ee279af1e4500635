/** The whole journal of a run, as a host reads it: page by page. */
import type { EventAnswer, Structured, TestHost } from "./host.js";

export async function allEvents(host: TestHost, runId: string): Promise<readonly EventAnswer[]> {
  const events: EventAnswer[] = [];
  let cursor: string | null = null;
  do {
    const args = { run_id: runId, view: "events", limit: 200, ...(cursor === null ? {} : { cursor }) };
    const { structured }: { structured: Structured } = await host.call("get_run", args);
    events.push(...structured.events);
    cursor = structured.next_cursor ?? null;
  } while (cursor !== null);
  return events;
}
