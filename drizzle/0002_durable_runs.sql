DROP INDEX `runs_idempotency`;--> statement-breakpoint
DROP INDEX `runs_by_project`;--> statement-breakpoint
DROP INDEX `runs_by_status`;--> statement-breakpoint
DROP INDEX `runs_by_session`;--> statement-breakpoint
DROP INDEX `runs_by_parent`;--> statement-breakpoint
ALTER TABLE `runs` ADD `interrupted_at` integer;--> statement-breakpoint
ALTER TABLE `runs` ADD `question` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `continues_run_id` text;--> statement-breakpoint
CREATE INDEX `runs_by_agent` ON `runs` (`agent`,`status`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `runs_by_project_and_agent` ON `runs` (`project`,`agent`,`status`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `runs_by_continued` ON `runs` (`continues_run_id`) WHERE continues_run_id IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `runs_idempotency` ON `runs` (`project`,`idempotency_key`) WHERE "runs"."idempotency_key" is not null;--> statement-breakpoint
CREATE INDEX `runs_by_project` ON `runs` (`project`,`status`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `runs_by_status` ON `runs` (`status`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `runs_by_session` ON `runs` (`parent_session_id`,`status`,`created_at`,`id`,`agent`);--> statement-breakpoint
CREATE INDEX `runs_by_parent` ON `runs` (`parent_run_id`,`status`,`created_at`,`id`,`agent`,`project`) WHERE "runs"."parent_run_id" is not null;--> statement-breakpoint
CREATE INDEX `run_events_landmarks` ON `run_events` (`run_id`,`type`,`seq`) WHERE ("run_events"."type" in ('tools_resolved', 'step_entered') or ("run_events"."type" in ('tool_call_started', 'workflow_call_started') and "run_events"."data" ->> '$.effect' <> 'read_only'));