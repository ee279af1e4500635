/** What hosts tell their model about legwork. */
export const INSTRUCTIONS = `legwork runs sub-agents for you. Each works on its own with the tools of the user's MCP servers.

1. spawn_agent(prompt) returns a run_id at once. Spawn several to work in parallel. The agent sees only its prompt: say all it needs.
2. wait_for_runs(run_ids) waits for their ends. If some are still pending, call it again; do other work in between rather than polling.
3. get_run(run_id) shows a run's outcome, cost and, with view "events", every step. list_runs finds runs of earlier sessions.

Agents may only read unless you grant more: pass tools with names or patterns, such as ["read_only", "workspace__write_file"], or ["*"] for all. Answers say what was withheld.
cancel_run stops a run and what it is doing. A status of partial, blocked, timeout or error is an outcome, not a failure of the tool: read error and partial_text.`;
