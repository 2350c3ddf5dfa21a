BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('20261121_0100');
CREATE TABLE users (
	id CHAR(32) DEFAULT (lower(hex(randomblob(16)))) NOT NULL, 
	email TEXT NOT NULL, 
	email_key TEXT NOT NULL, 
	full_name TEXT DEFAULT '' NOT NULL, 
	hashed_password TEXT NOT NULL, 
	is_active BOOLEAN DEFAULT 1 NOT NULL, 
	must_change_password BOOLEAN DEFAULT 0 NOT NULL, 
	password_changed_at DATETIME, 
	expires_at DATETIME, 
	last_login_at DATETIME, 
	attributes JSON DEFAULT '{}' NOT NULL, 
	version INTEGER DEFAULT 1 NOT NULL, 
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	updated_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	deleted_at DATETIME, 
	was_active BOOLEAN, 
	managed_by TEXT, 
	CONSTRAINT pk_users PRIMARY KEY (id), 
	CONSTRAINT ck_users_deleted_is_inactive CHECK (deleted_at IS NULL OR NOT is_active), 
	CONSTRAINT ck_users_version_positive CHECK (version > 0)
);
INSERT INTO "users" VALUES('01a216ad73a7776c9d6f828568e0f25c','ada@example.com','ada@example.com','👩‍💻','!',1,0,NULL,NULL,NULL,'{"t": "\u00e4\u00df\u6f22", "n": "1"}',2,'2026-11-26 07:06:35.815873','2026-11-26 07:06:37.205034',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216ad746270b383e750203b22cc89','o''brien+tag@bücher.example','o''brien+tag@xn--bcher-kva.example','O''Brien\\;--"%s','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 07:06:36.002855','2026-11-26 07:06:36.002855',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216ad74a771f5a2462c70d9528649','ملك@example.org','ملك@example.org','‫ملك','!',1,0,NULL,'2100-01-01 00:00:00.000000',NULL,'{}',1,'2026-11-26 07:06:36.071332','2026-11-26 07:06:36.071332',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216ad750073fbab5f849db0cf8a3b','forever@example.com','forever@example.com','','!',1,0,NULL,'9999-12-31 23:59:59.000000',NULL,'{"a": "{}"}',1,'2026-11-26 07:06:36.160120','2026-11-26 07:06:36.160120',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216ad755b75c0b6102458821db644','off@example.com','off@example.com','','!',0,0,NULL,NULL,NULL,'{}',2,'2026-11-26 07:06:36.251351','2026-11-26 07:06:36.376847',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216ad761972d4aec32c437d6fc238','gone@example.com','gone@example.com','','!',0,0,NULL,NULL,NULL,'{}',2,'2026-11-26 07:06:36.445475','2026-11-26 07:06:36.590424','2026-11-26 07:06:36.584869',1,NULL);
INSERT INTO "users" VALUES('01a216ad79c97000a77785c9ca03d5a6','one@example.com','one@example.com','','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 07:06:37.385066','2026-11-26 07:06:37.385066',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216ad79c97001a77785c96a6626e6','two@example.com','two@example.com','','!',1,0,NULL,NULL,NULL,'{}',2,'2026-11-26 07:06:37.385066','2026-11-26 07:06:37.541312',NULL,NULL,NULL);
INSERT INTO "users" VALUES('b4931877d06d9e8f58efabaee90faf5c','Bare@Example.com','bare@example.com','','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 07:06:37.604000','2026-11-26 07:06:37.604000',NULL,NULL,NULL);
INSERT INTO "users" VALUES('7fb6cc2c841549d8e97bb159ddf75e03','odd@example.com','odd@example.com','  a	b
''c'' ','$2b$04$abcdefghijklmnopqrstuuG.bKWIyoXCPM0qTsOsgCr.7DTtQOiP6',0,0,NULL,NULL,NULL,'{"deep": {"list": [1, null, " "]}, "": 1.5e300}',1,'1970-01-01 00:00:00.000000','2038-01-19 03:14:08.000000',NULL,NULL,NULL);
INSERT INTO "users" VALUES('cfaee6084dbc235d89034068e6293121','hash@example.com','hash@example.com','','{SHA}not-ours',1,1,NULL,'2020-01-01 00:00:00.000000','1999-12-31 23:59:59.000000','{}',1,'2026-11-26 07:06:37.604000','2026-11-26 07:06:37.604000',NULL,NULL,'sync');
CREATE UNIQUE INDEX uq_users_email_key ON users (email_key) WHERE deleted_at IS NULL;
CREATE INDEX ix_users_created_at_id ON users (created_at, id);
COMMIT;
