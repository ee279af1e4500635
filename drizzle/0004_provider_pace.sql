CREATE TABLE `provider_pace` (
	`account` text PRIMARY KEY NOT NULL,
	`pace` text NOT NULL
);
