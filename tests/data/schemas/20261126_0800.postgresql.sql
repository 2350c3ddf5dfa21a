CREATE FUNCTION public.audit_events_append() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    DECLARE
        head record;
        moment record;
        first_seq bigint;
        last_seq bigint;
        number bigint;
        behind boolean;
        log text := format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME);
    BEGIN
        SELECT min(seq), max(seq), count(*) INTO first_seq, last_seq, number FROM added;
        IF number = 0 THEN
            RETURN NULL;
        END IF;
        EXECUTE format('SELECT seq, hash, at FROM %s WHERE seq < $1 ORDER BY seq DESC LIMIT 1', log)
            INTO head USING first_seq;
        EXECUTE format('SELECT seq > $1 FROM %s ORDER BY seq DESC LIMIT 1', log) INTO behind USING last_seq;
        IF behind OR first_seq <> coalesce(head.seq, 0) + 1 OR last_seq - first_seq + 1 <> number THEN
            RAISE EXCEPTION 'audit_events: seq does not continue the log';
        END IF;
        IF EXISTS (
            SELECT FROM (
                SELECT prev_hash, at,
                    lag(hash, 1, coalesce(head.hash, repeat('0', 64))) OVER w AS hash_before,
                    lag(at, 1, head.at) OVER w AS at_before
                FROM added WINDOW w AS (ORDER BY seq)
            ) AS link
            WHERE prev_hash <> hash_before OR at < at_before
                OR at < transaction_timestamp() OR at > greatest(clock_timestamp(), head.at)
        ) THEN
            RAISE EXCEPTION 'audit_events: the row does not continue the chain, or its time is not now';
        END IF;
        SELECT at, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS stamp INTO moment
            FROM added LIMIT 1;
        IF EXISTS (
            SELECT FROM added
            WHERE hash <> encode(sha256(convert_to(prev_hash || E'\n' || seq || E'\n' || CASE
                    WHEN at = moment.at THEN moment.stamp
                    ELSE to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
                END || E'\n' || body_hash || E'\n', 'UTF8')), 'hex')
                OR length(body_hash) <> 64 OR length(personal_hash) <> 64 OR length(salt) <> 32
                OR personal IS NULL OR salt IS NULL
        ) THEN
            RAISE EXCEPTION 'audit_events: a hash does not fit its row';
        END IF;
        RETURN NULL;
    END $_$;

CREATE FUNCTION public.audit_events_erase_only() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    BEGIN
        IF NEW.personal IS NULL AND NEW.salt IS NULL
            AND to_jsonb(NEW) - 'personal' - 'salt' = to_jsonb(OLD) - 'personal' - 'salt'
        THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'audit_events is append-only';
    END $$;

CREATE FUNCTION public.audit_events_refuse() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        RAISE EXCEPTION 'audit_events is append-only';
    END $$;

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE public.audit_events (
    seq bigint NOT NULL,
    change_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    action text NOT NULL,
    outcome text NOT NULL,
    target_kind text NOT NULL,
    target_id text,
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    undoes uuid,
    db_role text NOT NULL,
    tool text NOT NULL,
    personal text,
    salt text,
    personal_hash text NOT NULL,
    body_hash text NOT NULL,
    prev_hash text NOT NULL,
    hash text NOT NULL
);

COMMENT ON TABLE public.audit_events IS 'What was changed, by whom and when; append-only, chained by hash';

COMMENT ON COLUMN public.audit_events.seq IS '1, 2, 3, ... without a gap';

COMMENT ON COLUMN public.audit_events.change_id IS 'All events of one command have the same';

COMMENT ON COLUMN public.audit_events.at IS 'The time by the clock of the server, in UTC';

COMMENT ON COLUMN public.audit_events.action IS 'What was done, as user.created';

COMMENT ON COLUMN public.audit_events.outcome IS 'done; or conflict or refused where it was not done';

COMMENT ON COLUMN public.audit_events.target_kind IS 'user or role';

COMMENT ON COLUMN public.audit_events.target_id IS 'The id of the user or role';

COMMENT ON COLUMN public.audit_events.before IS 'The changed fields before, without personal data';

COMMENT ON COLUMN public.audit_events.after IS 'The changed fields after, without personal data';

COMMENT ON COLUMN public.audit_events.undoes IS 'The change_id that this event reverts';

COMMENT ON COLUMN public.audit_events.db_role IS 'The role of the database; empty on SQLite';

COMMENT ON COLUMN public.audit_events.tool IS 'The program and its version';

COMMENT ON COLUMN public.audit_events.personal IS 'Personal data as a JSON text; NULL once erased';

COMMENT ON COLUMN public.audit_events.salt IS 'Random digits for personal_hash; NULL once erased';

COMMENT ON COLUMN public.audit_events.personal_hash IS 'The hash of personal and salt, which stays after an erasure';

COMMENT ON COLUMN public.audit_events.body_hash IS 'The hash of the other columns';

COMMENT ON COLUMN public.audit_events.prev_hash IS 'The hash of the event before';

COMMENT ON COLUMN public.audit_events.hash IS 'The hash of this event and of all before it';

CREATE TABLE public.import_progress (
    digest text NOT NULL,
    change_id uuid NOT NULL,
    options jsonb NOT NULL,
    summary jsonb NOT NULL,
    reject_bytes bigint NOT NULL,
    started_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone
);

COMMENT ON TABLE public.import_progress IS 'How far each import that can be resumed has come';

COMMENT ON COLUMN public.import_progress.digest IS 'SHA-256 of the file';

COMMENT ON COLUMN public.import_progress.change_id IS 'The change_id of its events in audit_events';

COMMENT ON COLUMN public.import_progress.options IS 'What decides what is written; the same on every run';

COMMENT ON COLUMN public.import_progress.summary IS 'Counts so far';

COMMENT ON COLUMN public.import_progress.reject_bytes IS 'How long the file of rejected rows was';

COMMENT ON COLUMN public.import_progress.started_at IS 'When the import began';

COMMENT ON COLUMN public.import_progress.updated_at IS 'When it last wrote users';

COMMENT ON COLUMN public.import_progress.finished_at IS 'When it was done; NULL before';

CREATE TABLE public.roles (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    description text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    administrative boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.roles IS 'Names that users hold';

COMMENT ON COLUMN public.roles.id IS 'The permanent id, a UUID';

COMMENT ON COLUMN public.roles.name IS 'What the role is called';

COMMENT ON COLUMN public.roles.description IS 'What it is for, may be empty';

COMMENT ON COLUMN public.roles.administrative IS 'Whether its last holder is guarded';

COMMENT ON COLUMN public.roles.created_at IS 'When the row was created';

COMMENT ON COLUMN public.roles.updated_at IS 'When the row was last changed';

CREATE TABLE public.user_roles (
    user_id uuid NOT NULL,
    role_id uuid NOT NULL,
    granted_at timestamp with time zone DEFAULT now() NOT NULL,
    granted_by text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C"
);

COMMENT ON TABLE public.user_roles IS 'Which user holds which role';

COMMENT ON COLUMN public.user_roles.user_id IS 'Who holds the role';

COMMENT ON COLUMN public.user_roles.role_id IS 'Which role';

COMMENT ON COLUMN public.user_roles.granted_at IS 'Since when';

COMMENT ON COLUMN public.user_roles.granted_by IS 'Who granted it';

CREATE TABLE public.users (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    email text NOT NULL COLLATE pg_catalog."C",
    email_key text NOT NULL COLLATE pg_catalog."C",
    full_name text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    hashed_password text NOT NULL COLLATE pg_catalog."C",
    is_active boolean DEFAULT true NOT NULL,
    must_change_password boolean DEFAULT false NOT NULL,
    password_changed_at timestamp with time zone,
    expires_at timestamp with time zone,
    last_login_at timestamp with time zone,
    attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    was_active boolean,
    managed_by text COLLATE pg_catalog."C",
    CONSTRAINT ck_users_deleted_is_inactive CHECK (((deleted_at IS NULL) OR (NOT is_active))),
    CONSTRAINT ck_users_version_positive CHECK ((version > 0))
);

COMMENT ON TABLE public.users IS 'People and programs that may sign in; rules for other writers in docs/table.md of usercli';

COMMENT ON COLUMN public.users.id IS 'The permanent id, a UUID';

COMMENT ON COLUMN public.users.email IS 'The address as typed';

COMMENT ON COLUMN public.users.email_key IS 'The normalized address, which no other user outside the recycle bin has';

COMMENT ON COLUMN public.users.full_name IS 'The name as shown, may be empty';

COMMENT ON COLUMN public.users.hashed_password IS 'A hash in the format of passlib; ! means no password';

COMMENT ON COLUMN public.users.is_active IS 'Whether the user may sign in';

COMMENT ON COLUMN public.users.must_change_password IS 'Whether a new password must be chosen at the next sign-in';

COMMENT ON COLUMN public.users.password_changed_at IS 'When the password was last set';

COMMENT ON COLUMN public.users.expires_at IS 'From this time on the user may not sign in; NULL is never';

COMMENT ON COLUMN public.users.last_login_at IS 'The last sign-in; NULL where none is recorded';

COMMENT ON COLUMN public.users.attributes IS 'A JSON object with what else the service needs';

COMMENT ON COLUMN public.users.version IS 'Counts the changes, from 1';

COMMENT ON COLUMN public.users.created_at IS 'When the row was created';

COMMENT ON COLUMN public.users.updated_at IS 'When the row was last changed';

COMMENT ON COLUMN public.users.deleted_at IS 'When the user was moved to the recycle bin; NULL outside of it';

COMMENT ON COLUMN public.users.was_active IS 'In the recycle bin: is_active before';

COMMENT ON COLUMN public.users.managed_by IS 'Its desired-state file';

INSERT INTO public.alembic_version VALUES ('20261126_0800');

INSERT INTO public.audit_events VALUES (1, '01a21a04-28c0-70eb-958b-0dfeb08eb209', '2026-11-26 22:40:09.948924+00', 'role.created', 'done', 'role', '01a21a04-28d4-71a0-93ad-a4210b0ac8cd', '{}', '{"name": "admin", "description": "Everything", "administrative": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', '2319596fa5ac1b0075a02b75376dc3a5', 'b86d78af17f19a447766cfff9f4054685157e891dd148cbb8f24b21f23d53289', '5c52d8665bd7e7282ea51f5f501a4ed08e3963f1aa6a5b4167a2cffe2affc6b9', '0000000000000000000000000000000000000000000000000000000000000000', 'ca5dd9031742ea22b459f96c04cf2eb29d32ac86deb87b167f8b187f8257474e');
INSERT INTO public.audit_events VALUES (2, '01a21a04-28e7-705d-8cd6-688b40aebfea', '2026-11-26 22:40:09.978064+00', 'role.created', 'done', 'role', '01a21a04-28f6-7159-bdd5-49f6406f17d3', '{}', '{"name": "rédacteur", "description": "", "administrative": false}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', 'c0d7c458e16fc7a2a327a42472b7ec4b', '17ada9699f224fc62c885c0988fc2500a251e1dcfe7d174edd8ed172da079378', '55d70eaeb7408ae15144a07af0cd910ae0f8f5aa985b05a2a4559c7900ee1991', 'ca5dd9031742ea22b459f96c04cf2eb29d32ac86deb87b167f8b187f8257474e', '3f7c9a53b9f555c5e1b75e5482ed6d7958cedde6364f8c930cf98183aade95c5');
INSERT INTO public.audit_events VALUES (3, '01a21a04-2902-7561-99ad-bc6486ffd953', '2026-11-26 22:40:10.015804+00', 'user.created', 'done', 'user', '01a21a04-2916-7679-bad6-b097d556407b', '{}', '{"roles": ["admin"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"t":"äß漢"},"email":"ada@example.com","full_name":"Ada Lovelace"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}', '533f0d7f66b4e1d42342fa0218337d0c', '59c5db177e733da786c39e5fc10ea191311d2591120ef3bb0914e9afbe99b378', '257a23c0e1766df5356be994bc6434eeb1522b9c8b459487f4b192efbbc54f3e', '3f7c9a53b9f555c5e1b75e5482ed6d7958cedde6364f8c930cf98183aade95c5', '1e11f8508505bbc813c3f8498af284662f8fcb520a0b61f93f23decb06dce644');
INSERT INTO public.audit_events VALUES (4, '01a21a04-2945-7784-9fc7-95d8bdf37b79', '2026-11-26 22:40:10.08279+00', 'user.created', 'done', 'user', '01a21a04-2959-778d-8aab-400d4e310f98', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"o''brien+tag@bücher.example","full_name":"O''Brien\\\\;--\"%s"},"before":{},"host":"admin.example.com","reason":null,"target_email":"o''brien+tag@bücher.example","ticket":null}', 'cf0f554fe1b34a04f0bb89238a52ca01', 'c8ac1b6ddc94ebc0e10ce1f0c1d592fd284cd7a7eb8032bb610205d15e1dbe13', '27e50e4083fdefc3cd6bff2a59565927a68c883756483d9e0100c2324fef35a7', '1e11f8508505bbc813c3f8498af284662f8fcb520a0b61f93f23decb06dce644', '97ab0beaa27a281451541f400fc0d5f0b534debad836256f2a2f2b7ea1de75ef');
INSERT INTO public.audit_events VALUES (5, '01a21a04-296b-74f5-8c08-4e1d4e2758c1', '2026-11-26 22:40:10.122094+00', 'user.created', 'done', 'user', '01a21a04-2985-75ec-8ec5-1f4aeeae60c5', '{}', '{"roles": [], "is_active": true, "expires_at": "2100-01-01T00:00:00Z"}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"ملك@example.org","full_name":"‫ملك"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ملك@example.org","ticket":null}', '93e9e901ae1b10e4901869c8d55faefc', 'ed9357ee0ad104168729528ed3b9e583e9566554110968b334bf7521982d54be', '39aac1501b510914f772392180679c25c909f32bc38496172a5d874a5a91dc0b', '97ab0beaa27a281451541f400fc0d5f0b534debad836256f2a2f2b7ea1de75ef', 'e5431a124008c02bd0653ecfe98d366afc4aa5b1fd2d06a8e7136c376c8d6787');
INSERT INTO public.audit_events VALUES (6, '01a21a04-2991-7023-b0be-bc024759da39', '2026-11-26 22:40:10.150114+00', 'user.created', 'done', 'user', '01a21a04-29a2-71a2-b2a2-b966cfa259bc', '{}', '{"roles": [], "is_active": true, "expires_at": "9999-12-31T23:59:59Z"}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"a":"{}"},"email":"forever@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"forever@example.com","ticket":null}', '03bd818848ac7d210994007c091a8f6a', 'c5846851b5f03d7d7862d9b2852b0008c9c43af6319d5bf6ac5685c1a728b842', 'c59e409dbb6814b2909b59d64703b90fc7dc88c8452d00046583630239a166e7', 'e5431a124008c02bd0653ecfe98d366afc4aa5b1fd2d06a8e7136c376c8d6787', 'e9d95866df536ab5f2b58b4c721d8e280eac57fa4c9f7e79c8ae4be885c95303');
INSERT INTO public.audit_events VALUES (7, '01a21a04-29ae-76d1-8d2d-79b06aa7e4b2', '2026-11-26 22:40:10.173553+00', 'user.created', 'done', 'user', '01a21a04-29b9-71f8-b1bc-b2399e53c9b4', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"off@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}', 'b1ec65b4cdef27b7a389e080540fa33c', 'c942ce7773928cc544488aa7c9ebf8f7c6447aef2a146733bc9dd52de40e1030', '6e510827843c51621784e017f441b0295f4d1092fea9473b59661c82f0660fef', 'e9d95866df536ab5f2b58b4c721d8e280eac57fa4c9f7e79c8ae4be885c95303', '6d1e6a1aa8ad9e8d40795f00854e618e33585087dc3328045d4f6d02deafd26f');
INSERT INTO public.audit_events VALUES (8, '01a21a04-29c6-7702-bad4-2fc7de569c1c', '2026-11-26 22:40:10.250801+00', 'user.deactivated', 'done', 'user', '01a21a04-29b9-71f8-b1bc-b2399e53c9b4', '{"is_active": true}', '{"is_active": false}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}', 'b99d731526d15ece2c57e1fdda8f23e2', 'cbc992809dc0db2865343af678071f1780ecb97904398a9fa201e53127e084ff', 'b8f4e259d9819c422ffbde6892840612354a8c6d1bc1e12ecd3c8af2816bd178', '6d1e6a1aa8ad9e8d40795f00854e618e33585087dc3328045d4f6d02deafd26f', '1f82ff4b604c81489da612244ca01db9cb37d553e2bf41558c57859e9edbd671');
INSERT INTO public.audit_events VALUES (9, '01a21a04-2a12-740b-81ac-93540ed318cf', '2026-11-26 22:40:10.395859+00', 'user.created', 'done', 'user', '01a21a04-2a91-74f8-b736-555bf796c224', '{}', '{"roles": ["admin"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"gone@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"gone@example.com","ticket":null}', '9889507114302614c4903959a11dd497', '49f6aab06be3624d00050199e40dbda7accf35f9bf3ffacbb20fb94c9dedba96', '407eac1118e7e6aef52bb3dfb398a9f0e270dc69d75cc94288feb8fb166d4e37', '1f82ff4b604c81489da612244ca01db9cb37d553e2bf41558c57859e9edbd671', '44f6a79df183b8f3a8b0758465dae1cd3f2bc38c6ccb5ade1088592082f3d44b');
INSERT INTO public.audit_events VALUES (10, '01a21a04-2abb-735e-914e-c1a8132132ae', '2026-11-26 22:40:10.461393+00', 'user.deleted', 'done', 'user', '01a21a04-2a91-74f8-b736-555bf796c224', '{"is_active": true, "deleted_at": null, "was_active": null}', '{"is_active": false, "deleted_at": "2026-11-26T22:40:10.439840Z", "was_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":"left","target_email":"gone@example.com","ticket":null}', '9c4c8cd7aa9c83e6aaa56685e8c42e14', 'd56a086aa31e240813ebb627bfa81a18ac04cc64ddced73ed99526e9eab5de35', 'caa982cc2aa8a42cf1e511f14b0b90e69a3146fe4fd48107db09f24400d6ea54', '44f6a79df183b8f3a8b0758465dae1cd3f2bc38c6ccb5ade1088592082f3d44b', '284d8116c31b6a33ee43f47e982a45e88473dd5e0221c6080d1612e8b212cd81');
INSERT INTO public.audit_events VALUES (11, '01a21a04-2ae7-7187-9515-e23de99e4840', '2026-11-26 22:40:10.491466+00', 'user.created', 'done', 'user', '01a21a04-2af6-72c6-9a45-a6421252938e', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', NULL, NULL, 'bdfe2289550e8336158f0d9fd495b3f8144f1cbe29a859459d5d60c4c3412bd6', '29ca8a4efef2e8cc90bee7cea229fbf6400b9023b4c23cdd6b786d43f5bde905', '284d8116c31b6a33ee43f47e982a45e88473dd5e0221c6080d1612e8b212cd81', 'b35451539a91db269a950eb87479d236aaa9ae07a899397a1cc8ba2e71dada36');
INSERT INTO public.audit_events VALUES (12, '01a21a04-2b01-7018-be57-f295be0d3a6a', '2026-11-26 22:40:10.532657+00', 'user.deleted', 'done', 'user', '01a21a04-2af6-72c6-9a45-a6421252938e', '{"is_active": true, "deleted_at": null, "was_active": null}', '{"is_active": false, "deleted_at": "2026-11-26T22:40:10.512061Z", "was_active": true}', NULL, 'postgres', 'usercli 0.1.0', NULL, NULL, 'b7a3b8590a3cd7307526a550df239aff11ac02efb0c13e3481cdfd09461dcd4e', '150861519ea1db8b0ec6024d0d9925d7e6b1beac3486748fe181bd2e32b52f08', 'b35451539a91db269a950eb87479d236aaa9ae07a899397a1cc8ba2e71dada36', '08abe156f43ebbca17333b5ebd691aaa5917a4079ca001aaf23dbd6a7db86db7');
INSERT INTO public.audit_events VALUES (13, '01a21a04-2b5b-73a1-8497-54e0e296529c', '2026-11-26 22:40:10.64163+00', 'user.erased', 'done', 'user', '01a21a04-2af6-72c6-9a45-a6421252938e', '{}', '{"erased": [[11, 12]]}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', 'eacd26fe4e44effd71d290e5d80484f4', '428115d836cbe7c5680b5addcf03cb4368c08492b3f6340635e1d9edffc4a20d', '40afa842a7eb1fe9370e4074ef6ad94f52da873e2ffb2ad6879a772cc2337627', '08abe156f43ebbca17333b5ebd691aaa5917a4079ca001aaf23dbd6a7db86db7', 'bd2200c1295b7fbd5fb9341dbb8c88a73064cd9a3e778f4ad99e1b36ef4de8c9');
INSERT INTO public.audit_events VALUES (14, '01a21a04-2b96-756e-abc4-0c6da884ab3e', '2026-11-26 22:40:10.671749+00', 'user.created', 'done', 'user', '01a21a04-2bac-7093-9a29-98be95a03675', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"purged@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}', '02f6b3783b32ce628248d32857f489b2', 'c64d1386c8a90d196a931c70d0264a415460f7a8df074406c07ee8a924c69093', 'd2ed4ced5a8bd2fd68604c675748c53ebd2ea8cd0e68118ad55815a4b0489757', 'bd2200c1295b7fbd5fb9341dbb8c88a73064cd9a3e778f4ad99e1b36ef4de8c9', 'd4ea1bed35d87da8ec0f839a53e346c100ad72817af193cff45ca150aac1891d');
INSERT INTO public.audit_events VALUES (15, '01a21a04-2be3-73f7-8745-8481e8617811', '2026-11-26 22:40:10.758555+00', 'user.purged', 'done', 'user', '01a21a04-2bac-7093-9a29-98be95a03675', '{"roles": [], "is_active": true, "deleted_at": null, "expires_at": null, "managed_by": null, "was_active": null, "must_change_password": false}', '{}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{"attributes":{},"email":"purged@example.com","full_name":""},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}', 'aae8c4abfad53167fa0e8044e0074977', '9c67d38b5f5497b35e3bb4202de622136fd01e5f8650ffb18bbd43948b1730b4', '396098291908ea8ad647169081987a4f5252a7f06a693c20c6404f58572c3f45', 'd4ea1bed35d87da8ec0f839a53e346c100ad72817af193cff45ca150aac1891d', 'bf3cffe2d0f95c9861c70aca441c2dc0aaa4ae63d9c879aab68a5bb8251726be');
INSERT INTO public.audit_events VALUES (16, '01a21a04-2c0d-7316-8bca-106566fe436c', '2026-11-26 22:40:10.788047+00', 'user.updated', 'done', 'user', '01a21a04-2916-7679-bad6-b097d556407b', '{}', '{}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"n":"1"},"full_name":"👩‍💻"},"before":{"attributes":{},"full_name":"Ada Lovelace"},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}', '74015a9e1256feac70b29a1575df2623', '25658aa0efa9e919e9a80d8039bf459efe046b461b29323f5e4ba1abccede788', '39bdbe4470461b093f7ee529566df39945fe8d16120947e648c491dbd2d6e64b', 'bf3cffe2d0f95c9861c70aca441c2dc0aaa4ae63d9c879aab68a5bb8251726be', '3cb80bc5d18752b3fc50b6d1de00645b74c8b1ca0846d54d3d3882d2633db2ae');
INSERT INTO public.audit_events VALUES (17, '01a21a04-2c29-7301-acd1-b626246aa103', '2026-11-26 22:40:10.841979+00', 'user.created', 'done', 'user', '01a21a04-2c47-7000-acd1-b626587251c3', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"one@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"one@example.com","ticket":null}', '6a77da91aeff636aedb70786dc15dcc7', '6c9aba111b735b5f9b46847774534ee42245c8f0c3b4a9d627352fb54256b1b4', 'b1cc30a9399767e81a54a289da0801e3ad95776bcff9bf82e17e508367a45555', '3cb80bc5d18752b3fc50b6d1de00645b74c8b1ca0846d54d3d3882d2633db2ae', '4beb81781c2f9472b3cff2c5d0e22b9a0ac1ac381c44cf01d0d89c51902a9556');
INSERT INTO public.audit_events VALUES (18, '01a21a04-2c29-7301-acd1-b626246aa103', '2026-11-26 22:40:10.841979+00', 'user.created', 'done', 'user', '01a21a04-2c47-7001-acd1-b6267e534fce', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"two@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}', '5548fa2c323e18af16d24b901de8868e', 'cc1b05b9d5140b56067678dddc81f8f662412e37c8e39c637fdc0eef09731c3a', '6aba8d283fda917d66f84edc2fa5124c2c2a8132a6548621266fb7f17ff430eb', '4beb81781c2f9472b3cff2c5d0e22b9a0ac1ac381c44cf01d0d89c51902a9556', '23caab457aae789b35dc53a0ef021414b97ce5898b602503ffe919b38e0247f8');
INSERT INTO public.audit_events VALUES (19, '01a21a04-2c6c-71cb-84fb-45db100e0514', '2026-11-26 22:40:10.916194+00', 'role.revoked', 'done', 'user', '01a21a04-2c47-7001-acd1-b6267e534fce', '{"roles": ["rédacteur"]}', '{"roles": []}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}', 'ec70f93bc3564011d6ae58cbfc4a49fb', '82928032d18a5fcd9db35695bf5e29bda0ed7724d8d7e8d8539eec4fbafa3c6e', 'f5e75a20f0cd589189b3067ad217d54751b90ecce114eef50abd1bc837f52468', '23caab457aae789b35dc53a0ef021414b97ce5898b602503ffe919b38e0247f8', 'e551e9d89a21d43fbf3ce937f992195f6f2749bb78d51501a68da114d4f1bb3c');

INSERT INTO public.import_progress VALUES ('7541b40180aeb722b3f29274dabfb91efb76059c715d294681233fafa3c5d47b', '01a21a04-2c29-7301-acd1-b626246aa103', '{"from": "jsonl", "sheet": null, "values": null, "mapping": {}, "skipped": null, "encoding": null, "preserve": false, "skip_bad": false, "timezone": null, "delimiter": null, "companions": [], "date_order": null, "has_pepper": null, "on_conflict": "fail", "create_roles": false, "email_domain": null, "hash_passwords": false, "update_passwords": false, "unknown_to_attributes": false}', '{"read": 2, "created": 2, "skipped": 0, "updated": 0, "rejected": 0, "change_id": "01a21a04-2c29-7301-acd1-b626246aa103", "unchanged": 0}', 0, '2026-11-26 22:40:10.81884+00', '2026-11-26 22:40:10.854971+00', '2026-11-26 22:40:10.852661+00');

INSERT INTO public.roles VALUES ('01a21a04-28d4-71a0-93ad-a4210b0ac8cd', 'admin', 'Everything', true, '2026-11-26 22:40:09.940405+00', '2026-11-26 22:40:09.940405+00');
INSERT INTO public.roles VALUES ('01a21a04-28f6-7159-bdd5-49f6406f17d3', 'rédacteur', '', false, '2026-11-26 22:40:09.974901+00', '2026-11-26 22:40:09.974901+00');

INSERT INTO public.user_roles VALUES ('01a21a04-2916-7679-bad6-b097d556407b', '01a21a04-28d4-71a0-93ad-a4210b0ac8cd', '2026-11-26 22:40:10.010012+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a21a04-2959-778d-8aab-400d4e310f98', '01a21a04-28f6-7159-bdd5-49f6406f17d3', '2026-11-26 22:40:10.0772+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a21a04-2a91-74f8-b736-555bf796c224', '01a21a04-28d4-71a0-93ad-a4210b0ac8cd', '2026-11-26 22:40:10.388781+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a21a04-2c47-7000-acd1-b626587251c3', '01a21a04-28f6-7159-bdd5-49f6406f17d3', '2026-11-26 22:40:10.827282+00', 'opérateur');

INSERT INTO public.users VALUES ('01a21a04-2959-778d-8aab-400d4e310f98', 'o''brien+tag@bücher.example', 'o''brien+tag@xn--bcher-kva.example', 'O''Brien\\;--"%s', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 22:40:10.073507+00', '2026-11-26 22:40:10.073507+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a21a04-2985-75ec-8ec5-1f4aeeae60c5', 'ملك@example.org', 'ملك@example.org', '‫ملك', '!', true, false, NULL, '2100-01-01 00:00:00+00', NULL, '{}', 1, '2026-11-26 22:40:10.117617+00', '2026-11-26 22:40:10.117617+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a21a04-29a2-71a2-b2a2-b966cfa259bc', 'forever@example.com', 'forever@example.com', '', '!', true, false, NULL, '9999-12-31 23:59:59+00', NULL, '{"a": "{}"}', 1, '2026-11-26 22:40:10.146176+00', '2026-11-26 22:40:10.146176+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a21a04-29b9-71f8-b1bc-b2399e53c9b4', 'off@example.com', 'off@example.com', '', '!', false, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 22:40:10.169052+00', '2026-11-26 22:40:10.242424+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a21a04-2a91-74f8-b736-555bf796c224', 'gone@example.com', 'gone@example.com', '', '!', false, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 22:40:10.385881+00', '2026-11-26 22:40:10.455105+00', '2026-11-26 22:40:10.43984+00', true, NULL);
INSERT INTO public.users VALUES ('01a21a04-2916-7679-bad6-b097d556407b', 'ada@example.com', 'ada@example.com', '👩‍💻', '!', true, false, NULL, NULL, NULL, '{"n": "1", "t": "äß漢"}', 2, '2026-11-26 22:40:10.006259+00', '2026-11-26 22:40:10.784962+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a21a04-2c47-7000-acd1-b626587251c3', 'one@example.com', 'one@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 22:40:10.823898+00', '2026-11-26 22:40:10.823898+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a21a04-2c47-7001-acd1-b6267e534fce', 'two@example.com', 'two@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 22:40:10.823898+00', '2026-11-26 22:40:10.909573+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('65ae6936-78f2-42b6-a448-f3411fa23f0c', 'Bare@Example.com', 'bare@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 22:40:10.92757+00', '2026-11-26 22:40:10.92757+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('7b108a42-4793-4337-a521-129e7f8feaaf', 'odd@example.com', 'odd@example.com', '  a	b
''c'' ', '$2b$04$abcdefghijklmnopqrstuuG.bKWIyoXCPM0qTsOsgCr.7DTtQOiP6', false, false, NULL, NULL, NULL, '{"": 1500000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000, "deep": {"list": [1, null, " "]}}', 1, '1970-01-01 00:00:00.000001+00', '2038-01-19 03:14:08+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('7c9b9c0e-b62c-4838-aebb-933f7886f589', 'hash@example.com', 'hash@example.com', '', '{SHA}not-ours', true, true, NULL, '2020-01-01 00:00:00+00', '1999-12-31 23:59:59+00', '{}', 1, '2026-11-26 22:40:10.931589+00', '2026-11-26 22:40:10.931589+00', NULL, NULL, 'sync');

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.audit_events
    ADD CONSTRAINT pk_audit_events PRIMARY KEY (seq);

ALTER TABLE ONLY public.import_progress
    ADD CONSTRAINT pk_import_progress PRIMARY KEY (digest);

ALTER TABLE ONLY public.roles
    ADD CONSTRAINT pk_roles PRIMARY KEY (id);

ALTER TABLE ONLY public.user_roles
    ADD CONSTRAINT pk_user_roles PRIMARY KEY (user_id, role_id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT pk_users PRIMARY KEY (id);

ALTER TABLE ONLY public.roles
    ADD CONSTRAINT uq_roles_name UNIQUE (name);

CREATE INDEX ix_audit_events_change_id ON public.audit_events USING btree (change_id);

CREATE INDEX ix_audit_events_target_id_seq ON public.audit_events USING btree (target_id, seq);

CREATE INDEX ix_audit_events_undoes ON public.audit_events USING btree (undoes) WHERE (undoes IS NOT NULL);

CREATE INDEX ix_user_roles_role_id ON public.user_roles USING btree (role_id);

CREATE INDEX ix_users_created_at_id ON public.users USING btree (created_at, id);

CREATE INDEX ix_users_deleted_email_key ON public.users USING btree (email_key) WHERE (deleted_at IS NOT NULL);

CREATE INDEX ix_users_inactive ON public.users USING btree (created_at, id) WHERE ((NOT is_active) AND (deleted_at IS NULL));

CREATE UNIQUE INDEX uq_users_email_key ON public.users USING btree (email_key) WHERE (deleted_at IS NULL);

CREATE TRIGGER audit_events_append AFTER INSERT ON public.audit_events REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.audit_events_append();

CREATE TRIGGER audit_events_erase_only BEFORE UPDATE ON public.audit_events FOR EACH ROW EXECUTE FUNCTION public.audit_events_erase_only();

CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON public.audit_events FOR EACH STATEMENT EXECUTE FUNCTION public.audit_events_refuse();

CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON public.audit_events FOR EACH STATEMENT EXECUTE FUNCTION public.audit_events_refuse();

ALTER TABLE ONLY public.user_roles
    ADD CONSTRAINT fk_user_roles_role_id_roles FOREIGN KEY (role_id) REFERENCES public.roles(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.user_roles
    ADD CONSTRAINT fk_user_roles_user_id_users FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
