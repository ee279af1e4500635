CREATE TABLE `blobs` (
	`hash` text PRIMARY KEY NOT NULL,
	`text` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `run_events` (
	`run_id` text NOT NULL,
	`seq` integer NOT NULL,
	`at` integer NOT NULL,
	`type` text NOT NULL,
	`version` integer NOT NULL,
	`data` text NOT NULL,
	PRIMARY KEY(`run_id`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `runs` (
	`id` text PRIMARY KEY NOT NULL,
	`session_id` text NOT NULL,
	`parent_session_id` text NOT NULL,
	`parent_run_id` text,
	`root_run_id` text NOT NULL,
	`depth` integer NOT NULL,
	`project` text NOT NULL,
	`title` text NOT NULL,
	`agent` text NOT NULL,
	`workflow` text,
	`step` text,
	`provider` text NOT NULL,
	`model` text NOT NULL,
	`prompt` text NOT NULL,
	`request` text NOT NULL,
	`status` text NOT NULL,
	`outcome` text,
	`error_code` text,
	`error_message` text,
	`turns_used` integer DEFAULT 0 NOT NULL,
	`tool_calls_count` integer DEFAULT 0 NOT NULL,
	`input_tokens` integer DEFAULT 0 NOT NULL,
	`output_tokens` integer DEFAULT 0 NOT NULL,
	`cached_tokens` integer DEFAULT 0 NOT NULL,
	`thinking_tokens` integer DEFAULT 0 NOT NULL,
	`cost_usd` real,
	`idempotency_key` text,
	`request_hash` text,
	`owner` text,
	`epoch` integer NOT NULL,
	`lease_expires_at` integer,
	`attempts` integer DEFAULT 0 NOT NULL,
	`last_seq` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`started_at` integer,
	`last_event_at` integer NOT NULL,
	`finished_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `runs_idempotency` ON `runs` (`project`,`idempotency_key`);--> statement-breakpoint
CREATE INDEX `runs_by_project` ON `runs` (`project`,`id`);--> statement-breakpoint
CREATE INDEX `runs_by_status` ON `runs` (`status`,`id`);--> statement-breakpoint
CREATE INDEX `runs_by_session` ON `runs` (`parent_session_id`,`id`);--> statement-breakpoint
CREATE INDEX `runs_by_parent` ON `runs` (`parent_run_id`,`id`);--> statement-breakpoint
CREATE TABLE `sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`parent_session_id` text,
	`depth` integer NOT NULL,
	`kind` text NOT NULL,
	`client_name` text,
	`client_version` text,
	`project` text NOT NULL,
	`title` text,
	`created_at` integer NOT NULL,
	`ended_at` integer
);
--> statement-breakpoint
CREATE TABLE `tool_pins` (
	`server` text NOT NULL,
	`tool` text NOT NULL,
	`definition_hash` text NOT NULL,
	`state` text NOT NULL,
	PRIMARY KEY(`server`, `tool`)
);
