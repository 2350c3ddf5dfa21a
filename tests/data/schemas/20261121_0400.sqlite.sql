BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('20261121_0400');
CREATE TABLE audit_events (
	seq INTEGER NOT NULL, 
	change_id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	action TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	target_kind TEXT NOT NULL, 
	target_id TEXT, 
	"before" JSON NOT NULL, 
	"after" JSON NOT NULL, 
	undoes CHAR(32), 
	db_role TEXT NOT NULL, 
	tool TEXT NOT NULL, 
	personal TEXT, 
	salt TEXT, 
	personal_hash TEXT NOT NULL, 
	body_hash TEXT NOT NULL, 
	prev_hash TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	CONSTRAINT pk_audit_events PRIMARY KEY (seq)
);
INSERT INTO "audit_events" VALUES(1,'01a216adaf0676ef80521b97a01fc06c','2026-11-26 07:06:51.021023','role.created','done','role','01a216ad-af0c-750a-964f-3e17447e9a92','{}','{"administrative":true,"description":"Everything","name":"admin"}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','ccdaaf125f31e2c184799d3cc924e047','e91ea6a4fd37b74b36f8a43595ef09a69899531fac308099effd3e620cf72154','8b214968c983eee2c90b4b33c256829060ba76dda500c6303d5bd355a6c0914c','0000000000000000000000000000000000000000000000000000000000000000','1113fdec19a753ba58abe87d8d87ea42121da9487a882f82b8f765bef64fa348');
INSERT INTO "audit_events" VALUES(2,'01a216adaf1871c793a82e2769127cc0','2026-11-26 07:06:51.038412','role.created','done','role','01a216ad-af1d-7451-a36d-7b5f7a839a1d','{}','{"administrative":false,"description":"","name":"rédacteur"}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','3bf29662df3bedee5bd9c62d33f6e805','0fda9c45c7fa0f5248b3f15cdb6463bd4cff8bcee4f2331133053fb242c416b1','4f05dfd397b7811dab992907e20538113e12c18ff8fe0955ffcc8bec12b7f105','1113fdec19a753ba58abe87d8d87ea42121da9487a882f82b8f765bef64fa348','7b883888b8c2ca3a4a9e1de59ef8ba94d1e10d9a567222d032ae72959cba265f');
INSERT INTO "audit_events" VALUES(3,'01a216adaf2777e08a6119828a4e179e','2026-11-26 07:06:51.063213','user.created','done','user','01a216ad-af30-7621-b829-8b7e6b4f68f0','{}','{"is_active":true,"roles":["admin"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"t":"äß漢"},"email":"ada@example.com","full_name":"Ada Lovelace"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}','f31e292e367757c54d136df1bf600954','6730f01e5138dc329db0ddaa1e95bdfbcadb70381481d89d96eed06cabc0c42e','84d86b9bc740c94e222f876a21355b2ef7c23de04cbe281bc652431038b04755','7b883888b8c2ca3a4a9e1de59ef8ba94d1e10d9a567222d032ae72959cba265f','0c6e06523e97c92a70f8e2ffec71f081aa7a0e197c94d65f124e9fd574772535');
INSERT INTO "audit_events" VALUES(4,'01a216adaf4c710b8fce25d1e2fc209c','2026-11-26 07:06:51.100287','user.created','done','user','01a216ad-af55-77c7-b71a-fef0e4dd2c7c','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"o''brien+tag@bücher.example","full_name":"O''Brien\\\\;--\"%s"},"before":{},"host":"admin.example.com","reason":null,"target_email":"o''brien+tag@bücher.example","ticket":null}','73bd8179726f3fdbaaf90392df1478e6','11cb0d20dee43ef3baa80aa5dc4877b8a87e07edc6af164d605c907c4d7818f2','fcd5024dfccd431a517fcc783646dd28d5f88d470ff8aa08b5796a0dbc699f28','0c6e06523e97c92a70f8e2ffec71f081aa7a0e197c94d65f124e9fd574772535','c46d4e6a0f736e0c42fc9de3d9fa390e7b74c259ac6dae95c383f318f5f782c0');
INSERT INTO "audit_events" VALUES(5,'01a216adaf67747a9e2366dee8b7a63f','2026-11-26 07:06:51.123400','user.created','done','user','01a216ad-af6d-74a1-b1e1-431101459f3a','{}','{"expires_at":"2100-01-01T00:00:00Z","is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"ملك@example.org","full_name":"‫ملك"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ملك@example.org","ticket":null}','a265c24f4d7b56837edfd48454932fad','d0b920d64765a21cf86e1b953b4481fc1d30bd4fd0b97e3b413299ac0aeffce7','a4a00032c272bdbed62a4aa0afc334d75d570e91c0af588beaed74bdcf4c318d','c46d4e6a0f736e0c42fc9de3d9fa390e7b74c259ac6dae95c383f318f5f782c0','162aa60ce5dce12724c729b2c6e6235589c44be1f0bcc13c1ce12b6ec33e29a2');
INSERT INTO "audit_events" VALUES(6,'01a216adaf7f702690ffe85e6787d06e','2026-11-26 07:06:51.153618','user.created','done','user','01a216ad-af86-736b-8e02-b40fe6c3bc0c','{}','{"expires_at":"9999-12-31T23:59:59Z","is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"a":"{}"},"email":"forever@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"forever@example.com","ticket":null}','eb191b9a7eda22268f17ce9c9f153969','ac6cae2a683a713a86e6544d8d8b1b52f7c19b036abc376ad3dd1a47a3ef3ca8','f80516ce7b6e92f51bf67dddc08571675dbf45400d6b165a9a82fecc64b38de6','162aa60ce5dce12724c729b2c6e6235589c44be1f0bcc13c1ce12b6ec33e29a2','f96d1a024c405fe00ee272adadc6158d3f736faab5fd9564865f09a64eaf8a61');
INSERT INTO "audit_events" VALUES(7,'01a216adaf9c73bc95ef2f8e7dc097c0','2026-11-26 07:06:51.346119','user.created','done','user','01a216ad-b04e-7158-aae0-ecea7d55d8a5','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"off@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}','1010226e1da6b5149e82dcf5aa506b20','395ed760e291352977d975d7141f3dc9dccd4eb05105fd183eafbef75e3ba77a','fd8d2133d3b587fef0d657ef0c3c317c62ffc8408ae7e797b3fd0d6d3e375189','f96d1a024c405fe00ee272adadc6158d3f736faab5fd9564865f09a64eaf8a61','86513419a7b7aa487fc3fe09afaa5cf23c4c00a2a6e3d5cdf6b448dc521a6cdb');
INSERT INTO "audit_events" VALUES(8,'01a216adb06872319df0e3494a94bdc2','2026-11-26 07:06:51.408655','user.deactivated','done','user','01a216ad-b04e-7158-aae0-ecea7d55d8a5','{"is_active":true}','{"is_active":false}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}','137ceaebf3c083fcb8ddeff2155218d3','1525f03db343020da4cf36318c77a19cd121432df0375169736904738db9c616','356f3f3819625901be33e8d8d9058881a7b23307405329a94ba2992a0df61a07','86513419a7b7aa487fc3fe09afaa5cf23c4c00a2a6e3d5cdf6b448dc521a6cdb','66b4e0f574d8c05b6f2bab83402779f9bd9b985078b6e661ad98c0ddc5f61224');
INSERT INTO "audit_events" VALUES(9,'01a216adb09e7070b82c47bdfb206010','2026-11-26 07:06:51.438431','user.created','done','user','01a216ad-b0a7-733d-96e2-35269306d5c5','{}','{"is_active":true,"roles":["admin"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"gone@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"gone@example.com","ticket":null}','b05821cd4720fad27bfd4cf1150a2510','aee0ba3d04132609256f87b4269d08e0e8caa22e958db40f87e52986315f2082','2bfaced9d7a07de3c99f6b63ae64b56f65a0c640b6cdd1934f0e2e1853d7c950','66b4e0f574d8c05b6f2bab83402779f9bd9b985078b6e661ad98c0ddc5f61224','5f8ca0891360914f57a08b77bccd45882fdc37c1bbad51b22d7283955df8b8d3');
INSERT INTO "audit_events" VALUES(10,'01a216adb0c173618e639736bb91f1dc','2026-11-26 07:06:51.482558','user.deleted','done','user','01a216ad-b0a7-733d-96e2-35269306d5c5','{"deleted_at":null,"is_active":true,"was_active":null}','{"deleted_at":"2026-11-26T07:06:51.478111Z","is_active":false,"was_active":true}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":"left","target_email":"gone@example.com","ticket":null}','c99d78b37ba8f679bf24940789c8da96','1b0e97628c12c5ff74f87e15402659b4bbc8602e23698065145e097121fdf47b','339f3e5aa4cf36c525d5320df99a7a27ea4bc5f34e64c5802d8e059f8c17bb48','5f8ca0891360914f57a08b77bccd45882fdc37c1bbad51b22d7283955df8b8d3','21da4b2f9f07c6831410c61248dbf9b2be41d50042fced5e0e25744f0c205a7d');
INSERT INTO "audit_events" VALUES(11,'01a216adb0e571b8bbd2e02e9d9ca6fa','2026-11-26 07:06:51.507041','user.created','done','user','01a216ad-b0ec-71f8-ae6f-d8bd03d7fbf8','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0',NULL,NULL,'0cc71f68372b2c70e1d120be9de43a28b2674feca4f80176c2853328ffacd23f','e8a1c43a7a713648c61a217f180197e5d5d92e5322cf763bb6b36fccd613dd3b','21da4b2f9f07c6831410c61248dbf9b2be41d50042fced5e0e25744f0c205a7d','4a4530e4c4bcb252463116e25218d280e8c85baac8bb263f6d1b10179e8c0dc0');
INSERT INTO "audit_events" VALUES(12,'01a216adb1047625b859abda178a7af9','2026-11-26 07:06:51.548088','user.deleted','done','user','01a216ad-b0ec-71f8-ae6f-d8bd03d7fbf8','{"deleted_at":null,"is_active":true,"was_active":null}','{"deleted_at":"2026-11-26T07:06:51.543908Z","is_active":false,"was_active":true}',NULL,'','usercli 0.1.0',NULL,NULL,'99d41fe0538802d61cb52defaf2fe844a38b28f4f9ef8d6f5b7bc588d03effe7','bd21077ef3189571231566ac6f618b3eaae05c6f804a97ebabcd3fbe784563e2','4a4530e4c4bcb252463116e25218d280e8c85baac8bb263f6d1b10179e8c0dc0','574877d81442779b780f408861541eacdc2cd2974b58b3b139f1cec4c541e799');
INSERT INTO "audit_events" VALUES(13,'01a216adb13970fbb4b4103cc6d493c6','2026-11-26 07:06:51.613080','user.erased','done','user','01a216ad-b0ec-71f8-ae6f-d8bd03d7fbf8','{}','{"erased":[[11,12]]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','eb96a5968a83da111d3d640efdf2cc79','457848953f10ce3f32c5e4672a4fb8cade73e11a8458df86ed9d03bac596fef1','9f9f237282a3c78d2a38e3d24280726d24ec30b479a216a1779388fcdf49ec5f','574877d81442779b780f408861541eacdc2cd2974b58b3b139f1cec4c541e799','3b6ec5995b59984d228ce0a499f4ce570105747c23ddef9ecee013a95f687b19');
INSERT INTO "audit_events" VALUES(14,'01a216adb16774b394fde9ce002d9c5d','2026-11-26 07:06:51.638278','user.created','done','user','01a216ad-b16f-728c-a05e-0410a3c7e04d','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"purged@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}','7d0fb83f79b6d58ecc5206dbb8c1dc77','9779ec5d7e23c23c49daa2d6b9d6a680538b60d4436b6f37d2098e6dcddd0f3d','17649eaf1d9cae7d0f47752c98c10b38b4e41e5f229263e0e11f5942938b7fa5','3b6ec5995b59984d228ce0a499f4ce570105747c23ddef9ecee013a95f687b19','5ffbd8aafd884284f835ed45094dd154d958b301491d30ee2778907363be6123');
INSERT INTO "audit_events" VALUES(15,'01a216adb19577e1b128c12f11c063a8','2026-11-26 07:06:51.700800','user.purged','done','user','01a216ad-b16f-728c-a05e-0410a3c7e04d','{"deleted_at":null,"expires_at":null,"is_active":true,"managed_by":null,"must_change_password":false,"roles":[],"was_active":null}','{}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{"attributes":{},"email":"purged@example.com","full_name":""},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}','6387e29fbce0f01033f057f1bee216f7','2e4665b8d1a80cd388239eeebbf1046f4a19030fb775962f3d922ee85f5959ba','8d4ecaa4f2320f027e7ec77f9ef991e47a959a23a43464d1b466be921a5b67b4','5ffbd8aafd884284f835ed45094dd154d958b301491d30ee2778907363be6123','d122eebb9d4936df61ace6b410973f4604b906a97f7a44aa9e45438b7abaafea');
INSERT INTO "audit_events" VALUES(16,'01a216adb1bf7567b4b779b07dcb0a2b','2026-11-26 07:06:51.727394','user.updated','done','user','01a216ad-af30-7621-b829-8b7e6b4f68f0','{}','{}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"n":"1"},"full_name":"👩‍💻"},"before":{"attributes":{},"full_name":"Ada Lovelace"},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}','421233ed770f0688549beaf96602bd8c','bdb1026e70ed75719cc9dbebefcbae89936b614227268815aafc5d8742fdbeea','e159e4f008fd056a9987ac697922d87fcd006f9d0b85a9425d531e16cf4eceae','d122eebb9d4936df61ace6b410973f4604b906a97f7a44aa9e45438b7abaafea','94690bd570002e75b676ab3758e710a4095d4e54d6a326a083d4c2d99b2d4e89');
INSERT INTO "audit_events" VALUES(17,'01a216adb1dc74e8a1226c3f4eeee209','2026-11-26 07:06:51.762109','user.created','done','user','01a216ad-b1e8-7000-a122-6c3ff2ce6274','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"one@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"one@example.com","ticket":null}','3fd8126dba4fcc5d92dfffae964f403b','1476d58d143e7115891bceedfc29d18782dda80c23853f11fb24854ca00febfa','262cea8b2b965c65e22cfa4453824128f81c8f994961ece8ea055d8656c72efc','94690bd570002e75b676ab3758e710a4095d4e54d6a326a083d4c2d99b2d4e89','440f3d46faaa8e4bf5aa9323eced0de2928dd6efd23a2254d1338b941079c877');
INSERT INTO "audit_events" VALUES(18,'01a216adb1dc74e8a1226c3f4eeee209','2026-11-26 07:06:51.762109','user.created','done','user','01a216ad-b1e8-7001-a122-6c3f1c21991d','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"two@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}','201a6fb45dde974a56aeee75f0422757','c0e2e751921fdb38ef671643fb243357bf35f15be88507ba92b6ffda99f8c0a0','3248618fffe037941186c94ebc335a12e4a7882b1d0063fa9356ad4c5a43bcca','440f3d46faaa8e4bf5aa9323eced0de2928dd6efd23a2254d1338b941079c877','5152fe0b4dc4dfc980aba74b24c09ad1ff6e06c69db78cd707b90c7a796096ac');
INSERT INTO "audit_events" VALUES(19,'01a216adb21470e9b3d6a990766653b3','2026-11-26 07:06:51.820618','role.revoked','done','user','01a216ad-b1e8-7001-a122-6c3f1c21991d','{"roles":["rédacteur"]}','{"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}','192b8162d98f82ca59968d7eba9ae392','4bd145eda953aaa621aa16124586b116effe442b5157cf4a5672ebc2eb46567d','b6db49f2222b799425cb3e27dd7b3cd1f08af2c829d48df92881fb2bd1b4b03c','5152fe0b4dc4dfc980aba74b24c09ad1ff6e06c69db78cd707b90c7a796096ac','29e01c2170136fc2b1fbaf9333746f18b3f3f9eedc1016389eb232a18ef798e2');
CREATE TABLE import_progress (
	digest TEXT NOT NULL, 
	change_id CHAR(32) NOT NULL, 
	options JSON NOT NULL, 
	summary JSON NOT NULL, 
	reject_bytes BIGINT NOT NULL, 
	started_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	CONSTRAINT pk_import_progress PRIMARY KEY (digest)
);
INSERT INTO "import_progress" VALUES('7541b40180aeb722b3f29274dabfb91efb76059c715d294681233fafa3c5d47b','01a216adb1dc74e8a1226c3f4eeee209','{"from": "jsonl", "hash_passwords": false, "on_conflict": "fail", "update_passwords": false, "skip_bad": false, "create_roles": false, "preserve": false, "email_domain": null, "delimiter": null, "mapping": {}, "unknown_to_attributes": false, "companions": []}','{"read": 2, "created": 2, "updated": 0, "unchanged": 0, "skipped": 0, "rejected": 0, "change_id": "01a216ad-b1dc-74e8-a122-6c3f4eeee209"}',0,'2026-11-26 07:06:51.748428','2026-11-26 07:06:51.783911','2026-11-26 07:06:51.780116');
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
INSERT INTO "roles" VALUES('01a216adaf0c750a964f3e17447e9a92','admin','Everything',1,'2026-11-26 07:06:51.020292','2026-11-26 07:06:51.020292');
INSERT INTO "roles" VALUES('01a216adaf1d7451a36d7b5f7a839a1d','rédacteur','',0,'2026-11-26 07:06:51.037885','2026-11-26 07:06:51.037885');
CREATE TABLE user_roles (
	user_id CHAR(32) NOT NULL, 
	role_id CHAR(32) NOT NULL, 
	granted_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	granted_by TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_user_roles PRIMARY KEY (user_id, role_id), 
	CONSTRAINT fk_user_roles_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_user_roles_role_id_roles FOREIGN KEY(role_id) REFERENCES roles (id) ON DELETE RESTRICT
);
INSERT INTO "user_roles" VALUES('01a216adaf307621b8298b7e6b4f68f0','01a216adaf0c750a964f3e17447e9a92','2026-11-26 07:06:51.062273','opérateur');
INSERT INTO "user_roles" VALUES('01a216adaf5577c7b71afef0e4dd2c7c','01a216adaf1d7451a36d7b5f7a839a1d','2026-11-26 07:06:51.099393','opérateur');
INSERT INTO "user_roles" VALUES('01a216adb0a7733d96e235269306d5c5','01a216adaf0c750a964f3e17447e9a92','2026-11-26 07:06:51.436981','opérateur');
INSERT INTO "user_roles" VALUES('01a216adb1e87000a1226c3ff2ce6274','01a216adaf1d7451a36d7b5f7a839a1d','2026-11-26 07:06:51.760000','opérateur');
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
INSERT INTO "users" VALUES('01a216adaf307621b8298b7e6b4f68f0','ada@example.com','ada@example.com','👩‍💻','!',1,0,NULL,NULL,NULL,'{"t": "\u00e4\u00df\u6f22", "n": "1"}',2,'2026-11-26 07:06:51.056092','2026-11-26 07:06:51.726229',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216adaf5577c7b71afef0e4dd2c7c','o''brien+tag@bücher.example','o''brien+tag@xn--bcher-kva.example','O''Brien\\;--"%s','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 07:06:51.093452','2026-11-26 07:06:51.093452',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216adaf6d74a1b1e1431101459f3a','ملك@example.org','ملك@example.org','‫ملك','!',1,0,NULL,'2100-01-01 00:00:00.000000',NULL,'{}',1,'2026-11-26 07:06:51.117623','2026-11-26 07:06:51.117623',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216adaf86736b8e02b40fe6c3bc0c','forever@example.com','forever@example.com','','!',1,0,NULL,'9999-12-31 23:59:59.000000',NULL,'{"a": "{}"}',1,'2026-11-26 07:06:51.142351','2026-11-26 07:06:51.142351',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216adb04e7158aae0ecea7d55d8a5','off@example.com','off@example.com','','!',0,0,NULL,NULL,NULL,'{}',2,'2026-11-26 07:06:51.342313','2026-11-26 07:06:51.406184',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216adb0a7733d96e235269306d5c5','gone@example.com','gone@example.com','','!',0,0,NULL,NULL,NULL,'{}',2,'2026-11-26 07:06:51.431095','2026-11-26 07:06:51.479654','2026-11-26 07:06:51.478111',1,NULL);
INSERT INTO "users" VALUES('01a216adb1e87000a1226c3ff2ce6274','one@example.com','one@example.com','','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 07:06:51.752957','2026-11-26 07:06:51.752957',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216adb1e87001a1226c3f1c21991d','two@example.com','two@example.com','','!',1,0,NULL,NULL,NULL,'{}',2,'2026-11-26 07:06:51.752957','2026-11-26 07:06:51.817231',NULL,NULL,NULL);
INSERT INTO "users" VALUES('d4a1fcd228e3375319699378e45559bf','Bare@Example.com','bare@example.com','','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 07:06:51.832000','2026-11-26 07:06:51.832000',NULL,NULL,NULL);
INSERT INTO "users" VALUES('5ee5d924dfa2555f10e8417dba750a27','odd@example.com','odd@example.com','  a	b
''c'' ','$2b$04$abcdefghijklmnopqrstuuG.bKWIyoXCPM0qTsOsgCr.7DTtQOiP6',0,0,NULL,NULL,NULL,'{"deep": {"list": [1, null, " "]}, "": 1.5e300}',1,'1970-01-01 00:00:00.000000','2038-01-19 03:14:08.000000',NULL,NULL,NULL);
INSERT INTO "users" VALUES('f68be4e2d45b2f622afcc5aba572cf32','hash@example.com','hash@example.com','','{SHA}not-ours',1,1,NULL,'2020-01-01 00:00:00.000000','1999-12-31 23:59:59.000000','{}',1,'2026-11-26 07:06:51.832000','2026-11-26 07:06:51.832000',NULL,NULL,'sync');
CREATE UNIQUE INDEX uq_users_email_key ON users (email_key) WHERE deleted_at IS NULL;
CREATE INDEX ix_users_created_at_id ON users (created_at, id);
CREATE INDEX ix_user_roles_role_id ON user_roles (role_id);
CREATE INDEX ix_audit_events_change_id ON audit_events (change_id);
CREATE INDEX ix_audit_events_target_id_seq ON audit_events (target_id, seq);
CREATE INDEX ix_audit_events_undoes ON audit_events (undoes) WHERE undoes IS NOT NULL;
CREATE TRIGGER audit_events_append BEFORE INSERT ON audit_events
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit_events)
        OR NEW.prev_hash IS NOT coalesce(
            (SELECT hash FROM audit_events ORDER BY seq DESC LIMIT 1), printf('%064d', 0))
        OR NEW.at < coalesce((SELECT at FROM audit_events ORDER BY seq DESC LIMIT 1), '')
        OR NEW.at < strftime('%Y-%m-%d %H:%M:%f', 'now', '-1 minute')
        OR NEW.at > max(strftime('%Y-%m-%d %H:%M:%f', 'now', '+1 minute'),
            coalesce((SELECT at FROM audit_events ORDER BY seq DESC LIMIT 1), ''))
    BEGIN SELECT RAISE(ABORT, 'audit_events: the row does not continue the log, or its time is not now'); END;
CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
    BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END;
CREATE TRIGGER audit_events_erase_only BEFORE UPDATE ON audit_events
    WHEN NEW.personal IS NOT NULL OR NEW.salt IS NOT NULL
        OR NEW."seq" IS NOT OLD."seq" OR NEW."change_id" IS NOT OLD."change_id" OR NEW."at" IS NOT OLD."at" OR NEW."action" IS NOT OLD."action" OR NEW."outcome" IS NOT OLD."outcome" OR NEW."target_kind" IS NOT OLD."target_kind" OR NEW."target_id" IS NOT OLD."target_id" OR NEW."before" IS NOT OLD."before" OR NEW."after" IS NOT OLD."after" OR NEW."undoes" IS NOT OLD."undoes" OR NEW."db_role" IS NOT OLD."db_role" OR NEW."tool" IS NOT OLD."tool" OR NEW."personal_hash" IS NOT OLD."personal_hash" OR NEW."body_hash" IS NOT OLD."body_hash" OR NEW."prev_hash" IS NOT OLD."prev_hash" OR NEW."hash" IS NOT OLD."hash"
    BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END;
COMMIT;
