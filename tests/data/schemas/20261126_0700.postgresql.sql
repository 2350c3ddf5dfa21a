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

COMMENT ON COLUMN public.users.managed_by IS 'The desired-state file of this user';

INSERT INTO public.alembic_version VALUES ('20261126_0700');

INSERT INTO public.audit_events VALUES (1, '01a21932-b800-74e9-ae73-f1ed5890a754', '2026-11-26 18:51:24.061246+00', 'role.created', 'done', 'role', '01a21932-b819-718a-ab00-871db4b59129', '{}', '{"name": "admin", "description": "Everything", "administrative": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', '683053d02564b167945e520deb8bb872', '106a14d7010925c07db3ce6b6642517df779bd5089b5f3e17b671a3f5fe009f7', '003a6fede561d5f6b166472bf53559a55cbcd2b8118fd8a7893f2e78cb5101ef', '0000000000000000000000000000000000000000000000000000000000000000', 'e8b1acec4b01d0f66919edfb5c437423a69d1d6a85d10e92754e92b6d4e024c4');
INSERT INTO public.audit_events VALUES (2, '01a21932-b82f-72c7-af8f-1278d79c641f', '2026-11-26 18:51:24.103762+00', 'role.created', 'done', 'role', '01a21932-b844-741d-a6c5-d16f5d0eda12', '{}', '{"name": "rédacteur", "description": "", "administrative": false}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', '0fd8fa65f228f5458ceaefc3d086e377', '82d102d5d980a8ef636892387ac0281749433d63e0d5f6228cc7a64f7c20e0a3', '963a52ec849b7608729bfb419e9e2e8245f5fce2f71660d897c58c4e9f77afc7', 'e8b1acec4b01d0f66919edfb5c437423a69d1d6a85d10e92754e92b6d4e024c4', '68d91746c82955f81b854786a5d00d83c0f1055cf6708e06d33be28c670407e7');
INSERT INTO public.audit_events VALUES (3, '01a21932-b851-748b-9bed-5d1d096be8ec', '2026-11-26 18:51:24.152705+00', 'user.created', 'done', 'user', '01a21932-b869-7631-b327-2b19d44c7f27', '{}', '{"roles": ["admin"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"t":"äß漢"},"email":"ada@example.com","full_name":"Ada Lovelace"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}', '139916ab405319dae25f40044ed35c8a', 'bf44776521b324806721044f9106886d86c759359aa111aab90afa7448115369', '6370389145d7093e3f7f59c1767cf1213a65ed4e7d09a73ce43d09048dd95093', '68d91746c82955f81b854786a5d00d83c0f1055cf6708e06d33be28c670407e7', 'ca2dd106f99225ea10a330327b43e007e3f1f2e152ca013e9c5f337fd390eb17');
INSERT INTO public.audit_events VALUES (4, '01a21932-b8ac-72c1-86e6-e8abb9696e35', '2026-11-26 18:51:24.290862+00', 'user.created', 'done', 'user', '01a21932-b8df-706c-84ee-75b41dd7b498', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"o''brien+tag@bücher.example","full_name":"O''Brien\\\\;--\"%s"},"before":{},"host":"admin.example.com","reason":null,"target_email":"o''brien+tag@bücher.example","ticket":null}', '2c0d7e40f2be5a059d2c8f0262d706be', '81784280371f6f89d003b2a8fabf3d059cebdb055a143e190435c5603d2bb495', '17809528bcf950192c5b509f75052617e68d26bdc3f099ae6e54f91087a147bf', 'ca2dd106f99225ea10a330327b43e007e3f1f2e152ca013e9c5f337fd390eb17', 'ff2514b7d106df01dee3729f28917d5ffdf2ecc09498a0899542391c7ce1d00a');
INSERT INTO public.audit_events VALUES (5, '01a21932-b92a-77e3-8136-ddb95dc63d8e', '2026-11-26 18:51:24.373195+00', 'user.created', 'done', 'user', '01a21932-b944-707f-97c0-22350cf8bb93', '{}', '{"roles": [], "is_active": true, "expires_at": "2100-01-01T00:00:00Z"}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"ملك@example.org","full_name":"‫ملك"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ملك@example.org","ticket":null}', '8365b153f478c064285014aaa1054587', 'd5f8fbf2a20dd7f357d7983a7280369cca34dda7919ec65b3916e43b3b7a7ad3', '4ab01b4d88f536ffe592c95d3a36df812c8a9ebc0fe5cd648eb5bffe6a66d2ad', 'ff2514b7d106df01dee3729f28917d5ffdf2ecc09498a0899542391c7ce1d00a', '28a32a3415dfc56b3380e1c56500383f1935d022a0b4b91351dedeeda6b76662');
INSERT INTO public.audit_events VALUES (6, '01a21932-b96a-768b-ba11-7edcb8efd9b9', '2026-11-26 18:51:24.636413+00', 'user.created', 'done', 'user', '01a21932-b98c-73d6-ad6c-ca47d4797c0a', '{}', '{"roles": [], "is_active": true, "expires_at": "9999-12-31T23:59:59Z"}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"a":"{}"},"email":"forever@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"forever@example.com","ticket":null}', '6de8bf307a6b3d14c077406da16d1316', '94e5dd5baeed3cd9b51673ee2f08e10fa5ed704cf0148c0307bb8472df6750aa', 'dbce3cb3513a851d8e12a3113d7b1869128224df7495a002e1f10bd74783b2d0', '28a32a3415dfc56b3380e1c56500383f1935d022a0b4b91351dedeeda6b76662', '7f9ec6bc574f890f96a4947387b7fb37024c2e27ea2e0b631be661248b116bf7');
INSERT INTO public.audit_events VALUES (7, '01a21932-ba76-7644-a59b-ea0d0788f7e2', '2026-11-26 18:51:24.714676+00', 'user.created', 'done', 'user', '01a21932-ba98-76c2-8e5e-690a51b76379', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"off@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}', 'ca4bcc53d846012b83c859ac8f47c753', '206476169096445d246d0bf30cd42182e68db48fcb31fefcd972e2e1d1804922', 'e5aed08d821139fb4f001e5271c562698a1475693d6cdac609aeb04429ab5bd6', '7f9ec6bc574f890f96a4947387b7fb37024c2e27ea2e0b631be661248b116bf7', '07c3e6c37d615eac937b0ae766856a1accc9e43b4bd6501333a04ee337d487b4');
INSERT INTO public.audit_events VALUES (8, '01a21932-bac2-72d7-b304-df85bd66fdc5', '2026-11-26 18:51:24.801971+00', 'user.deactivated', 'done', 'user', '01a21932-ba98-76c2-8e5e-690a51b76379', '{"is_active": true}', '{"is_active": false}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}', '7a6993fda3985e591e999d37449df405', '3d5aafe4d7befb9dbcc7d5c311df80cfa19e01c434db609f440ce160c8e61ee9', '99e756cb71c550fd4d028b34e80e25517d0f8b8a33d63f2fe58c061cdde7e62d', '07c3e6c37d615eac937b0ae766856a1accc9e43b4bd6501333a04ee337d487b4', 'ad0dbb9eeacaaa4e8564b73afebdb295670502b2efaac12b90a3c2c73646c7d8');
INSERT INTO public.audit_events VALUES (9, '01a21932-bb1d-737f-b3ce-132ce46537c7', '2026-11-26 18:51:24.904486+00', 'user.created', 'done', 'user', '01a21932-bb52-7665-ac52-98e879af5a2a', '{}', '{"roles": ["admin"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"gone@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"gone@example.com","ticket":null}', '77c60e5489e5916fa04f23ccfff60522', '24709ca7f3a589783b01a88e64c70e84d4943fbc1cc6746cbfa9696ceccbc033', 'c07ec67d06282c58ee54a12da65d11f10b3f6ba34db71b07c1eefd9b876b538a', 'ad0dbb9eeacaaa4e8564b73afebdb295670502b2efaac12b90a3c2c73646c7d8', 'd162761764d4cf00123a3314670fae92a6e043b3b6c9cb0ad0813733894b34b5');
INSERT INTO public.audit_events VALUES (10, '01a21932-bba7-764b-a59e-6534644a6f0e', '2026-11-26 18:51:25.067146+00', 'user.deleted', 'done', 'user', '01a21932-bb52-7665-ac52-98e879af5a2a', '{"is_active": true, "deleted_at": null, "was_active": null}', '{"is_active": false, "deleted_at": "2026-11-26T18:51:24.990094Z", "was_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":"left","target_email":"gone@example.com","ticket":null}', 'ce41bd5d06521852d85950ef4b302359', 'b62d92a90f46a8deecce055596a04b0c4de79e06a9df704962e36d7e4f5ba3f0', '453c763dc78af36d3b80caed971cafbe6b5b786eade640ba003e9afbe2ef0c98', 'd162761764d4cf00123a3314670fae92a6e043b3b6c9cb0ad0813733894b34b5', '3ebc95fdacb18c2f129b6c745903d304f9f1bfe25b0b80e14637b45f2b0814a4');
INSERT INTO public.audit_events VALUES (11, '01a21932-bc2d-7401-bc59-754c0789e6d4', '2026-11-26 18:51:25.14397+00', 'user.created', 'done', 'user', '01a21932-bc43-7756-99f7-b36f0f5ff3ba', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', NULL, NULL, '4def5f37df0739051e4ecdb9b7fff793f9fccdaafc8c7950a09ed0fcd06d99d8', '677f27e82426b3cc2bd1fd9fd00640cbf871230b10c1eaf0710cb62f3d0943e6', '3ebc95fdacb18c2f129b6c745903d304f9f1bfe25b0b80e14637b45f2b0814a4', '046dd3c1cfb44e45b1c2e7989551bf2719aa94a8726d630fea12c3fb2b2035bc');
INSERT INTO public.audit_events VALUES (12, '01a21932-bc6e-73e8-ac2f-b21ef1a24969', '2026-11-26 18:51:25.258425+00', 'user.deleted', 'done', 'user', '01a21932-bc43-7756-99f7-b36f0f5ff3ba', '{"is_active": true, "deleted_at": null, "was_active": null}', '{"is_active": false, "deleted_at": "2026-11-26T18:51:25.194017Z", "was_active": true}', NULL, 'postgres', 'usercli 0.1.0', NULL, NULL, '3e2556aaa4291bad34b95e40446d6f622bf4b30628e6ea01c6b1fca23d35123b', '017734b74c1947f2bf5eecda990765cdc8a0575c7a74a3ffd4a582b796d7ad15', '046dd3c1cfb44e45b1c2e7989551bf2719aa94a8726d630fea12c3fb2b2035bc', 'b1c5e6d4bfb04a38db3714725d8023196e7a5386bf6eed2d903f4bb036f4969c');
INSERT INTO public.audit_events VALUES (13, '01a21932-bd4b-71c3-b609-b5b7a6071176', '2026-11-26 18:51:25.499113+00', 'user.erased', 'done', 'user', '01a21932-bc43-7756-99f7-b36f0f5ff3ba', '{}', '{"erased": [[11, 12]]}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', '127bb99afe2e7b947dcd283151a22bfa', 'a06eb604a89aef1d679b69ce32bd8e335dc870f946e9a8df74549668235c0b46', 'bb20c2b39bb58120ba9b48b287a655056cf1572d024c71cbea8a6036133d66d6', 'b1c5e6d4bfb04a38db3714725d8023196e7a5386bf6eed2d903f4bb036f4969c', '65e7d3e10e77b59a74c084e0af6472f1d416de2ae140ea1a03e3c514257e9a82');
INSERT INTO public.audit_events VALUES (14, '01a21932-bdc9-77ec-9ebe-739939f81d09', '2026-11-26 18:51:25.550895+00', 'user.created', 'done', 'user', '01a21932-bde2-7476-ad8d-886f09c37ff9', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"purged@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}', 'ff9402db20024e297c60432c977e0a87', 'bfc597ca3dfc1c4d9b7f54ce7f0360a8528582b198269d09e4dc210e6f33a95f', 'b6cadc29b696b89d56e879d2a37d3bf99a6add6bde21b3eb24d7ebf40ad2828f', '65e7d3e10e77b59a74c084e0af6472f1d416de2ae140ea1a03e3c514257e9a82', '260b04d0269ebf755b64fffad8a26800c5fcd6c9c1edf3f7f3586eaf3e9a949b');
INSERT INTO public.audit_events VALUES (15, '01a21932-be3c-77f2-85c7-06d5e4cb672c', '2026-11-26 18:51:25.710152+00', 'user.purged', 'done', 'user', '01a21932-bde2-7476-ad8d-886f09c37ff9', '{"roles": [], "is_active": true, "deleted_at": null, "expires_at": null, "managed_by": null, "was_active": null, "must_change_password": false}', '{}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{"attributes":{},"email":"purged@example.com","full_name":""},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}', '6ecedab3bb056f8f47b69f32683894eb', '1a1a6379eba3b4cd6b0d79290f69b5c705ccd4962db51ac5a6457ac55951a512', '64346d710d4548eb381ab6498fc8304791e5a960355a5483802feff4f1b7c895', '260b04d0269ebf755b64fffad8a26800c5fcd6c9c1edf3f7f3586eaf3e9a949b', '73ee9ec8abbf0efe66cfadbd43336a6084e83f480701cbbe68bad7d358e7c0d8');
INSERT INTO public.audit_events VALUES (16, '01a21932-bea4-7065-a269-6ce28b554037', '2026-11-26 18:51:25.790745+00', 'user.updated', 'done', 'user', '01a21932-b869-7631-b327-2b19d44c7f27', '{}', '{}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"n":"1"},"full_name":"👩‍💻"},"before":{"attributes":{},"full_name":"Ada Lovelace"},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}', '047e5def5cb1861abd44374442bbaa4d', 'bf77e79bc0de7b2972412084a109d2b662d4fd1e306149d1087352e0ea231bd2', '7fb135960a8e1efab99c374bcce65b8e7892c903e08612db9559875b2a4d9634', '73ee9ec8abbf0efe66cfadbd43336a6084e83f480701cbbe68bad7d358e7c0d8', '31274f6bd6914b2623206a278ccc8fad305deb4e7a9ed8e7612affb677fbef67');
INSERT INTO public.audit_events VALUES (17, '01a21932-beed-7561-88d8-2c2d273c26be', '2026-11-26 18:51:25.869052+00', 'user.created', 'done', 'user', '01a21932-bf0a-7000-88d8-2c2d237f5ec5', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"one@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"one@example.com","ticket":null}', '2bd781bbc6020315f0989faf9b4b28b5', 'fb3d3f10963e07ea0ba3731bff97e1271def39211244927f79028e37bb0dbec7', '30927e021cd3174a8fec8eff396900b502309fbca5b6b87b7233ae7299f6c77c', '31274f6bd6914b2623206a278ccc8fad305deb4e7a9ed8e7612affb677fbef67', 'cb94f1f1aa132ffe2aa46a2878ab6a6f694922b251d850bcf2e99d29c322ec06');
INSERT INTO public.audit_events VALUES (18, '01a21932-beed-7561-88d8-2c2d273c26be', '2026-11-26 18:51:25.869052+00', 'user.created', 'done', 'user', '01a21932-bf0a-7001-88d8-2c2d57d1c9ae', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"two@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}', '5f4bffb85d1b433f97cfd2112945e03a', '7b032ead63da8443e48882f2819a0685702affe11540d3ff0db31bdfbd475510', 'f0353c25873c53c996e9e4b3bf121a5d0cd4056b0a46424647dc3a965a4d0181', 'cb94f1f1aa132ffe2aa46a2878ab6a6f694922b251d850bcf2e99d29c322ec06', '3de626e70a06e8384c67547d61639a9a11fa45b8622ecb22cfd995d029ca574d');
INSERT INTO public.audit_events VALUES (19, '01a21932-bf66-7401-84e3-428c59e5c6b0', '2026-11-26 18:51:26.024312+00', 'role.revoked', 'done', 'user', '01a21932-bf0a-7001-88d8-2c2d57d1c9ae', '{"roles": ["rédacteur"]}', '{"roles": []}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}', '3d3760a62dca63b30816ae4825e2a96b', '00b5b81a8cc2b95eeae0d6377920019b8a971e12ebe8d94107ee48a9250f1808', '8c24a60b7945b44588fad7eb78b816918a299c72896e5b8ad372404c4e2c0ccd', '3de626e70a06e8384c67547d61639a9a11fa45b8622ecb22cfd995d029ca574d', '347da349dcf21ca54cc49847ed3d0787f9dde8b823a85d6e2afd377cb9fcb5c9');

INSERT INTO public.import_progress VALUES ('7541b40180aeb722b3f29274dabfb91efb76059c715d294681233fafa3c5d47b', '01a21932-beed-7561-88d8-2c2d273c26be', '{"from": "jsonl", "sheet": null, "values": null, "mapping": {}, "skipped": null, "encoding": null, "preserve": false, "skip_bad": false, "timezone": null, "delimiter": null, "companions": [], "date_order": null, "has_pepper": null, "on_conflict": "fail", "create_roles": false, "email_domain": null, "hash_passwords": false, "update_passwords": false, "unknown_to_attributes": false}', '{"read": 2, "created": 2, "skipped": 0, "updated": 0, "rejected": 0, "change_id": "01a21932-beed-7561-88d8-2c2d273c26be", "unchanged": 0}', 0, '2026-11-26 18:51:25.828047+00', '2026-11-26 18:51:25.898567+00', '2026-11-26 18:51:25.892686+00');

INSERT INTO public.roles VALUES ('01a21932-b819-718a-ab00-871db4b59129', 'admin', 'Everything', true, '2026-11-26 18:51:24.057394+00', '2026-11-26 18:51:24.057394+00');
INSERT INTO public.roles VALUES ('01a21932-b844-741d-a6c5-d16f5d0eda12', 'rédacteur', '', false, '2026-11-26 18:51:24.10092+00', '2026-11-26 18:51:24.10092+00');

INSERT INTO public.user_roles VALUES ('01a21932-b869-7631-b327-2b19d44c7f27', '01a21932-b819-718a-ab00-871db4b59129', '2026-11-26 18:51:24.147898+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a21932-b8df-706c-84ee-75b41dd7b498', '01a21932-b844-741d-a6c5-d16f5d0eda12', '2026-11-26 18:51:24.27643+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a21932-bb52-7665-ac52-98e879af5a2a', '01a21932-b819-718a-ab00-871db4b59129', '2026-11-26 18:51:24.896522+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a21932-bf0a-7000-88d8-2c2d237f5ec5', '01a21932-b844-741d-a6c5-d16f5d0eda12', '2026-11-26 18:51:25.840178+00', 'opérateur');

INSERT INTO public.users VALUES ('01a21932-b8df-706c-84ee-75b41dd7b498', 'o''brien+tag@bücher.example', 'o''brien+tag@xn--bcher-kva.example', 'O''Brien\\;--"%s', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 18:51:24.255489+00', '2026-11-26 18:51:24.255489+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a21932-b944-707f-97c0-22350cf8bb93', 'ملك@example.org', 'ملك@example.org', '‫ملك', '!', true, false, NULL, '2100-01-01 00:00:00+00', NULL, '{}', 1, '2026-11-26 18:51:24.356582+00', '2026-11-26 18:51:24.356582+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a21932-b98c-73d6-ad6c-ca47d4797c0a', 'forever@example.com', 'forever@example.com', '', '!', true, false, NULL, '9999-12-31 23:59:59+00', NULL, '{"a": "{}"}', 1, '2026-11-26 18:51:24.428822+00', '2026-11-26 18:51:24.428822+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a21932-ba98-76c2-8e5e-690a51b76379', 'off@example.com', 'off@example.com', '', '!', false, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 18:51:24.696362+00', '2026-11-26 18:51:24.788178+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a21932-bb52-7665-ac52-98e879af5a2a', 'gone@example.com', 'gone@example.com', '', '!', false, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 18:51:24.882824+00', '2026-11-26 18:51:25.042775+00', '2026-11-26 18:51:24.990094+00', true, NULL);
INSERT INTO public.users VALUES ('01a21932-b869-7631-b327-2b19d44c7f27', 'ada@example.com', 'ada@example.com', '👩‍💻', '!', true, false, NULL, NULL, NULL, '{"n": "1", "t": "äß漢"}', 2, '2026-11-26 18:51:24.137887+00', '2026-11-26 18:51:25.773528+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a21932-bf0a-7000-88d8-2c2d237f5ec5', 'one@example.com', 'one@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 18:51:25.834346+00', '2026-11-26 18:51:25.834346+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a21932-bf0a-7001-88d8-2c2d57d1c9ae', 'two@example.com', 'two@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 18:51:25.834346+00', '2026-11-26 18:51:26.006684+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('6dad9632-fa40-4eeb-8ff5-4c3bdb25ead7', 'Bare@Example.com', 'bare@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 18:51:26.044231+00', '2026-11-26 18:51:26.044231+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('d155c2a3-b1c2-4c54-bb07-f62c40022929', 'odd@example.com', 'odd@example.com', '  a	b
''c'' ', '$2b$04$abcdefghijklmnopqrstuuG.bKWIyoXCPM0qTsOsgCr.7DTtQOiP6', false, false, NULL, NULL, NULL, '{"": 1500000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000, "deep": {"list": [1, null, " "]}}', 1, '1970-01-01 00:00:00.000001+00', '2038-01-19 03:14:08+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('e40d0699-82b3-4b7c-954b-ca916c056ab4', 'hash@example.com', 'hash@example.com', '', '{SHA}not-ours', true, true, NULL, '2020-01-01 00:00:00+00', '1999-12-31 23:59:59+00', '{}', 1, '2026-11-26 18:51:26.050581+00', '2026-11-26 18:51:26.050581+00', NULL, NULL, 'sync');

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

CREATE UNIQUE INDEX uq_users_email_key ON public.users USING btree (email_key) WHERE (deleted_at IS NULL);

CREATE TRIGGER audit_events_append AFTER INSERT ON public.audit_events REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.audit_events_append();

CREATE TRIGGER audit_events_erase_only BEFORE UPDATE ON public.audit_events FOR EACH ROW EXECUTE FUNCTION public.audit_events_erase_only();

CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON public.audit_events FOR EACH STATEMENT EXECUTE FUNCTION public.audit_events_refuse();

CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON public.audit_events FOR EACH STATEMENT EXECUTE FUNCTION public.audit_events_refuse();

ALTER TABLE ONLY public.user_roles
    ADD CONSTRAINT fk_user_roles_role_id_roles FOREIGN KEY (role_id) REFERENCES public.roles(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.user_roles
    ADD CONSTRAINT fk_user_roles_user_id_users FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
