BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('20261126_0600');
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
INSERT INTO "audit_events" VALUES(1,'01a216adc97676ce9584efc9e8410ed2','2026-11-26 07:06:57.793496','role.created','done','role','01a216ad-c980-7536-91ec-75279572f4a2','{}','{"administrative":true,"description":"Everything","name":"admin"}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','dd64a85f048da741cc3e02201ba55b04','5bdb484f15f2f1f3ba345d840e6778d7e257b61c62220749916f317b9dbce5d6','f0fa6bab148d70497f9915d59605f796a2a94a4ef1b9ba8967574e71a895a94c','0000000000000000000000000000000000000000000000000000000000000000','7b6f622db121f27695f65e4c8c2fb563896dff8da5c01a69ff2d9d484dd905cc');
INSERT INTO "audit_events" VALUES(2,'01a216adc99270cfac133b753ceb90b0','2026-11-26 07:06:57.822338','role.created','done','role','01a216ad-c99d-762d-b13b-226f3932b65b','{}','{"administrative":false,"description":"","name":"rédacteur"}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','0e47c66019faad1aa7cf7cc4f5e57d26','70f1eff0347a758ef744db113f301ebc39ec49ecfcc0f86ed49995d25b82e2e8','ef35d92cd028c43cfcf2868fbc59adcdc6661fb7b758d90a4c8472414be79acc','7b6f622db121f27695f65e4c8c2fb563896dff8da5c01a69ff2d9d484dd905cc','e0bb4a8cc1a23db0129bff7ffb45af2289d3d1e2b6cb331c52cf8eaf00153e0f');
INSERT INTO "audit_events" VALUES(3,'01a216adc9b0704cba7d489c3967ef29','2026-11-26 07:06:57.862055','user.created','done','user','01a216ad-c9bc-70cd-a002-33aeede26a3b','{}','{"is_active":true,"roles":["admin"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"t":"äß漢"},"email":"ada@example.com","full_name":"Ada Lovelace"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}','b6a85614ff40e513e4e0c6f7be549e69','76a90350663a8126dd42458c53f22c143023ddbae8111cbe242bc9cc6948620c','8191d8b7075c3d909b83e138119e7af719dc0aaff19826ff07090fc27b98656f','e0bb4a8cc1a23db0129bff7ffb45af2289d3d1e2b6cb331c52cf8eaf00153e0f','7d784cd1f2200c8de6d38dd2b85c16261303e68484a91640e1179ecc983d2750');
INSERT INTO "audit_events" VALUES(4,'01a216adc9d97419baf7ab4bc8237b26','2026-11-26 07:06:57.908392','user.created','done','user','01a216ad-c9eb-7456-8677-fdfcca3db39a','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"o''brien+tag@bücher.example","full_name":"O''Brien\\\\;--\"%s"},"before":{},"host":"admin.example.com","reason":null,"target_email":"o''brien+tag@bücher.example","ticket":null}','46422a55da1771b6b1b7aaa1de166a75','58fa8b81e0475c9798d1481a7fdd7dc6e1a9e1d74961517f66c1d8e21bf151a3','52860609133590a4c2fc739a8eca3463efedf565ba31bfb8e76d73b22083d28b','7d784cd1f2200c8de6d38dd2b85c16261303e68484a91640e1179ecc983d2750','bd6417245f1cca8d89f45b762e19c667313ad1d8d14aebd2969e799f433846fc');
INSERT INTO "audit_events" VALUES(5,'01a216adca1476bcbf44f2f46112b621','2026-11-26 07:06:57.964850','user.created','done','user','01a216ad-ca1f-761a-b930-f4281a4bd20b','{}','{"expires_at":"2100-01-01T00:00:00Z","is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"ملك@example.org","full_name":"‫ملك"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ملك@example.org","ticket":null}','bbae5727a0695fe7f280c2ecd0d51b4a','e4e07db3139a2c3596e5156f43c32225ff32c1692e7aeaa8c2b79fdd6ba414ab','bd440c2d8e7f4c3d8773f32a84f0f6a17109a861e95ad73c6a1088646327be11','bd6417245f1cca8d89f45b762e19c667313ad1d8d14aebd2969e799f433846fc','cc4b1fe6fa48dd2e5eadeb8d868f68463a2eb031c3a0b8193de66221b5e6bd1b');
INSERT INTO "audit_events" VALUES(6,'01a216adca44738481148862f6d70188','2026-11-26 07:06:58.009183','user.created','done','user','01a216ad-ca51-7577-94ce-3162c13eded4','{}','{"expires_at":"9999-12-31T23:59:59Z","is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"a":"{}"},"email":"forever@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"forever@example.com","ticket":null}','14d7649838a8cd040d95d3eacbb4fe6a','c00cc3c073ce80076b494fc06627088c1b41de7aa509610c3324145e993618f9','3720e1bbf0d9605aa46d2ddf20e2f0d0437ebfff77b0960495d92b3e7e1b24c7','cc4b1fe6fa48dd2e5eadeb8d868f68463a2eb031c3a0b8193de66221b5e6bd1b','8ab860e221f80af382e1f72e8a88d3ddb505be4116f03ac21b9ae2fa9eaef782');
INSERT INTO "audit_events" VALUES(7,'01a216adca7673a9bd426ed6b193062c','2026-11-26 07:06:58.072890','user.created','done','user','01a216ad-ca81-75ec-890a-bc07560a3176','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"off@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}','8230f0483f6836fd018694a53e67fa1e','f2fba6aee25920a3268a3c2f787ba60cb776b4ec77465bc620edc8fdc1e8ab82','ab94768298112ae376c5dfbd14e5a605daaea5f029cf205d0e1f0ff0e51d72d9','8ab860e221f80af382e1f72e8a88d3ddb505be4116f03ac21b9ae2fa9eaef782','3e559471c88cf59ee0030ecb99cc327d138bc8ab076fa14a08ff62c7c1f8ddac');
INSERT INTO "audit_events" VALUES(8,'01a216adcab774eead56a5cbe87e70d6','2026-11-26 07:06:58.151290','user.deactivated','done','user','01a216ad-ca81-75ec-890a-bc07560a3176','{"is_active":true}','{"is_active":false}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}','3b5147d6f4ecf9d947a971293acfc289','fbf35f389498b1c1f840b4d150aa5ae90127e745cd857331e23712930a1a06eb','9356eb2f2cf0bbdcbfca42df9140515a812a49d022584e11d2f81c47e1a8bf25','3e559471c88cf59ee0030ecb99cc327d138bc8ab076fa14a08ff62c7c1f8ddac','a6eafda4500dea02baac6b5ecb67c5f494f0d5fdfd227942942a5ac5d35666de');
INSERT INTO "audit_events" VALUES(9,'01a216adcb0272e1b9267de5150ec763','2026-11-26 07:06:58.230890','user.created','done','user','01a216ad-cb13-7273-a3fa-15cec16461f3','{}','{"is_active":true,"roles":["admin"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"gone@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"gone@example.com","ticket":null}','bc1b3c5e06eee73c4f8d1698f83d0f58','6d2f22a407ca0e3fc6e0079ea35ac586bdba3bb66fa22924399a8015181aa6b6','125440617a26e2e6324c105ab03925dd2afca4fd18d76ebbb67f5db2a6daee2e','a6eafda4500dea02baac6b5ecb67c5f494f0d5fdfd227942942a5ac5d35666de','a7c3cc06db5cf9c2e3479ce544c66caf996cafe5f26463bb71b90d7e994c1b77');
INSERT INTO "audit_events" VALUES(10,'01a216adcb6c7391a28429349c834001','2026-11-26 07:06:58.358296','user.deleted','done','user','01a216ad-cb13-7273-a3fa-15cec16461f3','{"deleted_at":null,"is_active":true,"was_active":null}','{"deleted_at":"2026-11-26T07:06:58.349330Z","is_active":false,"was_active":true}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":"left","target_email":"gone@example.com","ticket":null}','14ac17120441c08ebf98455773d6afee','37226a158dd4f1079003f370e2767e313426182baec2f519831044d763525602','65b23e0cdb3d945cb5f6cbea517333994db7807285ad0d6be82901a23cd2332d','a7c3cc06db5cf9c2e3479ce544c66caf996cafe5f26463bb71b90d7e994c1b77','a73fcad7bd220850f364ca9ee73e15dacfd747919459c237a0152e7fdd984835');
INSERT INTO "audit_events" VALUES(11,'01a216adcbca7552a6c55e2ccf922cf8','2026-11-26 07:06:58.397111','user.created','done','user','01a216ad-cbd6-7371-b6d3-b3ad290071c0','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0',NULL,NULL,'4e8a130859dffdb759cafd1f1bfd3d495f3cde141b3f1f7bd37a13d5d7bf305d','359ab95fffd799ca20a40ffbab1fac99046f931fb1109e50b7a25cb2a191de9d','a73fcad7bd220850f364ca9ee73e15dacfd747919459c237a0152e7fdd984835','99dc7505a0c825a19a90ca172d4ca9ba2363d47e1d9f0e74867e96c5e4f8d809');
INSERT INTO "audit_events" VALUES(12,'01a216adcbec751caa8e0687c21a2e87','2026-11-26 07:06:58.462918','user.deleted','done','user','01a216ad-cbd6-7371-b6d3-b3ad290071c0','{"deleted_at":null,"is_active":true,"was_active":null}','{"deleted_at":"2026-11-26T07:06:58.447642Z","is_active":false,"was_active":true}',NULL,'','usercli 0.1.0',NULL,NULL,'8ecbeb3f00eaceba4441cd983d561d816b9afaa3f18a83d55dd5f4f8d1ee2552','908b7eabb6ba0851975bc7d29e4bd4980f6abe46e66da24eb3da10b62754e12f','99dc7505a0c825a19a90ca172d4ca9ba2363d47e1d9f0e74867e96c5e4f8d809','b45c15628e04296f84db667b3e98e76624c778ae2617e27e27cd91a4aa720323');
INSERT INTO "audit_events" VALUES(13,'01a216adcc4b74c4b0acf55bbacbd4ad','2026-11-26 07:06:58.572094','user.erased','done','user','01a216ad-cbd6-7371-b6d3-b3ad290071c0','{}','{"erased":[[11,12]]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}','edf7661644538767fc60377fc9526cca','6244c5b424e71dec39522b7ab89143939b9683319bc13034856f8f1475ad26b0','c3d401c518bacdd71f6eabb1c96c8e474dcdef12bbbd13682f15d8faecf35252','b45c15628e04296f84db667b3e98e76624c778ae2617e27e27cd91a4aa720323','77de3bd3872c6e3033bf9d8775cae1a98d9ee48cc145552fe891f73687cff806');
INSERT INTO "audit_events" VALUES(14,'01a216adcca07020ab5de58f6c43ed83','2026-11-26 07:06:58.616448','user.created','done','user','01a216ad-ccac-7278-a51f-8bd74658d898','{}','{"is_active":true,"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"purged@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}','003f47670c6e83a0d913fb691213d578','6f647f86a1788f3b71b6c816fa5408b7437859efb8ecf22c8f501ca0009e5f67','d2e95fb17267724e0965068c488e92f32fb6fa25b34a470d05d0550c6c6dc720','77de3bd3872c6e3033bf9d8775cae1a98d9ee48cc145552fe891f73687cff806','3382a28914e5c9583b488cc29194a4c73238804edcc41cd87560b2a1e2f2ec16');
INSERT INTO "audit_events" VALUES(15,'01a216adccf373728dccc41a707f9e7f','2026-11-26 07:06:58.738113','user.purged','done','user','01a216ad-ccac-7278-a51f-8bd74658d898','{"deleted_at":null,"expires_at":null,"is_active":true,"managed_by":null,"must_change_password":false,"roles":[],"was_active":null}','{}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{"attributes":{},"email":"purged@example.com","full_name":""},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}','61a68e391069130ddc20fd774ae24f67','8a0e6cf1bdda053e2273c7b24edfeade9886a57af44b0aea6197758964fe2095','94052c8365a2c2b9ccb46bad7a6435cbd386901adf7643f4fba53620de936a4d','3382a28914e5c9583b488cc29194a4c73238804edcc41cd87560b2a1e2f2ec16','5e9d06727f53c391877792fcc17feeebec06cbc7855f8610d7881da76b4c3097');
INSERT INTO "audit_events" VALUES(16,'01a216adcd4977b2b90b51515351b91c','2026-11-26 07:06:58.785768','user.updated','done','user','01a216ad-c9bc-70cd-a002-33aeede26a3b','{}','{}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{"n":"1"},"full_name":"👩‍💻"},"before":{"attributes":{},"full_name":"Ada Lovelace"},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}','a1dc086373d6aace21fb70e8ef65dff4','5700d054e06b7fcf65bfe73f3035274347253d5bf18772928d6df028b37fcc3a','ee40259f47c5f8aebbc07436991996295343aa87ebc9a3f097ef0b2de52e2777','5e9d06727f53c391877792fcc17feeebec06cbc7855f8610d7881da76b4c3097','c84ff1104b5c88a80d231811e3fd6dba3b70a11d7048cdb77a4cfbf68082b4a6');
INSERT INTO "audit_events" VALUES(17,'01a216adcd737304b1190f56965f9fab','2026-11-26 07:06:58.836021','user.created','done','user','01a216ad-cd88-7000-b119-0f567a13c88a','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"one@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"one@example.com","ticket":null}','e6d72016b1bfc67b8533bd4e6d929eeb','e20f569bab3f25066a50f886444d01d0395647294d453509514b6376690c2476','022e201c21a04675194324a852ee388e79097b51cdc4d0d77307aa92d27637fd','c84ff1104b5c88a80d231811e3fd6dba3b70a11d7048cdb77a4cfbf68082b4a6','d3734e947d84ee7066da82befaa826093133bc1bd607890c80de9191c0a91e76');
INSERT INTO "audit_events" VALUES(18,'01a216adcd737304b1190f56965f9fab','2026-11-26 07:06:58.836021','user.created','done','user','01a216ad-cd88-7001-b119-0f56241c1d51','{}','{"is_active":true,"roles":["rédacteur"]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{"attributes":{},"email":"two@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}','e5c3258c4fe440245df6ebfaa07693be','8471d09a36a1d218135105d6e3d08817ab7d68311fa287cc786102af25d3b55e','e3f2ee5485f03a3785aba2fa7378c343e90d00ff71b8eaa4c0fb94ef804fe2f3','d3734e947d84ee7066da82befaa826093133bc1bd607890c80de9191c0a91e76','3bd72a905b10b6ed3b5de7664271e96b55f8ac68b2026d5fbb425131602ac060');
INSERT INTO "audit_events" VALUES(19,'01a216adcdbc7019839d685ea4598b9f','2026-11-26 07:06:58.935249','role.revoked','done','user','01a216ad-cd88-7001-b119-0f56241c1d51','{"roles":["rédacteur"]}','{"roles":[]}',NULL,'','usercli 0.1.0','{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}','f823d3d9da303b20a9fd3c4f94f64b0d','c0a2ac738995734a4f4694e506f40762526419d6f116c3caab653b3dfeed5313','83b42b46b4c7ca62e4a13490e6852470a4d0c93f7a866210439fd7213c1c859c','3bd72a905b10b6ed3b5de7664271e96b55f8ac68b2026d5fbb425131602ac060','2021f77d7880f4b2c8db2953b68a126f4d55348fa179f5b252cf275d2d535630');
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
INSERT INTO "import_progress" VALUES('7541b40180aeb722b3f29274dabfb91efb76059c715d294681233fafa3c5d47b','01a216adcd737304b1190f56965f9fab','{"from": "jsonl", "hash_passwords": false, "on_conflict": "fail", "update_passwords": false, "skip_bad": false, "create_roles": false, "preserve": false, "email_domain": null, "delimiter": null, "mapping": {}, "unknown_to_attributes": false, "companions": []}','{"read": 2, "created": 2, "updated": 0, "unchanged": 0, "skipped": 0, "rejected": 0, "change_id": "01a216ad-cd73-7304-b119-0f56965f9fab"}',0,'2026-11-26 07:06:58.814200','2026-11-26 07:06:58.864160','2026-11-26 07:06:58.861158');
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
INSERT INTO "roles" VALUES('01a216adc980753691ec75279572f4a2','admin','Everything',1,'2026-11-26 07:06:57.792536','2026-11-26 07:06:57.792536');
INSERT INTO "roles" VALUES('01a216adc99d762db13b226f3932b65b','rédacteur','',0,'2026-11-26 07:06:57.821280','2026-11-26 07:06:57.821280');
CREATE TABLE user_roles (
	user_id CHAR(32) NOT NULL, 
	role_id CHAR(32) NOT NULL, 
	granted_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	granted_by TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_user_roles PRIMARY KEY (user_id, role_id), 
	CONSTRAINT fk_user_roles_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_user_roles_role_id_roles FOREIGN KEY(role_id) REFERENCES roles (id) ON DELETE RESTRICT
);
INSERT INTO "user_roles" VALUES('01a216adc9bc70cda00233aeede26a3b','01a216adc980753691ec75279572f4a2','2026-11-26 07:06:57.860927','opérateur');
INSERT INTO "user_roles" VALUES('01a216adc9eb74568677fdfcca3db39a','01a216adc99d762db13b226f3932b65b','2026-11-26 07:06:57.907068','opérateur');
INSERT INTO "user_roles" VALUES('01a216adcb137273a3fa15cec16461f3','01a216adc980753691ec75279572f4a2','2026-11-26 07:06:58.229451','opérateur');
INSERT INTO "user_roles" VALUES('01a216adcd887000b1190f567a13c88a','01a216adc99d762db13b226f3932b65b','2026-11-26 07:06:58.834000','opérateur');
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
INSERT INTO "users" VALUES('01a216adc9bc70cda00233aeede26a3b','ada@example.com','ada@example.com','👩‍💻','!',1,0,NULL,NULL,NULL,'{"t": "\u00e4\u00df\u6f22", "n": "1"}',2,'2026-11-26 07:06:57.852856','2026-11-26 07:06:58.784776',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216adc9eb74568677fdfcca3db39a','o''brien+tag@bücher.example','o''brien+tag@xn--bcher-kva.example','O''Brien\\;--"%s','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 07:06:57.899818','2026-11-26 07:06:57.899818',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216adca1f761ab930f4281a4bd20b','ملك@example.org','ملك@example.org','‫ملك','!',1,0,NULL,'2100-01-01 00:00:00.000000',NULL,'{}',1,'2026-11-26 07:06:57.951558','2026-11-26 07:06:57.951558',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216adca51757794ce3162c13eded4','forever@example.com','forever@example.com','','!',1,0,NULL,'9999-12-31 23:59:59.000000',NULL,'{"a": "{}"}',1,'2026-11-26 07:06:58.001823','2026-11-26 07:06:58.001823',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216adca8175ec890abc07560a3176','off@example.com','off@example.com','','!',0,0,NULL,NULL,NULL,'{}',2,'2026-11-26 07:06:58.049046','2026-11-26 07:06:58.148048',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216adcb137273a3fa15cec16461f3','gone@example.com','gone@example.com','','!',0,0,NULL,NULL,NULL,'{}',2,'2026-11-26 07:06:58.195757','2026-11-26 07:06:58.350964','2026-11-26 07:06:58.349330',1,NULL);
INSERT INTO "users" VALUES('01a216adcd887000b1190f567a13c88a','one@example.com','one@example.com','','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 07:06:58.824595','2026-11-26 07:06:58.824595',NULL,NULL,NULL);
INSERT INTO "users" VALUES('01a216adcd887001b1190f56241c1d51','two@example.com','two@example.com','','!',1,0,NULL,NULL,NULL,'{}',2,'2026-11-26 07:06:58.824595','2026-11-26 07:06:58.930042',NULL,NULL,NULL);
INSERT INTO "users" VALUES('482dbba6b60b06b2eecfa539f2d0e8fc','Bare@Example.com','bare@example.com','','!',1,0,NULL,NULL,NULL,'{}',1,'2026-11-26 07:06:58.953000','2026-11-26 07:06:58.953000',NULL,NULL,NULL);
INSERT INTO "users" VALUES('2254c3584662472e1815e2ce41b5ec97','odd@example.com','odd@example.com','  a	b
''c'' ','$2b$04$abcdefghijklmnopqrstuuG.bKWIyoXCPM0qTsOsgCr.7DTtQOiP6',0,0,NULL,NULL,NULL,'{"deep": {"list": [1, null, " "]}, "": 1.5e300}',1,'1970-01-01 00:00:00.000000','2038-01-19 03:14:08.000000',NULL,NULL,NULL);
INSERT INTO "users" VALUES('9726a051c65983e2cbeda9ab2607d342','hash@example.com','hash@example.com','','{SHA}not-ours',1,1,NULL,'2020-01-01 00:00:00.000000','1999-12-31 23:59:59.000000','{}',1,'2026-11-26 07:06:58.953000','2026-11-26 07:06:58.953000',NULL,NULL,'sync');
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
