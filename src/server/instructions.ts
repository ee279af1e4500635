/** The instructions about legwork that a host passes to its model. */
export const INSTRUCTIONS = `legwork runs agents for you in the background. Each works with the tools of the user's MCP servers.

1. spawn_agent(prompt) delegates a task and returns a run_id at once. Spawn several in parallel. An agent sees only its prompt: say all it needs. agent selects a ready-made agent, workflow the steps it must follow; list_agents lists both.
2. wait_for_runs(run_ids) waits for their ends. Call it again for pending runs.
3. A waiting run asks a person: ask the user, do not decide, and pass the answer to respond_to_run.
4. get_run(run_id) returns the outcome; with view "events", all events. list_runs finds earlier runs.

Agents may only read unless you, their definition or workflow grant more: pass tools such as ["read_only", "workspace__write_file"], or ["*"] for all.
cancel_run stops a run. partial, blocked, timeout and error are outcomes, not failures of the tool: read error and partial_text.`;
