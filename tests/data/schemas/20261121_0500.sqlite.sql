BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('20261121_0500');
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
INSERT INTO "audit_events" VALUES(1,'01a216adba64742d98e9abe7c4cd93ea','2026-11-26 07:06:53.937226','role.created','done','role','01a216ad-ba70-70fe-81f8-397dd60e52b6','{}','{"administrative":true,"description":"Everything","name":"admin"}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','07c1ce6acc25437004c5807cb68db691','8d1f4cae95920843ec3c066d33d1aff9eb52cd10505046d9a01f9bc308724882','cab8ea35f6e4e0e343b44785dc7c006dc0311e5757422a1013451ac14187960b','0000000000000000000000000000000000000000000000000000000000000000','a1c7eacf8b4a35800bf7e2cddbee571700d28772f7134de84450dfa77f15e74c');
INSERT INTO "audit_events" VALUES(2,'01a216adba8175bc8e0510431a8a29b3','2026-11-26 07:06:53.960295','role.created','done','role','01a216ad-ba87-71cc-82fb-d6e770bf72e9','{}','{"administrative":false,"description":"","name":"rédacteur"}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','0606f49fd9ff2ffb203f20eb2addc20d','918789acd656d8a75e248f40446ca60a9413af8346c3656a2cafce2ef0d33630','77b7479b1f46a82fa2b3198e7f2f6b382dfe500707f80a1b8c08b6e66061ef56','a1c7eacf8b4a35800bf7e2cddbee571700d28772f7134de84450dfa77f15e74c','8d71c7c44d2d6b8994a95d0f8ceea0493a1770384867eb552214160257a749c2');
INSERT INTO "audit_events" VALUES(3,'01a216adba9674f9ba1457a2a1aadc27','2026-11-26 07:06:54.002797','user.created','done','user','01a216ad-baa4-73d0-b48f-28335e4485d3','{}','{"is_active":true,"roles":["admin"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"t":"äß漢"},"email":"ada@example.com","full_name":"Ada Lovelace"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}','dec36bca5a9b6fe128025dd74d5671e8','6f4defc6b7a25de9a68ea328a4cb3abe6877288e7c6f70d94434d2d8320a91bd','83d8bc239af390b2cbd1bf07c97d04b902640ba49c2c31ef5226eabcd639fee4','8d71c7c44d2d6b8994a95d0f8ceea0493a1770384867eb552214160257a749c2','bb789cf3bbc12adce3558b55d9efd7856bf5097f700e051584b35af62b440275');
INSERT INTO "audit_events" VALUES(4,'01a216adbad873f28fbcc80094dd3f5d','2026-11-26 07:06:54.072587','user.created','done','user','01a216ad-baec-7673-8bfb-721fbc2fe28c','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"o''brien+tag@bücher.example","full_name":"O''Brien\\\\;--\"%s"},"before":{},"host":"admin.example.com","reason":null,"target_email":"o''brien+tag@bücher.example","ticket":null}','3ce49fe958529ca09735b466cec272da','2ac1cd59180e48db1e631c4ded276baf4eb6b222e83c5b21bc77551526756e88','74f2069a6e014a6ea539998d8532e5084e284b15e5f170e81f41d56e24bfbc44','bb789cf3bbc12adce3558b55d9efd7856bf5097f700e051584b35af62b440275','d1bc0726836c88606d26c9e0514e2a40bf2e54f3b23215dd4f54cdff0b297941');
INSERT INTO "audit_events" VALUES(5,'01a216adbb1676faa9ac61a87229b897','2026-11-26 07:06:54.118021','user.created','done','user','01a216ad-bb1d-7238-af99-c0a0e62204ba','{}','{"expires_at":"2100-01-01T00:00:00Z","is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"ملك@example.org","full_name":"‫ملك"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ملك@example.org","ticket":null}','701967be41948d7eaeab0fad8d62752f','4e186b5e95bc1760847ddeeb67f338cfc0adb1346d500c4e39693a13384ed0c5','ea755917909b81a7ae12f381d6b6eac3867e19f68681b909fb5df93dd520330e','d1bc0726836c88606d26c9e0514e2a40bf2e54f3b23215dd4f54cdff0b297941','17ecda69c0474f57054379c6736cd4bac29a6f1336f72259704ac99476f9deb7');
INSERT INTO "audit_events" VALUES(6,'01a216adbb3b7684bded419deb280813','2026-11-26 07:06:54.152028','user.created','done','user','01a216ad-bb42-74c4-800a-a717645abd8d','{}','{"expires_at":"9999-12-31T23:59:59Z","is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"a":"{}"},"email":"forever@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"forever@example.com","ticket":null}','bf52b234b8ddda8b2b3e067fe84e2b96','31b4aa677acf047d5f7c7f70d5743fd23d3b80badcb6a2ead2fc4587b2434cb1','d386baef5e6e263aac845ae423e86feb7f09fe8b921c8764916e093f94a8dc38','17ecda69c0474f57054379c6736cd4bac29a6f1336f72259704ac99476f9deb7','ca684569604ee9de7304a413ee474c49677abfd24deebbdcdbf8d19f1355548a');
INSERT INTO "audit_events" VALUES(7,'01a216adbb54730ba4fe4b32a56b67a8','2026-11-26 07:06:54.183311','user.created','done','user','01a216ad-bb5e-7328-9d9f-8b5efacc4199','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"off@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}','d93b6a339fe88dfba63d07da58f0e1ed','044ce24b822f3725300d7e93783252d64835adf9130481156d4d5d1a0c5e7ae4','16c2ef59ba315b8c5a4d554b35ff70a75a0bdc2fbd03b3eca18b5b8293e9bc20','ca684569604ee9de7304a413ee474c49677abfd24deebbdcdbf8d19f1355548a','cbb5ed9c14e74f4b582d6ff31ef891b3bffcbeabd2dfad48a1b338b8a0f711b3');
INSERT INTO "audit_events" VALUES(8,'01a216adbb787285a50fb99df7df83b1','2026-11-26 07:06:54.235755','user.deactivated','done','user','01a216ad-bb5e-7328-9d9f-8b5efacc4199','{"is_active":true}','{"is_active":false}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}','1a51cf5dd3d6dce9e4c31051a224028f','0d2ccc69f25a8e15bb0ee5164de38f37d900f6ac87218a3efe89cabfaf8547bd','6d2a34051d26abec1b42af5c08d7d7e93d6a53768ea60a4a4cce91d5c2dd8221','cbb5ed9c14e74f4b582d6ff31ef891b3bffcbeabd2dfad48a1b338b8a0f711b3','9348a65d5c7012bc070f2a98d53539e39d28edaf9516a8369b7d0a4acbe0085b');
INSERT INTO "audit_events" VALUES(9,'01a216adbbae731b9cd01bfc179f83b4','2026-11-26 07:06:54.278258','user.created','done','user','01a216ad-bbb8-70d1-9c7e-0de4f95ef8ca','{}','{"is_active":true,"roles":["admin"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"gone@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"gone@example.com","ticket":null}','de66c44bf72ac1a86aaad56cf28f1e44','989d6979a08ef33de5d8ba63d1dec738a8be7d8e2f8459ff7ed137d493e793ed','0b607d8e1e6795dd8cca7fd77c5eb00e449417d5f50d4c5f3d90b0d06e8b9a71','9348a65d5c7012bc070f2a98d53539e39d28edaf9516a8369b7d0a4acbe0085b','b969fb7a66d7affc392242e7bf58ea0df8856ff51c6e59b1ccfa6d87c4d84cb7');
INSERT INTO "audit_events" VALUES(10,'01a216adbbdc745db1a6eadcacfb4fc0','2026-11-26 07:06:54.329152','user.deleted','done','user','01a216ad-bbb8-70d1-9c7e-0de4f95ef8ca','{"deleted_at":null,"is_active":true,"was_active":null}','{"deleted_at":"2026-11-26T07:06:54.321624Z","is_active":false,"was_active":true}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":"left","target_email":"gone@example.com","ticket":null}','78c7704cdabeeb471dd80a1cc20825a2','b34deb3c7b44d45147eca77251e3f8f7038bd5f812851e015be1d95eb5216908','e03970dd5637e510b095d6c4b555dc58ce7495ea262016d75c19b08f5a9a2c92','b969fb7a66d7affc392242e7bf58ea0df8856ff51c6e59b1ccfa6d87c4d84cb7','723dd9ae56fe9eb0d94a2dfdd4ac444487f0ab2b7f477513bb475729ff848c42');
INSERT INTO "audit_events" VALUES(11,'01a216adbc057375b24300ac0a9e84dd','2026-11-26 07:06:54.354821','user.created','done','user','01a216ad-bc0d-745e-97d6-4f0f839d22cb','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0',NULL,NULL,'5af4ffbbf42f698b9658a4df193ccda52164dcf9fe49c88f4e59878a614d63e3','244d9a04704755d3266d5a8368c0934fd4be83c2e2d6d88c68b62b40d3830e5a','723dd9ae56fe9eb0d94a2dfdd4ac444487f0ab2b7f477513bb475729ff848c42','1e75a0e1c391ce7ed7ba3835b2ee147ddf24ce1803cb87e37331e515e4e919c9');
INSERT INTO "audit_events" VALUES(12,'01a216adbc1c740e95201c69dac05f8a','2026-11-26 07:06:54.392299','user.deleted','done','user','01a216ad-bc0d-745e-97d6-4f0f839d22cb','{"deleted_at":null,"is_active":true,"was_active":null}','{"deleted_at":"2026-11-26T07:06:54.387606Z","is_active":false,"was_active":true}',NULL,'','usercli 0.1.0',NULL,NULL,'efe994d696be964c72a0e865f349dbb2f16f62a3ac1c3867d5da08b96150f53e','240e6ea5a7dcb5c77a55f33e336679818c4488fce316a9e8b968168ff2d2049b','1e75a0e1c391ce7ed7ba3835b2ee147ddf24ce1803cb87e37331e515e4e919c9','177650a862921e0a5aa78ce90677c3f8fad5510e768a144108b04ca4c17116f8');
INSERT INTO "audit_events" VALUES(13,'01a216adbc54770298300eae0beed0a7','2026-11-26 07:06:54.458853','user.erased','done','user','01a216ad-bc0d-745e-97d6-4f0f839d22cb','{}','{"erased":[[11,12]]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','bcf75e2371e389d9f08ea40d866d6aa8','3a0259e99ea529e71a40d627322e3a610150abad0e2a6f45eec89027b7e94269','6305363b800f9443768a72b301788ae6c046840a7a0491af5e5e01601e9b8dda','177650a862921e0a5aa78ce90677c3f8fad5510e768a144108b04ca4c17116f8','69e0eee3231e196da03aa422605f3002ba054b03020f8063d78ee520f2c339cf');
INSERT INTO "audit_events" VALUES(14,'01a216adbc8370bb8da2502bce5e7f39','2026-11-26 07:06:54.478511','user.created','done','user','01a216ad-bc89-779a-b987-3f2ccf6c86b6','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"purged@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}','98333d16f452250a4df40278ef454de7','bba209b859edf25564a1c55bcc78eab15025eb1fece72e0215a5738eabf7fe2e','0643ec2f98d534b983966608f57406398185b83c64599fe6501cd66fe2227503','69e0eee3231e196da03aa422605f3002ba054b03020f8063d78ee520f2c339cf','cd49e8b83ea0b0246c7c03d23fc219ee5302ae6827e080c71922d6dd04b3fc68');
INSERT INTO "audit_events" VALUES(15,'01a216adbca9765c8130ccaaacb83a4e','2026-11-26 07:06:54.529518','user.purged','done','user','01a216ad-bc89-779a-b987-3f2ccf6c86b6','{"deleted_at":null,"expires_at":null,"is_active":true,"managed_by":null,"must_change_password":false,"roles":[],"was_active":null}','{}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{"attributes":{},"email":"purged@example.com","full_name":""},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}','6989d0f076e7370a27d22bde443ec46d','f9cac68e029cabef2e1fbaa5c0e9fd93f71b03edadb7167645ba5143fa6d86bf','d018c8892484ad7dc1a6c663edcd67c410409b4d21e0e418d3a4e2402fe9de71','cd49e8b83ea0b0246c7c03d23fc219ee5302ae6827e080c71922d6dd04b3fc68','431610db3fa995715c598f4cde0c8877c1fc4e0e252e965ad7e18c6a06138bac');
INSERT INTO "audit_events" VALUES(16,'01a216adbccc73749be77c8aa06c8e8e','2026-11-26 07:06:54.555886','user.updated','done','user','01a216ad-baa4-73d0-b48f-28335e4485d3','{}','{}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"n":"1"},"full_name":"👩‍💻"},"before":{"attributes":{},"full_name":"Ada Lovelace"},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}','6e3e6a0835eb2c7938c45071d5d706f9','d82259ae0bf644cadc8c22cf64e93a75f283332e0e7754e3a51fb4acfd747639','5b7d20b4d732df2821ce66da6b0bdbcb8b2bbdf6cf759a8e026cc7e03065eee1','431610db3fa995715c598f4cde0c8877c1fc4e0e252e965ad7e18c6a06138bac','66ed600beb0c4e13a46dc6bef814576d078955c6fd2c4231cdff3f9cd9f91355');
INSERT INTO "audit_events" VALUES(17,'01a216adbce775a5b388d9f49137627c','2026-11-26 07:06:54.589671','user.created','done','user','01a216ad-bcf3-7000-b388-d9f4a03598a4','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"one@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"one@example.com","ticket":null}','2a3d46822a7d1c94f079f0afbec15869','e35a69ec67cdbae9c8589d518cf8ac5195ddbff81180a28e858648bd467af8f4','3ce302a56d782b6627e9efcddbc51364379ffaf9f30b7eb49ee6dfc2e0f2bd6b','66ed600beb0c4e13a46dc6bef814576d078955c6fd2c4231cdff3f9cd9f91355','af55f01549460990ce22fb0d7b4e5ed9adebfac69c21149c8c4f8bc83bff1a79');
INSERT INTO "audit_events" VALUES(18,'01a216adbce775a5b388d9f49137627c','2026-11-26 07:06:54.589671','user.created','done','user','01a216ad-bcf3-7001-b388-d9f4caf6a880','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"two@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}','7a53379886bfda6389f5c5475208558a','12777119c6a9b683df77185fc9f50db8039a6d3d5eede1fbe71c2de98ba6d651','4b7905ed488682974a75f697e70973617f3294f280d9a24f0dd2a01b45a1290e','af55f01549460990ce22fb0d7b4e5ed9adebfac69c21149c8c4f8bc83bff1a79','69cea05d3839d9dcdf152961f80ebfe82d9dc567bd536069cdd3719004ae712a');
INSERT INTO "audit_events" VALUES(19,'01a216adbd1375a394f6e66114a9da30','2026-11-26 07:06:54.639029','role.revoked','done','user','01a216ad-bcf3-7001-b388-d9f4caf6a880','{"roles":["rédacteur"]}','{"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}','981f357b67fce70cac29651ea18d2127','02b9c812b0606cd54198e1220074971b7ca1ca6a407d2617533995d3a1712ad6','681e5270305825a0544c1689162900bc12a42a6c6d31920ed05111c555ab1819','69cea05d3839d9dcdf152961f80ebfe82d9dc567bd536069cdd3719004ae712a','2c3494767d78fd02fe51d2e2d9393a92f7fdd851838a561bf5e2536059e37283');
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
INSERT INTO "import_progress" VALUES('7541b40180aeb722b3f29274dabfb91efb76059c715d294681233fafa3c5d47b','01a216adbce775a5b388d9f49137627c','{"from": "jsonl", "hash_passwords": false, "on_conflict": "fail", "update_passwords": false, "skip_bad": false, "create_roles": false, "preserve": false, "email_domain": null, "delimiter": null, "mapping": {}, "unknown_to_attributes": false, "companions": []}','{"read": 2, "created": 2, "updated": 0, "unchanged": 0, "skipped": 0, "rejected": 0, "change_id": "01a216ad-bce7-75a5-b388-d9f49137627c"}',0,'2026-11-26 07:06:54.575110','2026-11-26 07:06:54.602976','2026-11-26 07:06:54.600430');
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
INSERT INTO "roles" VALUES('01a216adba7070fe81f8397dd60e52b6','admin','Everything',1,'2026-11-26 07:06:53.936573','2026-11-26 07:06:53.936573');
INSERT INTO "roles" VALUES('01a216adba8771cc82fbd6e770bf72e9','rédacteur','',0,'2026-11-26 07:06:53.959548','2026-11-26 07:06:53.959548');
CREATE TABLE user_roles (
	user_id CHAR(32) NOT NULL, 
	role_id CHAR(32) NOT NULL, 
	granted_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	granted_by TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_user_roles PRIMARY KEY (user_id, role_id), 
	CONSTRAINT fk_user_roles_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_user_roles_role_id_roles FOREIGN KEY(role_id) REFERENCES roles (id) ON DELETE RESTRICT
);
INSERT INTO "user_roles" VALUES('01a216adbaa473d0b48f28335e4485d3','01a216adba7070fe81f8397dd60e52b6','2026-11-26 07:06:54.001503','opérateur');
INSERT INTO "user_roles" VALUES('01a216adbaec76738bfb721fbc2fe28c','01a216adba8771cc82fbd6e770bf72e9','2026-11-26 07:06:54.071650','opérateur');
INSERT INTO "user_roles" VALUES('01a216adbbb870d19c7e0de4f95ef8ca','01a216adba7070fe81f8397dd60e52b6','2026-11-26 07:06:54.277211','opérateur');
INSERT INTO "user_roles" VALUES('01a216adbcf37000b388d9f4a03598a4','01a216adba8771cc82fbd6e770bf72e9','2026-11-26 07:06:54.587000','opérateur');
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
INSERT INTO "users" VALUES('01a216adbaa473d0b48f28335e4485d3','ada@example.com','ada@example.com','👩‍💻','!',1,0,NULL,NULL,NULL,'{"t": "\u00e4\u00df\u6f22", "n": "1"}',2,'2026-11-26 07:06:53.988525','2026-11-26 07:06:54.554797',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216adbaec76738bfb721fbc2fe28c','o''brien+tag@bücher.example','o''brien+tag@xn--bcher-kva.example','O''Brien\\;--"%s','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 07:06:54.060783','2026-11-26 07:06:54.060783',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216adbb1d7238af99c0a0e62204ba','ملك@example.org','ملك@example.org','‫ملك','!',1,0,NULL,'2100-01-01 00:00:00.000000',NULL,'{}',1,'2026-11-26 07:06:54.109507','2026-11-26 07:06:54.109507',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216adbb4274c4800aa717645abd8d','forever@example.com','forever@example.com','','!',1,0,NULL,'9999-12-31 23:59:59.000000',NULL,'{"a": "{}"}',1,'2026-11-26 07:06:54.146485','2026-11-26 07:06:54.146485',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216adbb5e73289d9f8b5efacc4199','off@example.com','off@example.com','','!',0,0,NULL,NULL,NULL,'{}',2,'2026-11-26 07:06:54.174718','2026-11-26 07:06:54.232573',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216adbbb870d19c7e0de4f95ef8ca','gone@example.com','gone@example.com','','!',0,0,NULL,NULL,NULL,'{}',2,'2026-11-26 07:06:54.264232','2026-11-26 07:06:54.323718','2026-11-26 07:06:54.321624',1,NULL);
INSERT INTO "users" VALUES('01a216adbcf37000b388d9f4a03598a4','one@example.com','one@example.com','','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 07:06:54.579900','2026-11-26 07:06:54.579900',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216adbcf37001b388d9f4caf6a880','two@example.com','two@example.com','','!',1,0,NULL,NULL,NULL,'{}',2,'2026-11-26 07:06:54.579900','2026-11-26 07:06:54.634600',NULL,NULL,NULL);
INSERT INTO "users" VALUES('db903b7c4f6815a32dfc2f25b6c9a5d2','Bare@Example.com','bare@example.com','','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 07:06:54.651000','2026-11-26 07:06:54.651000',NULL,NULL,NULL);
INSERT INTO "users" VALUES('2d4b25957f59a15e6a0e1ca4c99a7261','odd@example.com','odd@example.com','  a	b
''c'' ','$2b$04$abcdefghijklmnopqrstuuG.bKWIyoXCPM0qTsOsgCr.7DTtQOiP6',0,0,NULL,NULL,NULL,'{"deep": {"list": [1, null, " "]}, "": 1.5e300}',1,'1970-01-01 00:00:00.000000','2038-01-19 03:14:08.000000',NULL,NULL,NULL);
INSERT INTO "users" VALUES('c4cdfe7bf50fa09cbdef52b2738f5e86','hash@example.com','hash@example.com','','{SHA}not-ours',1,1,NULL,'2020-01-01 00:00:00.000000','1999-12-31 23:59:59.000000','{}',1,'2026-11-26 07:06:54.651000','2026-11-26 07:06:54.651000',NULL,NULL,'sync');
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
