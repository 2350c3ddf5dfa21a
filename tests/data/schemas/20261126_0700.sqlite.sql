BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('20261126_0700');
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
INSERT INTO "audit_events" VALUES(1,'01a21932b19f70e4ad97c40788f56a92','2026-11-26 18:51:22.426823','role.created','done','role','01a21932-b1b9-750a-9c5f-f164bda1851a','{}','{"administrative":true,"description":"Everything","name":"admin"}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','fadd3d7317d973f5fd62ebcb7def87fc','479df2710c13e72d0033940b6fb140729f5ae225fdf4bdae066ba7ca77be4a77','c76a439b96719613f9660aeba7b5005d6d3cdd10f8b89411a570bf0004af43cf','0000000000000000000000000000000000000000000000000000000000000000','b28ec25200217e8f2d7f1b1d03ef37a1968be77dcaab1d848b09153775d349e2');
INSERT INTO "audit_events" VALUES(2,'01a21932b1ce75b193b62599032b8944','2026-11-26 18:51:22.452041','role.created','done','role','01a21932-b1d3-761a-a3e0-94e00eda3bf9','{}','{"administrative":false,"description":"","name":"rédacteur"}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','0ef81f733e8bf1e0598712f4a9203659','4e3d7c74731145c5a0e155efb61494956be16cab4a3538dc5cabac4cd2d5f6ff','3e0c78ad34ac94bc0667aea6671b882a3919e38eab6b2e68287349d584c9d107','b28ec25200217e8f2d7f1b1d03ef37a1968be77dcaab1d848b09153775d349e2','56644f196b873e813e99d94c9544f87e7473efded9c95adcc40495fb3193174e');
INSERT INTO "audit_events" VALUES(3,'01a21932b24f76e0993f04c9a9600d47','2026-11-26 18:51:22.690320','user.created','done','user','01a21932-b2b2-72bf-8744-82899cf4de57','{}','{"is_active":true,"roles":["admin"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"t":"äß漢"},"email":"ada@example.com","full_name":"Ada Lovelace"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}','e6acd748179a201cb1588128497b146b','ccaf5b1090a0f2606413259c6022dae282a3c28f513e30fb6ccfecabe85606ff','28244e0564ce296ea082133f654ec91f849c7da01081cc48235ed68cbe7ce46b','56644f196b873e813e99d94c9544f87e7473efded9c95adcc40495fb3193174e','1a188d02e205d3756a6cebfa0ee287c956d45d0615b8a5ce237bbc879881ddd7');
INSERT INTO "audit_events" VALUES(4,'01a21932b2e97726b52de9a52fb12e4c','2026-11-26 18:51:22.750856','user.created','done','user','01a21932-b2f4-703a-8822-64b491f6fee4','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"o''brien+tag@bücher.example","full_name":"O''Brien\\\\;--\"%s"},"before":{},"host":"admin.example.com","reason":null,"target_email":"o''brien+tag@bücher.example","ticket":null}','edd7eb9512675f48b236d1869d54dbed','0bfde807bba6d84ca8744231edbbeb9f16929141ee97723b2c2f29159b23a0c5','b3aefbad418a5503af7ff775ef84c367281b96f27b3611546a27c9f033a1e958','1a188d02e205d3756a6cebfa0ee287c956d45d0615b8a5ce237bbc879881ddd7','5b87dc034f8fdce191abd9e9972cf943aadbadb788edf5021a99bad0028e6da6');
INSERT INTO "audit_events" VALUES(5,'01a21932b31c772d93d62f25e1173462','2026-11-26 18:51:22.792459','user.created','done','user','01a21932-b322-72ee-8eba-3ea5b9527a5d','{}','{"expires_at":"2100-01-01T00:00:00Z","is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"ملك@example.org","full_name":"‫ملك"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ملك@example.org","ticket":null}','acb66aac88083ab5a208f87cf874b0c2','baa7e1c6e12d78e3997141c1181b8fab5c23d1ad5f96f42ea0415d0647d2f4b1','8ae010b28238a598ff0302003c3191cce9ec5f2cfdc995b1f488b5430c4d1576','5b87dc034f8fdce191abd9e9972cf943aadbadb788edf5021a99bad0028e6da6','f6a3840d405f148248ad53cf6bd8261889854aa47c7e849a0711d6986ccaf428');
INSERT INTO "audit_events" VALUES(6,'01a21932b34774d29a906d189eb9c77c','2026-11-26 18:51:22.840671','user.created','done','user','01a21932-b350-74c3-9b35-10f48d4ab6ce','{}','{"expires_at":"9999-12-31T23:59:59Z","is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"a":"{}"},"email":"forever@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"forever@example.com","ticket":null}','bacb48db1c88c6db673f2a09cf4bb1cf','3b0f75f6227c940aced7a6334dee86e8e74e3b6d2fbb8ce031d58f190278b5ed','4f255d895e716d3cf256c29330cc42dc243518a3c2edadfd9305d2fe88d528a0','f6a3840d405f148248ad53cf6bd8261889854aa47c7e849a0711d6986ccaf428','58030c2cc6b346a1f83dc3c2023a96124e20fbb8e1772b55e843bcb1ae71bd70');
INSERT INTO "audit_events" VALUES(7,'01a21932b36f72fd8003c999dfa29859','2026-11-26 18:51:22.885109','user.created','done','user','01a21932-b37e-72f0-8d17-a5bd6215411a','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"off@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}','229732e33ced4af4529a845d93a7d184','1d26a2b7290e2e64bb091158ac08bc3fce982ee3c915596da696f1daa26ace27','48b26cb6c549ce78c2fdfa191b2a06494eec52d25e20af9ac7d265c3991aa3f9','58030c2cc6b346a1f83dc3c2023a96124e20fbb8e1772b55e843bcb1ae71bd70','c8706522a1580f4e99f9b51eaeabb23875e631564e8ad4e4ce591f81e8e28606');
INSERT INTO "audit_events" VALUES(8,'01a21932b3a57348bde0122f9464aaea','2026-11-26 18:51:22.947437','user.deactivated','done','user','01a21932-b37e-72f0-8d17-a5bd6215411a','{"is_active":true}','{"is_active":false}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}','164acb5f28dd74877db9ff8338f36bc2','1dca5a362962d3682f8d6859a257a31226c01603a9488c23dc781a576ae90cff','83877b56ce99b3a8064ec2de41bb97443cc1dbd767a0b7d190a03ae62129ca73','c8706522a1580f4e99f9b51eaeabb23875e631564e8ad4e4ce591f81e8e28606','a58414fa0f0e8ee762212e31a7e9143c66d10d01a87581e5ba7a98c9e9182054');
INSERT INTO "audit_events" VALUES(9,'01a21932b3d471c68b94408a4d4d37b8','2026-11-26 18:51:22.982563','user.created','done','user','01a21932-b3dc-779d-a6f6-5445394c233f','{}','{"is_active":true,"roles":["admin"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"gone@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"gone@example.com","ticket":null}','f7a6bfa8a3f5c90b742b6a0236677165','df9b349bc96e6bf148e4a199f11450933af945105596e18a251b53d107d13cde','d8a170522393dee12437a451d3aed0823487fe7b6a7c091e927007ae34a94e61','a58414fa0f0e8ee762212e31a7e9143c66d10d01a87581e5ba7a98c9e9182054','7435f4e61ab86797f5f67024002990eb29d449c36c1e0d8d64ab086596039aa5');
INSERT INTO "audit_events" VALUES(10,'01a21932b41a778dbe3ce0cab066165c','2026-11-26 18:51:23.052218','user.deleted','done','user','01a21932-b3dc-779d-a6f6-5445394c233f','{"deleted_at":null,"is_active":true,"was_active":null}','{"deleted_at":"2026-11-26T18:51:23.038669Z","is_active":false,"was_active":true}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":"left","target_email":"gone@example.com","ticket":null}','53ac350909698abcaa15cb41b2750295','04392dc66e9c650cef2a595ce8d8d26c1fd6b4102cd9c51a7bb2d9c74a808477','6308e7ee9dc2bcc99a1198d175ce4655d4691cd1e05d9c1c344e8881b5783bbf','7435f4e61ab86797f5f67024002990eb29d449c36c1e0d8d64ab086596039aa5','b84984b7882a276971d6726ff49adae0fe947f5f9dcfe4f6686e0bf41268cc13');
INSERT INTO "audit_events" VALUES(11,'01a21932b4477280a31534f5c17d2b69','2026-11-26 18:51:23.097133','user.created','done','user','01a21932-b44f-70bb-83a1-b8d5fda4892c','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0',NULL,NULL,'e8732af24014a2ec19e99ae2939c5194f6a70a6b9881290745da58b418dfdf6b','a323c9c3f72a02dc5bf85bc3e08f80f685d868727a0a59b1f94016e54d5c7393','b84984b7882a276971d6726ff49adae0fe947f5f9dcfe4f6686e0bf41268cc13','cc99c5562657316fcaeef16c8d3a012a26a252b9228bdc596bf35cfa64f39d14');
INSERT INTO "audit_events" VALUES(12,'01a21932b46e73d1b84b5c8afbbf8a06','2026-11-26 18:51:23.150354','user.deleted','done','user','01a21932-b44f-70bb-83a1-b8d5fda4892c','{"deleted_at":null,"is_active":true,"was_active":null}','{"deleted_at":"2026-11-26T18:51:23.122799Z","is_active":false,"was_active":true}',NULL,'','usercli 0.1.0',NULL,NULL,'77a3e8fe02cc5c50178983f61e200d3b96d592118afe717730235a4cf578cf4d','9294b36cca5fb2d0b660daf054a85d9fd3c54215291170d1db29459b1c1a3911','cc99c5562657316fcaeef16c8d3a012a26a252b9228bdc596bf35cfa64f39d14','3a786636e1178682c7c55279adc467f7ea2558c48dbb095089ecbd1c22906782');
INSERT INTO "audit_events" VALUES(13,'01a21932b4ee74d088c3b0fd1e0c317c','2026-11-26 18:51:23.283373','user.erased','done','user','01a21932-b44f-70bb-83a1-b8d5fda4892c','{}','{"erased":[[11,12]]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','97fbbbf3dfc10a045e002b79ad186ed6','1b92963724af4f5bfd93372823d93025f2b73e7950c03898a03faad9c7e86cbf','bcc5ad92c2137fbbb44f393f89646d822ea43298f365c23b3e31f8217b2f147e','3a786636e1178682c7c55279adc467f7ea2558c48dbb095089ecbd1c22906782','a6b8e9dd5af88fc73940605ac8d65214a6a14629786360dbdb08d9e609816e2b');
INSERT INTO "audit_events" VALUES(14,'01a21932b524779cbcdf6052d6d054c0','2026-11-26 18:51:23.319847','user.created','done','user','01a21932-b52b-701a-bfe9-e91bbb396ac4','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"purged@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}','dc4443988ee936daa348f1db8ad2d5ae','b9a594c57b318c287bcd24f0b74583e795db3c3e3f42a6c066f355a22f034447','7d5983cfaf279fafea20debe80d4e35fbf78482ac3f2617c71c6e461bdbf4a5a','a6b8e9dd5af88fc73940605ac8d65214a6a14629786360dbdb08d9e609816e2b','02de84999200ac7ecd116956c29a28c2ad7573f3f8821634eb83e0e293fb3bd7');
INSERT INTO "audit_events" VALUES(15,'01a21932b56c77ddb5262827519978fc','2026-11-26 18:51:23.407351','user.purged','done','user','01a21932-b52b-701a-bfe9-e91bbb396ac4','{"deleted_at":null,"expires_at":null,"is_active":true,"managed_by":null,"must_change_password":false,"roles":[],"was_active":null}','{}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{"attributes":{},"email":"purged@example.com","full_name":""},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}','74f6f0203fa65e64389ac1dd0b163139','bd3de74affededaddcfa4afc75603e920e7f0060449e9ba5f89cdbc6164c6359','86d8b0bbbd85e528df94a0ff15c66367517878c1e06d722a377d347ac308d6d0','02de84999200ac7ecd116956c29a28c2ad7573f3f8821634eb83e0e293fb3bd7','0035f1172986bc575f322368eacaf73969c29aa9404b0539d2e12552fdf1f874');
INSERT INTO "audit_events" VALUES(16,'01a21932b5c2755082c0eca021fa4b02','2026-11-26 18:51:23.469393','user.updated','done','user','01a21932-b2b2-72bf-8744-82899cf4de57','{}','{}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"n":"1"},"full_name":"👩‍💻"},"before":{"attributes":{},"full_name":"Ada Lovelace"},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}','efbdd431de8eace49dfe13558b20add0','299389846bfd66c6bcf3133df04a518f72545f4ac92d291ce8136bb4c2dbe9b1','958f02fb9b1fd0c3792596ba1a4dddea74703bf7d710c3f16bb5b88e4f4b40dc','0035f1172986bc575f322368eacaf73969c29aa9404b0539d2e12552fdf1f874','dedaa8a1a76251fa65e6287a5af9d760eefbc04abc5f48df9f13bfbef03d7f60');
INSERT INTO "audit_events" VALUES(17,'01a21932b6297698a7bb69cc9a645c4b','2026-11-26 18:51:23.647762','user.created','done','user','01a21932-b672-7000-a7bb-69cc759418b3','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"one@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"one@example.com","ticket":null}','bdb18e5f48e5e91f70d79de4136e59ca','6153889a8dd3b0182924b0cdcb2bc5fa00e4cb1d31436e57c473a274ceb1c2f6','6b9441873ca035572b545fdeb7ea4f62a48e1d294483718f34162cd999265202','dedaa8a1a76251fa65e6287a5af9d760eefbc04abc5f48df9f13bfbef03d7f60','c62c1985b7c579205e082aee4065c27d68cb2a0fca375230a15281f176a39e8e');
INSERT INTO "audit_events" VALUES(18,'01a21932b6297698a7bb69cc9a645c4b','2026-11-26 18:51:23.647762','user.created','done','user','01a21932-b672-7001-a7bb-69cc5899b7b6','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"two@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}','0a0e06bc8c4b7ed67fbe47ef27e2292b','23125870deee2234e88548b67e13503069103560ff10699310c921e673d22ab7','0fd99a527e8ecf947d1621cdfd139b7ff923e87407e768e1b99df83f6d425fd8','c62c1985b7c579205e082aee4065c27d68cb2a0fca375230a15281f176a39e8e','0dfd32390ffc784717e2d3835e5a3cc069f5fa9211dd9cf85ca163d2aec61549');
INSERT INTO "audit_events" VALUES(19,'01a21932b6937002847e5ebad815e0af','2026-11-26 18:51:23.695757','role.revoked','done','user','01a21932-b672-7001-a7bb-69cc5899b7b6','{"roles":["rédacteur"]}','{"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}','d24d4695420f25b741d369d4fc738007','e9563e7bc5ebcfd93ead9dfcb3ae0c55e3f325cd68cedc86c01fa76316ba2483','8c9c5aa9d3aa8642e90084e2e3359936cc8df7b9e68753cca6ab1a4a679ef667','0dfd32390ffc784717e2d3835e5a3cc069f5fa9211dd9cf85ca163d2aec61549','05d1daf1c3a08bf60f81f407f1fdf8f7045c1b655fb05d4905a5ed5ae334b2aa');
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
INSERT INTO "import_progress" VALUES('7541b40180aeb722b3f29274dabfb91efb76059c715d294681233fafa3c5d47b','01a21932b6297698a7bb69cc9a645c4b','{"from": "jsonl", "hash_passwords": false, "on_conflict": "fail", "update_passwords": false, "skip_bad": false, "create_roles": false, "preserve": false, "email_domain": null, "delimiter": null, "mapping": {}, "skipped": null, "values": null, "timezone": null, "date_order": null, "unknown_to_attributes": false, "encoding": null, "sheet": null, "companions": [], "has_pepper": null}','{"read": 2, "created": 2, "updated": 0, "unchanged": 0, "skipped": 0, "rejected": 0, "change_id": "01a21932-b629-7698-a7bb-69cc9a645c4b"}',0,'2026-11-26 18:51:23.576031','2026-11-26 18:51:23.655998','2026-11-26 18:51:23.654031');
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
INSERT INTO "roles" VALUES('01a21932b1b9750a9c5ff164bda1851a','admin','Everything',1,'2026-11-26 18:51:22.425065','2026-11-26 18:51:22.425065');
INSERT INTO "roles" VALUES('01a21932b1d3761aa3e094e00eda3bf9','rédacteur','',0,'2026-11-26 18:51:22.451205','2026-11-26 18:51:22.451205');
CREATE TABLE user_roles (
	user_id CHAR(32) NOT NULL, 
	role_id CHAR(32) NOT NULL, 
	granted_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	granted_by TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_user_roles PRIMARY KEY (user_id, role_id), 
	CONSTRAINT fk_user_roles_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_user_roles_role_id_roles FOREIGN KEY(role_id) REFERENCES roles (id) ON DELETE RESTRICT
);
INSERT INTO "user_roles" VALUES('01a21932b2b272bf874482899cf4de57','01a21932b1b9750a9c5ff164bda1851a','2026-11-26 18:51:22.688630','opérateur');
INSERT INTO "user_roles" VALUES('01a21932b2f4703a882264b491f6fee4','01a21932b1d3761aa3e094e00eda3bf9','2026-11-26 18:51:22.749631','opérateur');
INSERT INTO "user_roles" VALUES('01a21932b3dc779da6f65445394c233f','01a21932b1b9750a9c5ff164bda1851a','2026-11-26 18:51:22.981661','opérateur');
INSERT INTO "user_roles" VALUES('01a21932b6727000a7bb69cc759418b3','01a21932b1d3761aa3e094e00eda3bf9','2026-11-26 18:51:23.645000','opérateur');
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
INSERT INTO "users" VALUES('01a21932b2b272bf874482899cf4de57','ada@example.com','ada@example.com','👩‍💻','!',1,0,NULL,NULL,NULL,'{"t": "\u00e4\u00df\u6f22", "n": "1"}',2,'2026-11-26 18:51:22.674736','2026-11-26 18:51:23.467903',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a21932b2f4703a882264b491f6fee4','o''brien+tag@bücher.example','o''brien+tag@xn--bcher-kva.example','O''Brien\\;--"%s','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 18:51:22.741008','2026-11-26 18:51:22.741008',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a21932b32272ee8eba3ea5b9527a5d','ملك@example.org','ملك@example.org','‫ملك','!',1,0,NULL,'2100-01-01 00:00:00.000000',NULL,'{}',1,'2026-11-26 18:51:22.786791','2026-11-26 18:51:22.786791',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a21932b35074c39b3510f48d4ab6ce','forever@example.com','forever@example.com','','!',1,0,NULL,'9999-12-31 23:59:59.000000',NULL,'{"a": "{}"}',1,'2026-11-26 18:51:22.832456','2026-11-26 18:51:22.832456',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a21932b37e72f08d17a5bd6215411a','off@example.com','off@example.com','','!',0,0,NULL,NULL,NULL,'{}',2,'2026-11-26 18:51:22.878031','2026-11-26 18:51:22.940267',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a21932b3dc779da6f65445394c233f','gone@example.com','gone@example.com','','!',0,0,NULL,NULL,NULL,'{}',2,'2026-11-26 18:51:22.972929','2026-11-26 18:51:23.049677','2026-11-26 18:51:23.038669',1,NULL);
INSERT INTO "users" VALUES('01a21932b6727000a7bb69cc759418b3','one@example.com','one@example.com','','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 18:51:23.634436','2026-11-26 18:51:23.634436',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a21932b6727001a7bb69cc5899b7b6','two@example.com','two@example.com','','!',1,0,NULL,NULL,NULL,'{}',2,'2026-11-26 18:51:23.634436','2026-11-26 18:51:23.692267',NULL,NULL,NULL);
INSERT INTO "users" VALUES('ac535111f823747957b0530d9e2ae619','Bare@Example.com','bare@example.com','','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 18:51:23.705000','2026-11-26 18:51:23.705000',NULL,NULL,NULL);
INSERT INTO "users" VALUES('37b51077b745506287a7b68988f7518e','odd@example.com','odd@example.com','  a	b
''c'' ','$2b$04$abcdefghijklmnopqrstuuG.bKWIyoXCPM0qTsOsgCr.7DTtQOiP6',0,0,NULL,NULL,NULL,'{"deep": {"list": [1, null, " "]}, "": 1.5e300}',1,'1970-01-01 00:00:00.000000','2038-01-19 03:14:08.000000',NULL,NULL,NULL);
INSERT INTO "users" VALUES('70e2dee9527d9fafcc52a929bfd4fe8d','hash@example.com','hash@example.com','','{SHA}not-ours',1,1,NULL,'2020-01-01 00:00:00.000000','1999-12-31 23:59:59.000000','{}',1,'2026-11-26 18:51:23.705000','2026-11-26 18:51:23.705000',NULL,NULL,'sync');
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
