BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('20261121_0300');
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
INSERT INTO "audit_events" VALUES(1,'01a216ada1c271f39152d8ef38e6042c','2026-11-26 07:06:47.636116','role.created','done','role','01a216ad-a1d3-7444-8fcc-c768647836df','{}','{"administrative":true,"description":"Everything","name":"admin"}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','499995a0423e20f0cd539503f3d2c5d4','98004a8de21ad6a1008fca64ebb00b0181e4bb5807b36b139fa70f1980070c72','99c41695503789c90026e37f8b8abef70b1906073234e0d4c850a6ae209e2d95','0000000000000000000000000000000000000000000000000000000000000000','21db94ef39fefb757d2c4314ec763115ba716e0a8c234ab96b82568771275dab');
INSERT INTO "audit_events" VALUES(2,'01a216ada1f47632887089409590c6a7','2026-11-26 07:06:47.676798','role.created','done','role','01a216ad-a1fb-72cf-b3ea-c87a76ab10f7','{}','{"administrative":false,"description":"","name":"rédacteur"}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','6d69a9775067c729a271da5635917b71','cacf0f54d351e6b9bfc70f59c01c1e86df52b83d71441e4e0d3d2a6a4a980ed9','5ece3dca663f39cb8c77e37585df1fe6a3e4403ace7c59418cb61b5992aba6bf','21db94ef39fefb757d2c4314ec763115ba716e0a8c234ab96b82568771275dab','b1075043a5193e8c0892455de5db9509ac17b82a26c4d6e56cea80ea7bc7cabf');
INSERT INTO "audit_events" VALUES(3,'01a216ada21074e9941a389cf87b9caf','2026-11-26 07:06:47.732491','user.created','done','user','01a216ad-a224-772a-9d8c-262a5bcb2039','{}','{"is_active":true,"roles":["admin"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"t":"äß漢"},"email":"ada@example.com","full_name":"Ada Lovelace"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}','44218ec85918bee67535c0236b08f27b','2bf3633102864890af5648b3e539697075ca4033b33ebff43792f3f4d1305f55','c7caad676f2deaa0160b638cd9c767f4b7189ec243143b63090afb3c25ce6145','b1075043a5193e8c0892455de5db9509ac17b82a26c4d6e56cea80ea7bc7cabf','c9ccd30c523be5808b265889926999d3e5bb03233d7ebbefcf46051eaa1194fb');
INSERT INTO "audit_events" VALUES(4,'01a216ada274726ea9560a95c656a469','2026-11-26 07:06:47.845785','user.created','done','user','01a216ad-a28d-7233-8b6c-8790d181411f','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"o''brien+tag@bücher.example","full_name":"O''Brien\\\\;--\"%s"},"before":{},"host":"admin.example.com","reason":null,"target_email":"o''brien+tag@bücher.example","ticket":null}','7424709eab3248f415a666144f5bc95c','abd0c619ea683eecee291e403ba04c09c9cd8a60a069034b5db6a3bfce22a8aa','6214e77ffee60f413fe443a20a5d89c38686685efe5a90ae9491a26617c83ec9','c9ccd30c523be5808b265889926999d3e5bb03233d7ebbefcf46051eaa1194fb','c442cfc30d4123ef1a91242c2a8668a49b5bcff39a5c7cad0ae5a58550b7b749');
INSERT INTO "audit_events" VALUES(5,'01a216ada2d47155ad998fe5c2fc8751','2026-11-26 07:06:47.952389','user.created','done','user','01a216ad-a303-76d9-8baf-e4e6786f6d1f','{}','{"expires_at":"2100-01-01T00:00:00Z","is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"ملك@example.org","full_name":"‫ملك"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ملك@example.org","ticket":null}','33c7f169b0a3ca45d41ef09a2b13c7af','0a43c79961efebdb2e25708e0f1818b6cb1ad3d17d7f5b5783a116c7a0fc39e9','4a7d43bbc50a6f521ea2c5d3f39aa05823dc53897e7789c2956893e4d18d1f11','c442cfc30d4123ef1a91242c2a8668a49b5bcff39a5c7cad0ae5a58550b7b749','d7c41334bd80b55b2795fa219e996311e950fc4d9367636c3e49972d4aaa2572');
INSERT INTO "audit_events" VALUES(6,'01a216ada33a77fba4feffb577418f4c','2026-11-26 07:06:48.020370','user.created','done','user','01a216ad-a345-7251-86c0-70811bb5356e','{}','{"expires_at":"9999-12-31T23:59:59Z","is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"a":"{}"},"email":"forever@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"forever@example.com","ticket":null}','08da7e53b063ee4318305159b585ea53','7b98bba56407cdf70d0a85d00b499903b1cffaec241d9c901b102ca4d8723168','77792e840817f98432da4864ca464764a0a5330eaec535ec6a18e399bfd0ed55','d7c41334bd80b55b2795fa219e996311e950fc4d9367636c3e49972d4aaa2572','df3532ab6a21f884cac3141bfece4e9dbfde251424358eb82c65408d27cb0dbd');
INSERT INTO "audit_events" VALUES(7,'01a216ada382766cb4a9f6ec49f90384','2026-11-26 07:06:48.091113','user.created','done','user','01a216ad-a38d-761d-91b1-33a7e71e324d','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"off@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}','89b032bc4f648da234eaa0295668b5e0','a77d9ab427bed56104556b726aad0ee88f508893bb8cdab7f5feb406d1271dd3','a6ea0dc8f4ffb85b6a9d883d9eaa8fdea372766fd9a50c4a317a07b1c7ec6c90','df3532ab6a21f884cac3141bfece4e9dbfde251424358eb82c65408d27cb0dbd','2658f7c70a59334a740e5a7d74a624dfcded931234ec9af1feca3867c82bb8cd');
INSERT INTO "audit_events" VALUES(8,'01a216ada3b976649fa7be82cdfd6835','2026-11-26 07:06:48.163455','user.deactivated','done','user','01a216ad-a38d-761d-91b1-33a7e71e324d','{"is_active":true}','{"is_active":false}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}','22878cd9769b0fb9bc2500aa0d8c5a05','87c4c776d35d12c361d6a7711ee45383f7c33e452d07db993a7fc86f221ba55d','2822b645a103bd4e66bf096c559eec307de874006209c443548d582001b4a04d','2658f7c70a59334a740e5a7d74a624dfcded931234ec9af1feca3867c82bb8cd','a27f6ad81eb70530f2a18e3400a2fe7b5fffd2d40683423a9b178dbae496de5c');
INSERT INTO "audit_events" VALUES(9,'01a216ada40a7685b301748071b985a5','2026-11-26 07:06:48.223960','user.created','done','user','01a216ad-a41a-77d6-8f8a-73fb227c7259','{}','{"is_active":true,"roles":["admin"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"gone@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"gone@example.com","ticket":null}','ad67980b009ffea32db5215b716c52f9','b6965de9a2dcd232aa80bb5d1a4e9d5b48aec7834fd7c6bf42d55416ea4222af','4b5c6c3c67250efd8fa0279df8f5576ed6b6522bd1cc3ca8212e35b74cbdb680','a27f6ad81eb70530f2a18e3400a2fe7b5fffd2d40683423a9b178dbae496de5c','da85c001f7eeb95ca4fedf71c379a0b0e748baedc23dbdbd65f044d295eb6413');
INSERT INTO "audit_events" VALUES(10,'01a216ada43b71f693f77aa0c88c7f23','2026-11-26 07:06:48.285291','user.deleted','done','user','01a216ad-a41a-77d6-8f8a-73fb227c7259','{"deleted_at":null,"is_active":true,"was_active":null}','{"deleted_at":"2026-11-26T07:06:48.281828Z","is_active":false,"was_active":true}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":"left","target_email":"gone@example.com","ticket":null}','c6ce9ec126ffe419dc5f2dae2fe150ea','b5a95104082aea29f6bd3c9b919ad435206de5d22dd16ae4ccbf26c03afd0949','523297de229b52ab64121d32d51d3e6418ce86f0fcdcb865fc7f19972fc34a24','da85c001f7eeb95ca4fedf71c379a0b0e748baedc23dbdbd65f044d295eb6413','756f727eb6bcaec7737f2aac1e86d996640d8658738bf470a38ecac89dc43419');
INSERT INTO "audit_events" VALUES(11,'01a216ada47d7773a437b06782594901','2026-11-26 07:06:48.337916','user.created','done','user','01a216ad-a485-76da-b4d0-d2c890a32b5d','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0',NULL,NULL,'178886c7cc7eea438a2daba41fa86ac6cb12294860952200fce7d7be7e92fcd1','48eee37af76ae1b5995b13ded8ed0e45c1fe24fbda4ee32c42b4b726ec3f1b33','756f727eb6bcaec7737f2aac1e86d996640d8658738bf470a38ecac89dc43419','047b3f2357ecdd0a956333e83ed3759145c24e0456cc0a747b53e97abe45cd1b');
INSERT INTO "audit_events" VALUES(12,'01a216ada4ad7263a6a3c0f7ed4d3474','2026-11-26 07:06:48.421926','user.deleted','done','user','01a216ad-a485-76da-b4d0-d2c890a32b5d','{"deleted_at":null,"is_active":true,"was_active":null}','{"deleted_at":"2026-11-26T07:06:48.412871Z","is_active":false,"was_active":true}',NULL,'','usercli 0.1.0',NULL,NULL,'740e401ff033ed6accb81075a12a64ae4b992edfa112b3438accc053a2f8ef71','64d640c939990854103451e884d9aa80bbf5bb759d535eea8c918eec76c3f450','047b3f2357ecdd0a956333e83ed3759145c24e0456cc0a747b53e97abe45cd1b','b4f255d0c6adae4bca9163b6a9629e1abadf5ebe145d2bf666af3c19489054e1');
INSERT INTO "audit_events" VALUES(13,'01a216ada53677b081ff8a1571052f62','2026-11-26 07:06:48.573422','user.erased','done','user','01a216ad-a485-76da-b4d0-d2c890a32b5d','{}','{"erased":[[11,12]]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','9c9d0eed66bcc51faa0f66be274292a7','ec7b745da28ede4392ec0e74d395ff685da0ea815f9cbdc5f8485c37ff02f65c','be960957f9bece3f5ae7cc38ddac4ece1ee5743b2157e258ec6edf9a12f5cf3c','b4f255d0c6adae4bca9163b6a9629e1abadf5ebe145d2bf666af3c19489054e1','61a51e6c530b0aae0fe89f717330f186063911550c7a2b9daf8baf4daf27fcbc');
INSERT INTO "audit_events" VALUES(14,'01a216ada59b75a9bbcdf0ac57a39e4e','2026-11-26 07:06:48.628674','user.created','done','user','01a216ad-a5a9-77c5-a5cf-2db9a2bcd5a6','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"purged@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}','7dedeb77c181012314d75f5d91eb4a60','90a40c76644989fc32c424d713d2e02bd623ff129841e07644742ef825c965d0','cd0fbedc02b650c662a5387d162eff9c3b534ec013696e9578e5d479caf1fd0c','61a51e6c530b0aae0fe89f717330f186063911550c7a2b9daf8baf4daf27fcbc','c3ddc01148739cdf1a76e5fbefdd10c4b3935cc2c3a948d45e62b91ba7790e65');
INSERT INTO "audit_events" VALUES(15,'01a216ada5f07431a34c4b7f01e164e1','2026-11-26 07:06:48.719768','user.purged','done','user','01a216ad-a5a9-77c5-a5cf-2db9a2bcd5a6','{"deleted_at":null,"expires_at":null,"is_active":true,"managed_by":null,"must_change_password":false,"roles":[],"was_active":null}','{}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{"attributes":{},"email":"purged@example.com","full_name":""},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}','5aff59fae64fe807c85a1f6a40685057','a20b72f68138ff4611df3b8a0bb84d9cf56ec1ea3af23406095e5062a87583a6','080459fa939652306058de6686b19771e4c2399a020627dcb65404d2a69c632c','c3ddc01148739cdf1a76e5fbefdd10c4b3935cc2c3a948d45e62b91ba7790e65','3ce5b03ea07f9d51d35aeaa4be0425be3d89162e84bb256f87618923f8061406');
INSERT INTO "audit_events" VALUES(16,'01a216ada61b75cb8cde1e5dd5ae1192','2026-11-26 07:06:48.743856','user.updated','done','user','01a216ad-a224-772a-9d8c-262a5bcb2039','{}','{}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"n":"1"},"full_name":"👩‍💻"},"before":{"attributes":{},"full_name":"Ada Lovelace"},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}','1c3b7f18a6482fa13edd606b692d49ce','5df91506a5c7e04578cf7b5691d5e8c10f8ce3d37b21313ddb0ef4f4edf962f7','e879ec3326ba2014196d3610f5daf6d5d90cf36a255a6a50d3f0589636cb7373','3ce5b03ea07f9d51d35aeaa4be0425be3d89162e84bb256f87618923f8061406','09d8fa445ec38c58179c3136ddf2becff4f0b60c5f9e53c4342870e9cbaf825a');
INSERT INTO "audit_events" VALUES(17,'01a216ada6457429abf4172cbf6d1e19','2026-11-26 07:06:48.831918','user.created','done','user','01a216ad-a66f-7000-abf4-172cfe742b69','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"one@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"one@example.com","ticket":null}','52fdbfaa7677b706ea20a36b32e389ba','bcf1aff262ee393948512a5dee25230eb5fa97c78a2e58ff7696079d699b1828','d960c13dd7852076ce3dc889e2b0ac96275870d38b4aa2e4ea5d98b216005b1f','09d8fa445ec38c58179c3136ddf2becff4f0b60c5f9e53c4342870e9cbaf825a','8adecd921838ef2a00d2d56c069ba97f6ba31046b192caf2f4ac663f6a22e49a');
INSERT INTO "audit_events" VALUES(18,'01a216ada6457429abf4172cbf6d1e19','2026-11-26 07:06:48.831918','user.created','done','user','01a216ad-a66f-7001-abf4-172c07d74cd9','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"two@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}','0c1988fc1eebc1273cb5c77d1206703c','2c112e5ac67286fb5b6848b9c98e8b453c7d77061d0e93a9e7f2ef606d759bbe','37919beab1a3a91814b81954df68f1cfea067a6dccaaab1b4baf3898aebe755a','8adecd921838ef2a00d2d56c069ba97f6ba31046b192caf2f4ac663f6a22e49a','acef2551f44105a0ad10f8787a2658ae6dec897159d37a071f02b4bcfbd33e54');
INSERT INTO "audit_events" VALUES(19,'01a216ada6b6747ebfd426fc874497f5','2026-11-26 07:06:48.910887','role.revoked','done','user','01a216ad-a66f-7001-abf4-172c07d74cd9','{"roles":["rédacteur"]}','{"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}','54680182851c467413b38529f9a50019','4e97d08415f43fbdb96f3f5b842e0f3872955f00fd423f69ff5995d025d831cd','d46a0b9615bd6876c2dc2ea713873e94e1e53e205f6c3718b2fcfbf83c2d9d5f','acef2551f44105a0ad10f8787a2658ae6dec897159d37a071f02b4bcfbd33e54','a4b4755dd04684b7fae49b8142e90e07e0d8e7f2584c5ad22992cfb374ea7411');
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
INSERT INTO "roles" VALUES('01a216ada1d374448fccc768647836df','admin','Everything',1,'2026-11-26 07:06:47.635068','2026-11-26 07:06:47.635068');
INSERT INTO "roles" VALUES('01a216ada1fb72cfb3eac87a76ab10f7','rédacteur','',0,'2026-11-26 07:06:47.675792','2026-11-26 07:06:47.675792');
CREATE TABLE user_roles (
	user_id CHAR(32) NOT NULL, 
	role_id CHAR(32) NOT NULL, 
	granted_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	granted_by TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_user_roles PRIMARY KEY (user_id, role_id), 
	CONSTRAINT fk_user_roles_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_user_roles_role_id_roles FOREIGN KEY(role_id) REFERENCES roles (id) ON DELETE RESTRICT
);
INSERT INTO "user_roles" VALUES('01a216ada224772a9d8c262a5bcb2039','01a216ada1d374448fccc768647836df','2026-11-26 07:06:47.731358','opérateur');
INSERT INTO "user_roles" VALUES('01a216ada28d72338b6c8790d181411f','01a216ada1fb72cfb3eac87a76ab10f7','2026-11-26 07:06:47.837187','opérateur');
INSERT INTO "user_roles" VALUES('01a216ada41a77d68f8a73fb227c7259','01a216ada1d374448fccc768647836df','2026-11-26 07:06:48.223207','opérateur');
INSERT INTO "user_roles" VALUES('01a216ada66f7000abf4172cfe742b69','01a216ada1fb72cfb3eac87a76ab10f7','2026-11-26 07:06:48.830000','opérateur');
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
INSERT INTO "users" VALUES('01a216ada224772a9d8c262a5bcb2039','ada@example.com','ada@example.com','👩‍💻','!',1,0,NULL,NULL,NULL,'{"t": "\u00e4\u00df\u6f22", "n": "1"}',2,'2026-11-26 07:06:47.716284','2026-11-26 07:06:48.742809',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216ada28d72338b6c8790d181411f','o''brien+tag@bücher.example','o''brien+tag@xn--bcher-kva.example','O''Brien\\;--"%s','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 07:06:47.821335','2026-11-26 07:06:47.821335',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216ada30376d98bafe4e6786f6d1f','ملك@example.org','ملك@example.org','‫ملك','!',1,0,NULL,'2100-01-01 00:00:00.000000',NULL,'{}',1,'2026-11-26 07:06:47.939393','2026-11-26 07:06:47.939393',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216ada345725186c070811bb5356e','forever@example.com','forever@example.com','','!',1,0,NULL,'9999-12-31 23:59:59.000000',NULL,'{"a": "{}"}',1,'2026-11-26 07:06:48.005160','2026-11-26 07:06:48.005160',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216ada38d761d91b133a7e71e324d','off@example.com','off@example.com','','!',0,0,NULL,NULL,NULL,'{}',2,'2026-11-26 07:06:48.077023','2026-11-26 07:06:48.156941',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216ada41a77d68f8a73fb227c7259','gone@example.com','gone@example.com','','!',0,0,NULL,NULL,NULL,'{}',2,'2026-11-26 07:06:48.218289','2026-11-26 07:06:48.283015','2026-11-26 07:06:48.281828',1,NULL);
INSERT INTO "users" VALUES('01a216ada66f7000abf4172cfe742b69','one@example.com','one@example.com','','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 07:06:48.815317','2026-11-26 07:06:48.815317',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216ada66f7001abf4172c07d74cd9','two@example.com','two@example.com','','!',1,0,NULL,NULL,NULL,'{}',2,'2026-11-26 07:06:48.815317','2026-11-26 07:06:48.906211',NULL,NULL,NULL);
INSERT INTO "users" VALUES('3932055a017e8cebd261636778e0ece1','Bare@Example.com','bare@example.com','','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 07:06:48.948000','2026-11-26 07:06:48.948000',NULL,NULL,NULL);
INSERT INTO "users" VALUES('437897507f4fe3e11c95e0787bc47877','odd@example.com','odd@example.com','  a	b
''c'' ','$2b$04$abcdefghijklmnopqrstuuG.bKWIyoXCPM0qTsOsgCr.7DTtQOiP6',0,0,NULL,NULL,NULL,'{"deep": {"list": [1, null, " "]}, "": 1.5e300}',1,'1970-01-01 00:00:00.000000','2038-01-19 03:14:08.000000',NULL,NULL,NULL);
INSERT INTO "users" VALUES('3aa595d1ceec9185167f32b67dc00ffa','hash@example.com','hash@example.com','','{SHA}not-ours',1,1,NULL,'2020-01-01 00:00:00.000000','1999-12-31 23:59:59.000000','{}',1,'2026-11-26 07:06:48.948000','2026-11-26 07:06:48.948000',NULL,NULL,'sync');
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
