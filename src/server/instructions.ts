/** What hosts tell their model about legwork. */
export const INSTRUCTIONS = `legwork runs sub-agents for you. Each works with the tools of the user's MCP servers.

1. spawn_agent(prompt) returns a run_id at once. Spawn several in parallel. The agent sees only its prompt: say all it needs. agent picks a ready-made one, workflow leads it through steps; list_agents shows both.
2. wait_for_runs(run_ids) waits for their ends. Call it again for those pending.
3. A waiting run asks a person: put its question to the user, give the answer with respond_to_run.
4. get_run(run_id) shows the outcome and, with view "events", all it did. list_runs finds earlier runs.

Agents may only read unless you, their definition or workflow grant more: pass tools such as ["read_only", "workspace__write_file"], or ["*"] for all. Answers say what was withheld.
cancel_run stops a run. partial, blocked, timeout and error are outcomes, not failures of the tool: read error and partial_text.`;
