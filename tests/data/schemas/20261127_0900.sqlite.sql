BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('20261127_0900');
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
INSERT INTO "audit_events" VALUES(1,'01a21ac698ee761d9628d054b6b35af8','2026-11-27 02:12:32.630000','role.created','done','role','01a21ac6-98f5-7710-adea-3f4dfb63153b','{}','{"administrative":true,"description":"Everything","name":"admin"}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','c84efe274c8488adc86e52988b9b9705','1d97351ba067aa921e2fa8bbbe9fc75d8df3b32fe9ee5def9950d834f3028bc7','61a4ec4118c0c0d3dcc9d02106634ed86eb862bf20379e8a227b5ce6b716cfcf','0000000000000000000000000000000000000000000000000000000000000000','0280a5630631b33275d5e39fe1b8dc69dd1755e06711e9fea2cacd4a6f07541c');
INSERT INTO "audit_events" VALUES(2,'01a21ac6990e74388a1adb13cdf9206c','2026-11-27 02:12:32.663453','role.created','done','role','01a21ac6-9916-72fc-be2e-4c768136d4f1','{}','{"administrative":false,"description":"","name":"rédacteur"}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','b59a39b04ad9c86474a60ae29f6b77bb','546e43341111d50ccc7b4e456bbf5523db0156ae5dd554672d401e2f0b30c204','6bf600f82924168e146dbebc0597601c0f926e124187b1bf56c122db406b0e87','0280a5630631b33275d5e39fe1b8dc69dd1755e06711e9fea2cacd4a6f07541c','3c185e953a0f502dfc04584f53884e8a754139408eff70eb9b85ff7b91e4b003');
INSERT INTO "audit_events" VALUES(3,'01a21ac6997e72139dad2dcf8e18af3b','2026-11-27 02:12:32.878892','user.created','done','user','01a21ac6-99e7-77e3-9c8c-126a7d5456e8','{}','{"is_active":true,"roles":["admin"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"t":"äß漢"},"email":"ada@example.com","full_name":"Ada Lovelace"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}','20f28b6519792a56b4eb9e9dd549f652','017e77628c33bc3277e0440c9e736558db088a3eb71c6d70a2f1fec3bbb41ea9','9a19f68ab654158307601316417b21f9f28afc2e1f8d94d928a927644454eab3','3c185e953a0f502dfc04584f53884e8a754139408eff70eb9b85ff7b91e4b003','20fa7be1080edc60aa12c1b405113529e518e21eddcb51c8848044048582398a');
INSERT INTO "audit_events" VALUES(4,'01a21ac69a2476db8c354fbdbbe0edd2','2026-11-27 02:12:32.943945','user.created','done','user','01a21ac6-9a29-75e9-b9fb-97f02ae03653','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"o''brien+tag@bücher.example","full_name":"O''Brien\\\\;--\"%s"},"before":{},"host":"admin.example.com","reason":null,"target_email":"o''brien+tag@bücher.example","ticket":null}','257d4e652a56a7b2700a1a05b6ad44a8','647c46da9f66eb164a0672266c052d379f5e826abe107d0f4565400b28cbdf5d','117b76c79f2f1fa8d9fdf19c7ad8cbf11c5feaa25c905b158be391760d2eeb31','20fa7be1080edc60aa12c1b405113529e518e21eddcb51c8848044048582398a','fedc8b0573d4375dd7064b87ceef45930eb6811e1f5ab5adf5db58ab089554ac');
INSERT INTO "audit_events" VALUES(5,'01a21ac69a4c74ad8c17316fe97f59b6','2026-11-27 02:12:32.978068','user.created','done','user','01a21ac6-9a51-71e0-8bc0-368e0fd8d54b','{}','{"expires_at":"2100-01-01T00:00:00Z","is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"ملك@example.org","full_name":"‫ملك"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ملك@example.org","ticket":null}','7e8c21644569833e18ddec04a3b774c0','c2e4d3b81342a785fb385308a346f3668976b36df304f3dc2fbf4239afecf680','1923fb58dfb9d8dbfda39c62fa839fe709128dff5d710b3e029878253c9cbb25','fedc8b0573d4375dd7064b87ceef45930eb6811e1f5ab5adf5db58ab089554ac','0902513895628d9e72705fad9a8085d6f92dc779d46333bf55020d15a2493ab8');
INSERT INTO "audit_events" VALUES(6,'01a21ac69a717557a8d399c3fa4ddb58','2026-11-27 02:12:33.018761','user.created','done','user','01a21ac6-9a79-729d-ba97-02c3c82b3c42','{}','{"expires_at":"9999-12-31T23:59:59Z","is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"a":"{}"},"email":"forever@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"forever@example.com","ticket":null}','130862882dd5ca3d20f232da678806f4','67245d60fd060075626e3bb4fbb54e5eb1369efc993e3407caf770c10016d971','262c0c6c73a77a96ed0f30867c7c88bafa18e3467b13492c29cd5c1a999809d3','0902513895628d9e72705fad9a8085d6f92dc779d46333bf55020d15a2493ab8','60c5810c97d361776122623a65dc9ba2e791d9b6f190b1ff3b6eb34e35d34f63');
INSERT INTO "audit_events" VALUES(7,'01a21ac69a9677f3866dad2138a9108a','2026-11-27 02:12:33.055794','user.created','done','user','01a21ac6-9a9b-7069-82d3-0bd188eb74a8','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"off@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}','f211662d319423a7673387d30b85f3fa','22d373cd3c1e09b364cde82e458c2987d734ff82baee4b0916bd82267671045d','41cce70f93d2c1f0bdb1cc56d51c83732ea486b8411b654cd1b6257af29148b4','60c5810c97d361776122623a65dc9ba2e791d9b6f190b1ff3b6eb34e35d34f63','6ad8d921f9961dddb20183dfa03d3ce0023494696c6632c7a5eaaa3cd92b745d');
INSERT INTO "audit_events" VALUES(8,'01a21ac69ac3765f9ea2694a6ce5aad6','2026-11-27 02:12:33.109823','user.deactivated','done','user','01a21ac6-9a9b-7069-82d3-0bd188eb74a8','{"is_active":true}','{"is_active":false}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}','ee1082cf462af69ee0947824fa5a7dff','6bc16b4fb5e20e1a71878a1aa79c15792736560091c5859c12546f813bdd1ca6','fef6bef4c4d0985cc0d1cdff54d226deaa45ad65cfa2f263123e2d4c962e227c','6ad8d921f9961dddb20183dfa03d3ce0023494696c6632c7a5eaaa3cd92b745d','0bbe2586587a6c90529c6872b02c566672d4faf25d32a03e80ce488368fc86c8');
INSERT INTO "audit_events" VALUES(9,'01a21ac69af370a4aa8e91451d3b26cc','2026-11-27 02:12:33.151416','user.created','done','user','01a21ac6-9afd-74be-aebc-4eaaca2605cc','{}','{"is_active":true,"roles":["admin"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"gone@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"gone@example.com","ticket":null}','5a38b4d99ea8993a47c81511ddc7a0b4','4ab2611b1682e8d362d89f1a6ee909565f358f757e0c8ad6898f0453307a4747','b73980a8b9f181de3bd8abdd4142f95396002ee3982f8138cd17aea2f99d82a9','0bbe2586587a6c90529c6872b02c566672d4faf25d32a03e80ce488368fc86c8','ba625e158d7fc3fa78f6e5695a86ef2f78bb39cd6ea05f08ae8a5e7eac24961b');
INSERT INTO "audit_events" VALUES(10,'01a21ac69b2b7765a264a6f4d9df6036','2026-11-27 02:12:33.218591','user.deleted','done','user','01a21ac6-9afd-74be-aebc-4eaaca2605cc','{"deleted_at":null,"is_active":true,"was_active":null}','{"deleted_at":"2026-11-27T02:12:33.202516Z","is_active":false,"was_active":true}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":"left","target_email":"gone@example.com","ticket":null}','2ed55972d82fa59c490a52a6508443b5','bb1d5a6b1ce027d7fff65a8db1275619a1fd6fb787f418c2634a186b6f29d68f','8b47a17a9806e1a6c8cfb298f6926f36c2930d344b23d1e83dc857b75828656e','ba625e158d7fc3fa78f6e5695a86ef2f78bb39cd6ea05f08ae8a5e7eac24961b','dfd8af2cc40318c5ee11b6c568fe54f73644fc1ebb70cc7553ffa46c12c3ce23');
INSERT INTO "audit_events" VALUES(11,'01a21ac69b6373809e657db041c5b944','2026-11-27 02:12:33.255123','user.created','done','user','01a21ac6-9b66-70fb-b904-6c338742e26f','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0',NULL,NULL,'4c76325898ce467fe1111b09b3bb0301862bd6f9a28787e9d76d55a35ffb6a7e','cbd3b8be36b9fc1147add6c0000c632aedf8fbc8f4e4ee532d661ea2ee142102','dfd8af2cc40318c5ee11b6c568fe54f73644fc1ebb70cc7553ffa46c12c3ce23','cf39a2041ab45a6a9b0ba480a5308eeaf5e81fed81f9f4ca35e07e6ab8cb1f89');
INSERT INTO "audit_events" VALUES(12,'01a21ac69b7d70cc9aa097457bc13d9e','2026-11-27 02:12:33.311627','user.deleted','done','user','01a21ac6-9b66-70fb-b904-6c338742e26f','{"deleted_at":null,"is_active":true,"was_active":null}','{"deleted_at":"2026-11-27T02:12:33.296342Z","is_active":false,"was_active":true}',NULL,'','usercli 0.1.0',NULL,NULL,'2f4b298fbd1bac515c0b919e487ac042d1cf9465734ca72186cc2a56f2d45426','7eedfe4bce81521a6de038c931824cfe6347f4de8806349a25b80145daa81f0a','cf39a2041ab45a6a9b0ba480a5308eeaf5e81fed81f9f4ca35e07e6ab8cb1f89','39c124465ba1c056c50b969ceb83ece0c047cb2a9d7bd2da3457de796fc1ef20');
INSERT INTO "audit_events" VALUES(13,'01a21ac69bd972a3a1af7925913b5ad9','2026-11-27 02:12:33.400401','user.erased','done','user','01a21ac6-9b66-70fb-b904-6c338742e26f','{}','{"erased":[[11,12]]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','6f1e636c0804792805e8ecf3ffc76ba8','27be7de12e5ac9415f76d3b00a478b23a2edfc38872d2d0bb81c6179877298bf','aeb2341add0f96e5c111a39d494d89fa63d68241f16237ad3d97fb2c61cef2a1','39c124465ba1c056c50b969ceb83ece0c047cb2a9d7bd2da3457de796fc1ef20','790c900810177dc90c7a846aaf4330fda4a0401cff00e4ece986106e99607fb9');
INSERT INTO "audit_events" VALUES(14,'01a21ac69c0672c287a67b3210586d6c','2026-11-27 02:12:33.435156','user.created','done','user','01a21ac6-9c1a-7401-9477-84a7d77e31a4','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"purged@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}','341d4a58e34459b4463c178390083b95','0eb44945dd7cd19be2abe55d6520bb6789bd87f1e71ed1acf6199b6114989e03','1f7f93ff9c2185657c004525c0487bbef5a4d10865a34446c50e27900151b9aa','790c900810177dc90c7a846aaf4330fda4a0401cff00e4ece986106e99607fb9','a4bea68da164b9a6baef1df13c6df98274ba8f6d5a51d254fa5fe95034ef58ff');
INSERT INTO "audit_events" VALUES(15,'01a21ac69c427407bbc5d53020a53d97','2026-11-27 02:12:33.490933','user.purged','done','user','01a21ac6-9c1a-7401-9477-84a7d77e31a4','{"deleted_at":null,"expires_at":null,"is_active":true,"managed_by":null,"must_change_password":false,"roles":[],"was_active":null}','{}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{"attributes":{},"email":"purged@example.com","full_name":""},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}','a578d082fa5da16d90d7867d859c8541','adbd11fab7335e0439145760cab0132a467d1f4d63ee866f4313035ece14a59c','0588cae3ff0bd4fd857fd8a597991778b36df3d7c83fa5cbaa9eb8727b368b07','a4bea68da164b9a6baef1df13c6df98274ba8f6d5a51d254fa5fe95034ef58ff','ea3c4d8669b91e5f3d29ae5f992b756b9f9fe2185b2603b06b73ee9cf1d0f236');
INSERT INTO "audit_events" VALUES(16,'01a21ac69c7371fda9500821a1b6a205','2026-11-27 02:12:33.536552','user.updated','done','user','01a21ac6-99e7-77e3-9c8c-126a7d5456e8','{}','{}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"n":"1"},"full_name":"👩‍💻"},"before":{"attributes":{},"full_name":"Ada Lovelace"},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}','fff2d26b0ecbfe78f5629c722c1a7ff2','17e2b0b1b0a3db83b3e53e5342fe1807172c4f78796604488bce15b61893815d','eecf7450a719ad396791edf3f369867c412b1a6ece8bdf17022ad9893408acf9','ea3c4d8669b91e5f3d29ae5f992b756b9f9fe2185b2603b06b73ee9cf1d0f236','21636f4bf7d53a0ac8c54b9e73c3e725bfcecaa01edea26ea90daaeb463da1a4');
INSERT INTO "audit_events" VALUES(17,'01a21ac69cb8722bb9035d157c42e5cf','2026-11-27 02:12:33.639509','user.created','done','user','01a21ac6-9ce1-7000-b903-5d15f879b7a3','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"one@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"one@example.com","ticket":null}','30bac779181d4f502bd692c7c8758854','668deb141e3fefad450fc44e8e3aef456664b7ae4fe2a2ff11a67d5d2456aba1','8a738339048fc6fb3a525245e22fa78e9fb2f733ebd8c29e42e92d5a97703e42','21636f4bf7d53a0ac8c54b9e73c3e725bfcecaa01edea26ea90daaeb463da1a4','1ca4bd2dd66eef85b36cc4ea3fb90a2ed10334ef22c4f91cbd30cccfe9c1e9ab');
INSERT INTO "audit_events" VALUES(18,'01a21ac69cb8722bb9035d157c42e5cf','2026-11-27 02:12:33.639509','user.created','done','user','01a21ac6-9ce1-7001-b903-5d15012a0a1a','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"two@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}','586dbb6a54d1db4a685dd03367bd9b3d','5320e1e8d6d315887da8464480e8c776fe0785c055e573904d3cccb2668ba2b2','e83e595329c62c43923774c0931693ed1246eafa85c697d4d7e53727bcf4e4ca','1ca4bd2dd66eef85b36cc4ea3fb90a2ed10334ef22c4f91cbd30cccfe9c1e9ab','cfc186df02a7a9f0ea67a4228a16e3569044540f032fa4c803cb8092bbee8cb7');
INSERT INTO "audit_events" VALUES(19,'01a21ac69d21712f99f77ae74e1cba48','2026-11-27 02:12:33.722592','role.revoked','done','user','01a21ac6-9ce1-7001-b903-5d15012a0a1a','{"roles":["rédacteur"]}','{"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}','b611d89a4a320d58f95c84f96504d360','2f76e8edfa6af6f961ea5daca637173785099e4bbe93f8fd14f2ce1d57a67397','eb83e7254f0fc5022d264432b198c1f15a4a9ab62b7a21041a37f5fea1abe63e','cfc186df02a7a9f0ea67a4228a16e3569044540f032fa4c803cb8092bbee8cb7','2265368731359738895b7d124730f63fbfde3d10b64f6facd8eb6472439a36e8');
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
INSERT INTO "import_progress" VALUES('7541b40180aeb722b3f29274dabfb91efb76059c715d294681233fafa3c5d47b','01a21ac69cb8722bb9035d157c42e5cf','{"from": "jsonl", "hash_passwords": false, "on_conflict": "fail", "update_passwords": false, "skip_bad": false, "create_roles": false, "preserve": false, "email_domain": null, "delimiter": null, "mapping": {}, "skipped": null, "values": null, "timezone": null, "date_order": null, "unknown_to_attributes": false, "encoding": null, "sheet": null, "companions": [], "has_pepper": null}','{"read": 2, "created": 2, "updated": 0, "unchanged": 0, "skipped": 0, "rejected": 0, "change_id": "01a21ac6-9cb8-722b-b903-5d157c42e5cf"}',0,'2026-11-27 02:12:33.597330','2026-11-27 02:12:33.666774','2026-11-27 02:12:33.665108');
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
INSERT INTO "roles" VALUES('01a21ac698f57710adea3f4dfb63153b','admin','Everything',1,'2026-11-27 02:12:32.629191','2026-11-27 02:12:32.629191');
INSERT INTO "roles" VALUES('01a21ac6991672fcbe2e4c768136d4f1','rédacteur','',0,'2026-11-27 02:12:32.662910','2026-11-27 02:12:32.662910');
CREATE TABLE user_roles (
	user_id CHAR(32) NOT NULL, 
	role_id CHAR(32) NOT NULL, 
	granted_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	granted_by TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_user_roles PRIMARY KEY (user_id, role_id), 
	CONSTRAINT fk_user_roles_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_user_roles_role_id_roles FOREIGN KEY(role_id) REFERENCES roles (id) ON DELETE RESTRICT
);
INSERT INTO "user_roles" VALUES('01a21ac699e777e39c8c126a7d5456e8','01a21ac698f57710adea3f4dfb63153b','2026-11-27 02:12:32.877875','opérateur');
INSERT INTO "user_roles" VALUES('01a21ac69a2975e9b9fb97f02ae03653','01a21ac6991672fcbe2e4c768136d4f1','2026-11-27 02:12:32.939258','opérateur');
INSERT INTO "user_roles" VALUES('01a21ac69afd74beaebc4eaaca2605cc','01a21ac698f57710adea3f4dfb63153b','2026-11-27 02:12:33.150864','opérateur');
INSERT INTO "user_roles" VALUES('01a21ac69ce17000b9035d15f879b7a3','01a21ac6991672fcbe2e4c768136d4f1','2026-11-27 02:12:33.638000','opérateur');
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
INSERT INTO "users" VALUES('01a21ac699e777e39c8c126a7d5456e8','ada@example.com','ada@example.com','👩‍💻','!',1,0,NULL,NULL,NULL,'{"t": "\u00e4\u00df\u6f22", "n": "1"}',2,'2026-11-27 02:12:32.871115','2026-11-27 02:12:33.535282',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a21ac69a2975e9b9fb97f02ae03653','o''brien+tag@bücher.example','o''brien+tag@xn--bcher-kva.example','O''Brien\\;--"%s','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-27 02:12:32.937849','2026-11-27 02:12:32.937849',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a21ac69a5171e08bc0368e0fd8d54b','ملك@example.org','ملك@example.org','‫ملك','!',1,0,NULL,'2100-01-01 00:00:00.000000',NULL,'{}',1,'2026-11-27 02:12:32.977089','2026-11-27 02:12:32.977089',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a21ac69a79729dba9702c3c82b3c42','forever@example.com','forever@example.com','','!',1,0,NULL,'9999-12-31 23:59:59.000000',NULL,'{"a": "{}"}',1,'2026-11-27 02:12:33.017995','2026-11-27 02:12:33.017995',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a21ac69a9b706982d30bd188eb74a8','off@example.com','off@example.com','','!',0,0,NULL,NULL,NULL,'{}',2,'2026-11-27 02:12:33.051034','2026-11-27 02:12:33.107906',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a21ac69afd74beaebc4eaaca2605cc','gone@example.com','gone@example.com','','!',0,0,NULL,NULL,NULL,'{}',2,'2026-11-27 02:12:33.149105','2026-11-27 02:12:33.216407','2026-11-27 02:12:33.202516',1,NULL);
INSERT INTO "users" VALUES('01a21ac69ce17000b9035d15f879b7a3','one@example.com','one@example.com','','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-27 02:12:33.633256','2026-11-27 02:12:33.633256',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a21ac69ce17001b9035d15012a0a1a','two@example.com','two@example.com','','!',1,0,NULL,NULL,NULL,'{}',2,'2026-11-27 02:12:33.633256','2026-11-27 02:12:33.720090',NULL,NULL,NULL);
INSERT INTO "users" VALUES('1555e71d568ae6b516a888c928bb1f82','Bare@Example.com','bare@example.com','','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-27 02:12:33.761000','2026-11-27 02:12:33.761000',NULL,NULL,NULL);
INSERT INTO "users" VALUES('267011f0b2082a53bb3a5079097039c0','odd@example.com','odd@example.com','  a	b
''c'' ','$2b$04$abcdefghijklmnopqrstuuG.bKWIyoXCPM0qTsOsgCr.7DTtQOiP6',0,0,NULL,NULL,NULL,'{"deep": {"list": [1, null, " "]}, "": 1.5e300}',1,'1970-01-01 00:00:00.000000','2038-01-19 03:14:08.000000',NULL,NULL,NULL);
INSERT INTO "users" VALUES('acd1051eb507ebb43d9bb9e657ddc56e','hash@example.com','hash@example.com','','{SHA}not-ours',1,1,NULL,'2020-01-01 00:00:00.000000','1999-12-31 23:59:59.000000','{}',1,'2026-11-27 02:12:33.763000','2026-11-27 02:12:33.763000',NULL,NULL,'sync');
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
CREATE INDEX ix_users_deleted_email_key ON users (email_key) WHERE deleted_at IS NOT NULL;
CREATE INDEX ix_users_inactive ON users (created_at, id) WHERE is_active = 0 AND deleted_at IS NULL;
CREATE INDEX ix_users_email_not_key ON users (email, id) WHERE email <> email_key;
COMMIT;
