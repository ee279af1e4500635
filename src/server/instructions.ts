/** What hosts tell their model about legwork. */
export const INSTRUCTIONS = `legwork runs sub-agents for you. Each works on its own with the tools of the user's MCP servers.

1. spawn_agent(prompt) returns a run_id at once. Spawn several to work in parallel. The agent sees only its prompt: say all it needs. agent picks a ready-made one; workflow leads it through steps that it cannot skip. list_agents shows both.
2. wait_for_runs(run_ids) waits for their ends. Call it again for those still pending.
3. get_run(run_id) shows a run's outcome, cost and, with view "events", all it did. list_runs finds earlier runs.

Agents may only read unless you, their definition or their workflow grant more: pass tools with names or patterns, such as ["read_only", "workspace__write_file"], or ["*"] for all. Answers say what was withheld.
cancel_run stops a run. A status of partial, blocked, timeout or error is an outcome, not a failure of the tool: read error and partial_text.`;
