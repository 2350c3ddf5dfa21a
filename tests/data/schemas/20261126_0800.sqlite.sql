BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('20261126_0800');
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
INSERT INTO "audit_events" VALUES(1,'01a21a0425ad763bb2de690885f2fc8a','2026-11-26 22:40:09.146889','role.created','done','role','01a21a04-25b9-713f-b89f-5d4494288246','{}','{"administrative":true,"description":"Everything","name":"admin"}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','208c41783e687e1b806572c5e0589b28','618ba6d317988eed6d9ddf8eea21f0634b724337a20767966f0a3d7553e6213e','00842c47effe3f981998ad07d2d784d7cb41cc16f87b0a6128da0320190e8807','0000000000000000000000000000000000000000000000000000000000000000','b36857cae069be54b8b634e7c11f906bc8e9eb8840816577d35a7df9d0c4deb9');
INSERT INTO "audit_events" VALUES(2,'01a21a0425c2753a948a7d4922b87db6','2026-11-26 22:40:09.159974','role.created','done','role','01a21a04-25c7-7615-bfa4-1812c44d2b9b','{}','{"administrative":false,"description":"","name":"rédacteur"}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','6b2cd9f80a2dedcc86cca3afe3928372','e0cc07bba3777234be2ffab0be2f3997bff213941ce89bc8f0a4622e4f061da4','895b97896fc3f725141c5e23775305374225a4bceccae9bea131638212b55c8e','b36857cae069be54b8b634e7c11f906bc8e9eb8840816577d35a7df9d0c4deb9','4fe5d5cc1524dc74c0278172a9f9a59790d3c5d46bee79285d1fc2c0ba149e7a');
INSERT INTO "audit_events" VALUES(3,'01a21a0425f372d7829bc42f04aa0f55','2026-11-26 22:40:09.244548','user.created','done','user','01a21a04-2619-7168-bbe9-a4e951ba5842','{}','{"is_active":true,"roles":["admin"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"t":"äß漢"},"email":"ada@example.com","full_name":"Ada Lovelace"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}','987dec39a595513d7c3fa3d4a2af8aca','2141d00490b33906c303f13f70986404138eae6de0b43430a681b4e85980283a','240e62c15635e28292d5258bbe7f57ae00e3dde8432b94b28297e2b4ef4502e3','4fe5d5cc1524dc74c0278172a9f9a59790d3c5d46bee79285d1fc2c0ba149e7a','f33342a9be8e42036be78108a50b3b0f2ff48d558ac2f6028a54e56386000f55');
INSERT INTO "audit_events" VALUES(4,'01a21a04263077c6bda451af91ba08d3','2026-11-26 22:40:09.272777','user.created','done','user','01a21a04-2636-763b-bb7a-0fb24b77473d','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"o''brien+tag@bücher.example","full_name":"O''Brien\\\\;--\"%s"},"before":{},"host":"admin.example.com","reason":null,"target_email":"o''brien+tag@bücher.example","ticket":null}','0abd075686821f44fafa71476b9373c7','a0cb45951ddcb134a0cd181ac9f3a70a744f3d994f0d009c770f6476f72b1b33','b0fd4db10cc7a49e241da12816f9b89608b3523f34047c37c4f303b5c304d157','f33342a9be8e42036be78108a50b3b0f2ff48d558ac2f6028a54e56386000f55','ee4d05690e5ad521f301f84468417eb6ce8cc79c6ee7a004749cd25680bced62');
INSERT INTO "audit_events" VALUES(5,'01a21a042641754f8e41f5ad9e151a70','2026-11-26 22:40:09.285829','user.created','done','user','01a21a04-2645-70c3-9e6c-12f03107896d','{}','{"expires_at":"2100-01-01T00:00:00Z","is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"ملك@example.org","full_name":"‫ملك"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ملك@example.org","ticket":null}','a52854468ee2135ccb96138abd89ecd6','5e838d12bbd58a78cf09ab46fc6cd4dac689361f24d09fa08fefa85239fb81c7','d3dab59d46a89ff34cfb6ed5607741defeea695449dc9a0b84fa7120801a4826','ee4d05690e5ad521f301f84468417eb6ce8cc79c6ee7a004749cd25680bced62','d9a171ce71581c940850735a11e99f218aef9e47e6adafb6bcee14d6d5f3f5c3');
INSERT INTO "audit_events" VALUES(6,'01a21a04264f75e8b594ad4705b2afa9','2026-11-26 22:40:09.300748','user.created','done','user','01a21a04-2653-73a9-b530-9a53b106d073','{}','{"expires_at":"9999-12-31T23:59:59Z","is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"a":"{}"},"email":"forever@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"forever@example.com","ticket":null}','25cf06c6c589b48241212a50b220e0f8','ed501b833eab01472c7acb6ebd08f087d0c25dc705d005a69cdb5a734924153c','dad909a0eace1e248fd6f8f2a17b27682c1612df8e1513e80675db29139d935c','d9a171ce71581c940850735a11e99f218aef9e47e6adafb6bcee14d6d5f3f5c3','7f1342b6192df449fc262162373e6de51f86f8e48b59c643a9da13251788caef');
INSERT INTO "audit_events" VALUES(7,'01a21a04265c71aa8eb108584450379a','2026-11-26 22:40:09.312980','user.created','done','user','01a21a04-265f-7606-932a-c9117cb917cf','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"off@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}','838ade806831c92cbf39ab0a82132637','486da342d71f2ef7dd9cdc21ee81889692c93ff52045cb37ef59354e262b57fd','516ca9dedbb3dc1e10b8389acd3f42f499a98dfe22c7089b52ddbe2bbf655d63','7f1342b6192df449fc262162373e6de51f86f8e48b59c643a9da13251788caef','c3641a95144043a8ba2da0b9d327d0891b47a870b3a8c15ee5071da62430c951');
INSERT INTO "audit_events" VALUES(8,'01a21a04266e778a9a33075a37c3d6c2','2026-11-26 22:40:09.343828','user.deactivated','done','user','01a21a04-265f-7606-932a-c9117cb917cf','{"is_active":true}','{"is_active":false}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}','f66356129c38cb9f5279fbe226ab8f63','c464b96b72f963ab97dab8b7fa0576e40122e8bb5de9e3b70505a841bac2e223','dd739dd035151af4e06b86efd2f72f385f060ea86599bfcb9e4429d77d43847d','c3641a95144043a8ba2da0b9d327d0891b47a870b3a8c15ee5071da62430c951','3d0cc1eb38e70ebd64e7a5bca789ac3e69d1557cf5fcebf635328e52e1df86ac');
INSERT INTO "audit_events" VALUES(9,'01a21a04268773b8be92fe79955337cc','2026-11-26 22:40:09.360119','user.created','done','user','01a21a04-268d-7119-ae00-7f6d391240e9','{}','{"is_active":true,"roles":["admin"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"gone@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"gone@example.com","ticket":null}','744e53f2c2e6bacbbc938858ae30f9c0','7e96ccf9b2e80683cadb1cb13d69daad35a4db924ce0f0f00f712e6c56e1517a','c10c58fe3385142b3cc281a5b78a81c0fbc009d90a1d70861da7fd48896b11a5','3d0cc1eb38e70ebd64e7a5bca789ac3e69d1557cf5fcebf635328e52e1df86ac','8ae5395a82ec634f08c242ac0bf30bf9f9b351ecc18052a26deab18afb4307e3');
INSERT INTO "audit_events" VALUES(10,'01a21a0426a77429858d995b9c8cd8af','2026-11-26 22:40:09.398052','user.deleted','done','user','01a21a04-268d-7119-ae00-7f6d391240e9','{"deleted_at":null,"is_active":true,"was_active":null}','{"deleted_at":"2026-11-26T22:40:09.387197Z","is_active":false,"was_active":true}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":"left","target_email":"gone@example.com","ticket":null}','0467e50742932ceb585a151d10ea0da4','9693a1274595ddaff82d222b053b7e79d91f8677aeb4fed72cbc8703e20dd299','fd793c69c2d86ab0283ae8ce55357255476c668ace044b2e97c82befdc50adc7','8ae5395a82ec634f08c242ac0bf30bf9f9b351ecc18052a26deab18afb4307e3','7b00bb7c8546a57285a1926ac2e6dd5356cc65b3fd4a1eca63fec1b41077b232');
INSERT INTO "audit_events" VALUES(11,'01a21a0426bd762281b0963e7d0d49cd','2026-11-26 22:40:09.410941','user.created','done','user','01a21a04-26c2-7630-af1d-91635f543d65','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0',NULL,NULL,'0edf8b72c17575431f6f30529b34ae5a5f28e67d10b104648601f068b116d85e','49257f54a52a2b3c8ee33e163732b297eaada57cc311b304ecb7f089464e6df1','7b00bb7c8546a57285a1926ac2e6dd5356cc65b3fd4a1eca63fec1b41077b232','3afa90eaddfed4a22c43a796d3fdb4f61c2906692c028c45688a2aafb8e8a1b0');
INSERT INTO "audit_events" VALUES(12,'01a21a0426c87444937ec4652aad1e13','2026-11-26 22:40:09.428174','user.deleted','done','user','01a21a04-26c2-7630-af1d-91635f543d65','{"deleted_at":null,"is_active":true,"was_active":null}','{"deleted_at":"2026-11-26T22:40:09.418838Z","is_active":false,"was_active":true}',NULL,'','usercli 0.1.0',NULL,NULL,'0154e1afb1604743b5eae97ea03b44bb046bb541d8dc1ee262748d13313eeb59','77b7e2b62471e7eebebaa22aad8ae8a3ab4e7aebf653998936fe02f260c7fd5a','3afa90eaddfed4a22c43a796d3fdb4f61c2906692c028c45688a2aafb8e8a1b0','886ad41c48b2e75d67663e8e042e96d267b25afc95c783bc4581124e307fb260');
INSERT INTO "audit_events" VALUES(13,'01a21a0426fd74d3b5c4edab3ba51f8a','2026-11-26 22:40:09.491619','user.erased','done','user','01a21a04-26c2-7630-af1d-91635f543d65','{}','{"erased":[[11,12]]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','5c98c030ff695bccac0489b14f810a0c','6b7327ba288906f12962b4704336c9d0c340c54e2c8d417cc68cf29cafa6c5b8','919dc9d657070942762983a56fda5034202ba688b932c73b77f8b24ae9f10962','886ad41c48b2e75d67663e8e042e96d267b25afc95c783bc4581124e307fb260','4c5f1ea320f8b3dcd1768a9f830c98e4d5cf3c9ecc077277fc10b1660e25870e');
INSERT INTO "audit_events" VALUES(14,'01a21a04271a759fa40dab6fef1f61dc','2026-11-26 22:40:09.502426','user.created','done','user','01a21a04-271d-762b-99e9-6c45b743fc34','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"purged@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}','6ce8501bce7147ab929a7de6b18b7e0d','06f51c87c31ad87455ed685e756cdcb1667dea317321431b1e9a19f3e44fa598','3f35ee19ba3289a166acae9c81f65299967f92ded531d256201fd23db8ed49b9','4c5f1ea320f8b3dcd1768a9f830c98e4d5cf3c9ecc077277fc10b1660e25870e','33f8d7beda331237e7549bf23d05a79ac6f54621da6ab0f96261d523f1e50eef');
INSERT INTO "audit_events" VALUES(15,'01a21a04273477cfa7f9b0fc175bee08','2026-11-26 22:40:09.545561','user.purged','done','user','01a21a04-271d-762b-99e9-6c45b743fc34','{"deleted_at":null,"expires_at":null,"is_active":true,"managed_by":null,"must_change_password":false,"roles":[],"was_active":null}','{}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{"attributes":{},"email":"purged@example.com","full_name":""},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}','dd4b981e73f12093efbf0ad06eb32d2e','8ad41bd387362f9be7db37cd6795297dffbf06267ad27ff5e64a07e7d51c569d','4026529bbb656b8c1db84b5fa6247f4814b44ed30485543c6886cdb20a39ffc8','33f8d7beda331237e7549bf23d05a79ac6f54621da6ab0f96261d523f1e50eef','e8e8058c1199a049f5dd0448800312d2483031dadbbf90c2dd5746b7f03afab8');
INSERT INTO "audit_events" VALUES(16,'01a21a04275d74c3b01e5b3498e72b55','2026-11-26 22:40:09.578289','user.updated','done','user','01a21a04-2619-7168-bbe9-a4e951ba5842','{}','{}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"n":"1"},"full_name":"👩‍💻"},"before":{"attributes":{},"full_name":"Ada Lovelace"},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}','ff7f42345558bf74327bfe39477dc225','209547aa4aeb91d54782ad841867590b6c6f1414baa723d1dcac2debc6e73a24','cc39de6767b219e3f04d4a80d8f0f7b35ec43c5a8ccd884b41849c005c59ee8a','e8e8058c1199a049f5dd0448800312d2483031dadbbf90c2dd5746b7f03afab8','d7b2793d61558a5bd26dccfabd561be01181cf6433dd2bc06de4fa52670e2bab');
INSERT INTO "audit_events" VALUES(17,'01a21a0427997588abe02aeb03c8de2e','2026-11-26 22:40:09.665369','user.created','done','user','01a21a04-27b5-7000-abe0-2aeb93ad736b','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"one@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"one@example.com","ticket":null}','ed71c3f2c0eff92c6a57b0151072eec3','d57babc009ae8e16dbc7e958ef8a534511bf32ee63d5e30fc81ae8eda48978ee','722abb2e37f60e795e301050d3a1e52da09fb465a9cc3acbc374786d5ae2ebd7','d7b2793d61558a5bd26dccfabd561be01181cf6433dd2bc06de4fa52670e2bab','1d4f4d5c36aec8fcd8fd984b9b608a52e07424f0fce24ebb2136f1c4312d2359');
INSERT INTO "audit_events" VALUES(18,'01a21a0427997588abe02aeb03c8de2e','2026-11-26 22:40:09.665369','user.created','done','user','01a21a04-27b5-7001-abe0-2aeb024e2403','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"two@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}','9e0c1bbcd6d290cd5f2bf4caf688c6f4','faaaa0cb6ad1102fe4bf3e0ae13e391fedaf70b54d951d9b7013613da5c23eba','304eec9b905dcdd96f32259376b2f147872ff5793d3c235ed57834265e84ac85','1d4f4d5c36aec8fcd8fd984b9b608a52e07424f0fce24ebb2136f1c4312d2359','5811135c8e1736c56df98140b33e3dc2465a7f3a302489e34f6e25122416b8e0');
INSERT INTO "audit_events" VALUES(19,'01a21a0427d272fa82e4aeca2b1a808f','2026-11-26 22:40:09.698827','role.revoked','done','user','01a21a04-27b5-7001-abe0-2aeb024e2403','{"roles":["rédacteur"]}','{"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}','d614097dfef0bb48fc1061987415a731','2d483f31007a014779a153f96165f41e7ebd52926f83db07d869d1069f9814af','f1b8b086795cffa5be96e68a95e267d989abcdf3a81cd845a04923041dfb0b4d','5811135c8e1736c56df98140b33e3dc2465a7f3a302489e34f6e25122416b8e0','81f502f8de1bb9865c8ddc10ce73d5445efadcfd2f6c08ff2edc8aa1dd1cc6e7');
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
INSERT INTO "import_progress" VALUES('7541b40180aeb722b3f29274dabfb91efb76059c715d294681233fafa3c5d47b','01a21a0427997588abe02aeb03c8de2e','{"from": "jsonl", "hash_passwords": false, "on_conflict": "fail", "update_passwords": false, "skip_bad": false, "create_roles": false, "preserve": false, "email_domain": null, "delimiter": null, "mapping": {}, "skipped": null, "values": null, "timezone": null, "date_order": null, "unknown_to_attributes": false, "encoding": null, "sheet": null, "companions": [], "has_pepper": null}','{"read": 2, "created": 2, "updated": 0, "unchanged": 0, "skipped": 0, "rejected": 0, "change_id": "01a21a04-2799-7588-abe0-2aeb03c8de2e"}',0,'2026-11-26 22:40:09.632725','2026-11-26 22:40:09.673990','2026-11-26 22:40:09.672126');
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
INSERT INTO "roles" VALUES('01a21a0425b9713fb89f5d4494288246','admin','Everything',1,'2026-11-26 22:40:09.145957','2026-11-26 22:40:09.145957');
INSERT INTO "roles" VALUES('01a21a0425c77615bfa41812c44d2b9b','rédacteur','',0,'2026-11-26 22:40:09.159414','2026-11-26 22:40:09.159414');
CREATE TABLE user_roles (
	user_id CHAR(32) NOT NULL, 
	role_id CHAR(32) NOT NULL, 
	granted_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	granted_by TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_user_roles PRIMARY KEY (user_id, role_id), 
	CONSTRAINT fk_user_roles_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_user_roles_role_id_roles FOREIGN KEY(role_id) REFERENCES roles (id) ON DELETE RESTRICT
);
INSERT INTO "user_roles" VALUES('01a21a0426197168bbe9a4e951ba5842','01a21a0425b9713fb89f5d4494288246','2026-11-26 22:40:09.243497','opérateur');
INSERT INTO "user_roles" VALUES('01a21a042636763bbb7a0fb24b77473d','01a21a0425c77615bfa41812c44d2b9b','2026-11-26 22:40:09.272215','opérateur');
INSERT INTO "user_roles" VALUES('01a21a04268d7119ae007f6d391240e9','01a21a0425b9713fb89f5d4494288246','2026-11-26 22:40:09.359305','opérateur');
INSERT INTO "user_roles" VALUES('01a21a0427b57000abe02aeb93ad736b','01a21a0425c77615bfa41812c44d2b9b','2026-11-26 22:40:09.663000','opérateur');
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
INSERT INTO "users" VALUES('01a21a0426197168bbe9a4e951ba5842','ada@example.com','ada@example.com','👩‍💻','!',1,0,NULL,NULL,NULL,'{"t": "\u00e4\u00df\u6f22", "n": "1"}',2,'2026-11-26 22:40:09.241360','2026-11-26 22:40:09.576846',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a21a042636763bbb7a0fb24b77473d','o''brien+tag@bücher.example','o''brien+tag@xn--bcher-kva.example','O''Brien\\;--"%s','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 22:40:09.270465','2026-11-26 22:40:09.270465',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a21a04264570c39e6c12f03107896d','ملك@example.org','ملك@example.org','‫ملك','!',1,0,NULL,'2100-01-01 00:00:00.000000',NULL,'{}',1,'2026-11-26 22:40:09.285118','2026-11-26 22:40:09.285118',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a21a04265373a9b5309a53b106d073','forever@example.com','forever@example.com','','!',1,0,NULL,'9999-12-31 23:59:59.000000',NULL,'{"a": "{}"}',1,'2026-11-26 22:40:09.299849','2026-11-26 22:40:09.299849',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a21a04265f7606932ac9117cb917cf','off@example.com','off@example.com','','!',0,0,NULL,NULL,NULL,'{}',2,'2026-11-26 22:40:09.311977','2026-11-26 22:40:09.341567',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a21a04268d7119ae007f6d391240e9','gone@example.com','gone@example.com','','!',0,0,NULL,NULL,NULL,'{}',2,'2026-11-26 22:40:09.357532','2026-11-26 22:40:09.394919','2026-11-26 22:40:09.387197',1,NULL);
INSERT INTO "users" VALUES('01a21a0427b57000abe02aeb93ad736b','one@example.com','one@example.com','','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 22:40:09.653960','2026-11-26 22:40:09.653960',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a21a0427b57001abe02aeb024e2403','two@example.com','two@example.com','','!',1,0,NULL,NULL,NULL,'{}',2,'2026-11-26 22:40:09.653960','2026-11-26 22:40:09.696390',NULL,NULL,NULL);
INSERT INTO "users" VALUES('36c5a34741ce846a5f0c1a5749979869','Bare@Example.com','bare@example.com','','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 22:40:09.703000','2026-11-26 22:40:09.703000',NULL,NULL,NULL);
INSERT INTO "users" VALUES('2675b4b8e4f84de8119d3f539ffcd39b','odd@example.com','odd@example.com','  a	b
''c'' ','$2b$04$abcdefghijklmnopqrstuuG.bKWIyoXCPM0qTsOsgCr.7DTtQOiP6',0,0,NULL,NULL,NULL,'{"deep": {"list": [1, null, " "]}, "": 1.5e300}',1,'1970-01-01 00:00:00.000000','2038-01-19 03:14:08.000000',NULL,NULL,NULL);
INSERT INTO "users" VALUES('7922a38ac73d885274bc90fa72f8f2d7','hash@example.com','hash@example.com','','{SHA}not-ours',1,1,NULL,'2020-01-01 00:00:00.000000','1999-12-31 23:59:59.000000','{}',1,'2026-11-26 22:40:09.704000','2026-11-26 22:40:09.704000',NULL,NULL,'sync');
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
COMMIT;
