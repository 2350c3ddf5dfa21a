BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('20261121_0200');
CREATE TABLE roles (
	id CHAR(32) DEFAULT (lower(hex(randomblob(16)))) NOT NULL, 
	name TEXT NOT NULL, 
	description TEXT DEFAULT '' NOT NULL, 
	administrative BOOLEAN DEFAULT 0 NOT NULL, 
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	updated_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	CONSTRAINT pk_roles PRIMARY KEY (id), 
	CONSTRAINT uq_roles_name UNIQUE (name)
);
INSERT INTO "roles" VALUES('01a216ad8dac735494d545ca2c2b5f87','admin','Everything',1,'2026-11-26 07:06:42.476921','2026-11-26 07:06:42.476921');
INSERT INTO "roles" VALUES('01a216ad8de570738a2b4e9239edc62a','rédacteur','',0,'2026-11-26 07:06:42.533507','2026-11-26 07:06:42.533507');
CREATE TABLE user_roles (
	user_id CHAR(32) NOT NULL, 
	role_id CHAR(32) NOT NULL, 
	granted_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	granted_by TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_user_roles PRIMARY KEY (user_id, role_id), 
	CONSTRAINT fk_user_roles_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_user_roles_role_id_roles FOREIGN KEY(role_id) REFERENCES roles (id) ON DELETE RESTRICT
);
INSERT INTO "user_roles" VALUES('01a216ad8e2b7088a9fedaf9dcf6ef90','01a216ad8dac735494d545ca2c2b5f87','2026-11-26 07:06:42.616011','opérateur');
INSERT INTO "user_roles" VALUES('01a216ad8e7f760da8c513969d4d214e','01a216ad8de570738a2b4e9239edc62a','2026-11-26 07:06:42.699716','opérateur');
INSERT INTO "user_roles" VALUES('01a216ad8fc277d89afb91d23f227ae3','01a216ad8dac735494d545ca2c2b5f87','2026-11-26 07:06:43.015535','opérateur');
INSERT INTO "user_roles" VALUES('01a216ad92c47000b541d0c0393320e6','01a216ad8de570738a2b4e9239edc62a','2026-11-26 07:06:43.791000','opérateur');
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
INSERT INTO "users" VALUES('01a216ad8e2b7088a9fedaf9dcf6ef90','ada@example.com','ada@example.com','👩‍💻','!',1,0,NULL,NULL,NULL,'{"t": "\u00e4\u00df\u6f22", "n": "1"}',2,'2026-11-26 07:06:42.603799','2026-11-26 07:06:43.734249',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216ad8e7f760da8c513969d4d214e','o''brien+tag@bücher.example','o''brien+tag@xn--bcher-kva.example','O''Brien\\;--"%s','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 07:06:42.687082','2026-11-26 07:06:42.687082',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216ad8ec277df84fb0690db8a574e','ملك@example.org','ملك@example.org','‫ملك','!',1,0,NULL,'2100-01-01 00:00:00.000000',NULL,'{}',1,'2026-11-26 07:06:42.754641','2026-11-26 07:06:42.754641',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216ad8f08750f9f85e0a412d66a46','forever@example.com','forever@example.com','','!',1,0,NULL,'9999-12-31 23:59:59.000000',NULL,'{"a": "{}"}',1,'2026-11-26 07:06:42.824721','2026-11-26 07:06:42.824721',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216ad8f51719ab3990fa2f5ad5bd0','off@example.com','off@example.com','','!',0,0,NULL,NULL,NULL,'{}',2,'2026-11-26 07:06:42.897047','2026-11-26 07:06:42.986121',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216ad8fc277d89afb91d23f227ae3','gone@example.com','gone@example.com','','!',0,0,NULL,NULL,NULL,'{}',2,'2026-11-26 07:06:43.010556','2026-11-26 07:06:43.104879','2026-11-26 07:06:43.103593',1,NULL);
INSERT INTO "users" VALUES('01a216ad92c47000b541d0c0393320e6','one@example.com','one@example.com','','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 07:06:43.780169','2026-11-26 07:06:43.780169',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216ad92c47001b541d0c02923cd02','two@example.com','two@example.com','','!',1,0,NULL,NULL,NULL,'{}',2,'2026-11-26 07:06:43.780169','2026-11-26 07:06:44.000757',NULL,NULL,NULL);
INSERT INTO "users" VALUES('e4d481ffae3d7df8eb0d8697633502b9','Bare@Example.com','bare@example.com','','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 07:06:44.039000','2026-11-26 07:06:44.039000',NULL,NULL,NULL);
INSERT INTO "users" VALUES('ee6134b80047de58a0ee3185472947e1','odd@example.com','odd@example.com','  a	b
''c'' ','$2b$04$abcdefghijklmnopqrstuuG.bKWIyoXCPM0qTsOsgCr.7DTtQOiP6',0,0,NULL,NULL,NULL,'{"deep": {"list": [1, null, " "]}, "": 1.5e300}',1,'1970-01-01 00:00:00.000000','2038-01-19 03:14:08.000000',NULL,NULL,NULL);
INSERT INTO "users" VALUES('080c2b24f65969f534244685f483f79c','hash@example.com','hash@example.com','','{SHA}not-ours',1,1,NULL,'2020-01-01 00:00:00.000000','1999-12-31 23:59:59.000000','{}',1,'2026-11-26 07:06:44.039000','2026-11-26 07:06:44.039000',NULL,NULL,'sync');
CREATE UNIQUE INDEX uq_users_email_key ON users (email_key) WHERE deleted_at IS NULL;
CREATE INDEX ix_users_created_at_id ON users (created_at, id);
CREATE INDEX ix_user_roles_role_id ON user_roles (role_id);
COMMIT;
