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

INSERT INTO public.alembic_version VALUES ('20261127_0900');

INSERT INTO public.audit_events VALUES (1, '01a21ac6-9e82-7378-b1ff-1f1182da1e59', '2026-11-27 02:12:34.083147+00', 'role.created', 'done', 'role', '01a21ac6-9e9e-7436-914f-ee3b9180b66d', '{}', '{"name": "admin", "description": "Everything", "administrative": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', 'c6dba5aea180f41bb306ac02d01611ea', '8ce99e7668da3061ac2d0839cd253d5f66a9552b5543a60c8696d56ccd8b073c', '3d3b888c9bdf9846f0000aca5fea5365c8228c613bc422011f5807957b5de48b', '0000000000000000000000000000000000000000000000000000000000000000', 'b4f42f7e34ad0d63747e250934dfe528042e0a34228da7c3725c4bfb95da2556');
INSERT INTO public.audit_events VALUES (2, '01a21ac6-9eae-77b9-8c45-d02b3d4aaec6', '2026-11-27 02:12:34.137444+00', 'role.created', 'done', 'role', '01a21ac6-9ed0-732f-ae72-df9651b51f3d', '{}', '{"name": "rédacteur", "description": "", "administrative": false}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', 'b9cc8db4ec6e6c12c18bb2ae8c711b64', '9d2acda8964b0a3074f3e308e877bea2bd89e25b89dd8710bec1d89afaac8f88', '9b7587728c39b79dd5669064c93fda5c1c50d153e1dfd9c1e686370e6501e7e7', 'b4f42f7e34ad0d63747e250934dfe528042e0a34228da7c3725c4bfb95da2556', '4e8f101b014e51d7833d9688963359643717969f39ce1e6602944779599b3c10');
INSERT INTO public.audit_events VALUES (3, '01a21ac6-9ee3-775e-a545-ef8824a66424', '2026-11-27 02:12:34.193635+00', 'user.created', 'done', 'user', '01a21ac6-9f03-739a-8b58-6444a3e60cb2', '{}', '{"roles": ["admin"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"t":"äß漢"},"email":"ada@example.com","full_name":"Ada Lovelace"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}', 'f639f7b391bc0a7dc684b52c6d0307e0', '860d0faf0d7414a26b7f8f3d52904dd95b20b5f00c80dd797097c496dd0bf78c', 'ba5d6fd4e21a65b18aa2b6e64db2b27c9a958c1be1d3626d9933bb17e74f4ae0', '4e8f101b014e51d7833d9688963359643717969f39ce1e6602944779599b3c10', '02a3cb95ddb382a936c93b3b9accfc3010cf9d93ae221ca3e4b3ee8c39d91466');
INSERT INTO public.audit_events VALUES (4, '01a21ac6-9f3f-70e8-8e77-12942263ffa3', '2026-11-27 02:12:34.283874+00', 'user.created', 'done', 'user', '01a21ac6-9f60-744a-8f01-f94a8c40a392', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"o''brien+tag@bücher.example","full_name":"O''Brien\\\\;--\"%s"},"before":{},"host":"admin.example.com","reason":null,"target_email":"o''brien+tag@bücher.example","ticket":null}', 'bad26e73768e0b67bb0e5a4ee55c6faf', '6b773b6757a6fab5b45a5f4a657c82623be3ea1be99f2abdfe5dbb072d92c7f7', '9c12885e57478549e22bd0bc3858ad0e11beea98564fd003ef6a0b5377b0c50a', '02a3cb95ddb382a936c93b3b9accfc3010cf9d93ae221ca3e4b3ee8c39d91466', '91d164290b71d36526c81881052f6ae5cb74b1e9730e35c279f21f7fb25f95f0');
INSERT INTO public.audit_events VALUES (5, '01a21ac6-9f76-742b-af0c-474db7558377', '2026-11-27 02:12:34.340325+00', 'user.created', 'done', 'user', '01a21ac6-9f99-7295-83d7-05acdbd95a06', '{}', '{"roles": [], "is_active": true, "expires_at": "2100-01-01T00:00:00Z"}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"ملك@example.org","full_name":"‫ملك"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ملك@example.org","ticket":null}', '4a0b39e49eca97e1497a2c0fde8052ba', 'b7fb8b7362a023b41847783bded34a94fe5b262c427301cc2d7c87f7d1963ae1', '5d7b0b2910ef25f63e1517b93eecc02bbdbf3ec3041e2318fc85525619370557', '91d164290b71d36526c81881052f6ae5cb74b1e9730e35c279f21f7fb25f95f0', '6a03638d0368f7625d8e6829d67b7a792acf422c22473773a5807b03bebace84');
INSERT INTO public.audit_events VALUES (6, '01a21ac6-9fb4-73d1-9aae-5eb101407e70', '2026-11-27 02:12:34.390433+00', 'user.created', 'done', 'user', '01a21ac6-9fc9-7393-8c1f-c6f3eb1e778f', '{}', '{"roles": [], "is_active": true, "expires_at": "9999-12-31T23:59:59Z"}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"a":"{}"},"email":"forever@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"forever@example.com","ticket":null}', '8cbecc747e166481fb27e22adb7c9648', 'c8eb8ad08a4a9fa843c9545ae751b9ae053452582c1f0b9944105c9181b4c012', 'b80cdb0f09386bc382f644e36dd968881e78fe59e3d6f0191d4cbbe62a56df9b', '6a03638d0368f7625d8e6829d67b7a792acf422c22473773a5807b03bebace84', 'b725c4b65ec6d696704613caaee0d0baef1c900bafbea47c672adceb28a90b27');
INSERT INTO public.audit_events VALUES (7, '01a21ac6-9fdf-7327-8071-f3dd90683fa2', '2026-11-27 02:12:34.433715+00', 'user.created', 'done', 'user', '01a21ac6-9ff7-7478-95c9-330f93f49abb', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"off@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}', '19e8f7b4df774166e83db1f61a0f724d', 'd257cac1fa37406766f95a5f34a575c7f4aaffb2939f0d1ec00eeef988b8cb3d', 'fab3c558b204b3e0d26e0514d506457cc8f0bbd87644efbc4a1689be652514ab', 'b725c4b65ec6d696704613caaee0d0baef1c900bafbea47c672adceb28a90b27', '3face77228ce0c3f69d8136d26a1ad482f7beaa78f173bc132f49b99fc4039d9');
INSERT INTO public.audit_events VALUES (8, '01a21ac6-a00d-7374-aa30-b852a9e18521', '2026-11-27 02:12:34.679764+00', 'user.deactivated', 'done', 'user', '01a21ac6-9ff7-7478-95c9-330f93f49abb', '{"is_active": true}', '{"is_active": false}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}', '6a2d029670b57c77033d9df2a95ad4c0', 'd0c435d12bfad297ed76c41bfa65d31ae9e058ba0840c7acd655538f119129b1', '201770a4669e43a84b98574a8ab5e21bbce9d98509f44215a398e24efb42a8df', '3face77228ce0c3f69d8136d26a1ad482f7beaa78f173bc132f49b99fc4039d9', '5a5c83caec187ac9821def34262c01ac2fe8b95e3d6b5a2b6a6321935867e4f6');
INSERT INTO public.audit_events VALUES (9, '01a21ac6-a103-74d7-9c64-805b67194e8b', '2026-11-27 02:12:34.744507+00', 'user.created', 'done', 'user', '01a21ac6-a12e-7008-ab93-56168f016528', '{}', '{"roles": ["admin"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"gone@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"gone@example.com","ticket":null}', '6aeaebe9a560a71f30b9b88cd78b036d', 'e5267a2564d4483f0a4dd5bff2ef1b194b46525e852ce235d595e464febf9f8a', '389134b8b6f5fed4b0178e4f31a37e7f63389dc6e0e4c926a6468e4891bed6cd', '5a5c83caec187ac9821def34262c01ac2fe8b95e3d6b5a2b6a6321935867e4f6', '0db5a728b93ced2d458b4207cb618b8f917f42d9d3539305d798a8243dc6c52d');
INSERT INTO public.audit_events VALUES (10, '01a21ac6-a158-712d-8024-629650898cab', '2026-11-27 02:12:34.802691+00', 'user.deleted', 'done', 'user', '01a21ac6-a12e-7008-ab93-56168f016528', '{"is_active": true, "deleted_at": null, "was_active": null}', '{"is_active": false, "deleted_at": "2026-11-27T02:12:34.785649Z", "was_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":"left","target_email":"gone@example.com","ticket":null}', '45e531320801b47a8551558b3b1fc21a', 'd07c31fe4e8a90973a1e005fe058c6e22423cf221e778698b5c4297d0dc30a6a', 'acee00e1c101d49fcd4a0762b859134f01eb8b3605ccba309520db7ac759eae8', '0db5a728b93ced2d458b4207cb618b8f917f42d9d3539305d798a8243dc6c52d', 'c534384e9b4fec63c0fbbfe85418ade68a101ea216ea5619d2bb182011a5c214');
INSERT INTO public.audit_events VALUES (11, '01a21ac6-a17a-7649-a4a5-11e69d00363a', '2026-11-27 02:12:34.825017+00', 'user.created', 'done', 'user', '01a21ac6-a184-76cd-8a24-cb78d9dac67e', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', NULL, NULL, '70b16e3d440e81bd04214af1325b718a9a5c07d9a0096c37a954991ff78befa4', 'dbcfccfb4ca88dd77116a345199e3118f7624d30a8ea3a69d62351f652bcea76', 'c534384e9b4fec63c0fbbfe85418ade68a101ea216ea5619d2bb182011a5c214', 'ee9a3ec415d864c4781543fcfd7260ed82515393b1f7ffa8a6db2ce9a71bbf44');
INSERT INTO public.audit_events VALUES (12, '01a21ac6-a194-7497-8417-335ec1fa32d1', '2026-11-27 02:12:34.898923+00', 'user.deleted', 'done', 'user', '01a21ac6-a184-76cd-8a24-cb78d9dac67e', '{"is_active": true, "deleted_at": null, "was_active": null}', '{"is_active": false, "deleted_at": "2026-11-27T02:12:34.855744Z", "was_active": true}', NULL, 'postgres', 'usercli 0.1.0', NULL, NULL, '8f78fb6158a2b069b170adab89c5728b0620d21c7e7e51704a7a0a7349a72757', '5dc7d6720ccde9378ea09b47ff6e239a7fa0057867d1decd24fb03f6b86bfc28', 'ee9a3ec415d864c4781543fcfd7260ed82515393b1f7ffa8a6db2ce9a71bbf44', '55f1d1e50de4c54f59b0bd75ed0be0a8b0eb4645b02e4841a72cbb0cb554552e');
INSERT INTO public.audit_events VALUES (13, '01a21ac6-a207-7098-b0d5-f7df52799acd', '2026-11-27 02:12:35.030524+00', 'user.erased', 'done', 'user', '01a21ac6-a184-76cd-8a24-cb78d9dac67e', '{}', '{"erased": [[11, 12]]}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', 'eaab5339fab6d18e8925f2e2abbefac8', '044172ff1495fdb8f7412bef734aff83c6acf9d239b48c2983ef9f129a5bc187', 'befedaa996c51abaeb0da4418a65b805587e5934e62fd4b520bcf9148e76747c', '55f1d1e50de4c54f59b0bd75ed0be0a8b0eb4645b02e4841a72cbb0cb554552e', '4e55884a36ff5241bf166436cee1ff22f004630d2226632b5388fe20b6e88aff');
INSERT INTO public.audit_events VALUES (14, '01a21ac6-a260-730c-a85d-029b3863b69c', '2026-11-27 02:12:35.062778+00', 'user.created', 'done', 'user', '01a21ac6-a272-7273-aeac-89bb2adc1b9b', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"purged@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}', 'cfdb717798d58ebde503cbae57d3c7ea', '7a77c6c2f9fe7a7cf8d7a04588a928e2281af9dc27fab8b8e902e0e9cc91ae52', 'dec662b315eae23bb10f4aa1803f0aed240aae7ed794da8f34397975bd81701d', '4e55884a36ff5241bf166436cee1ff22f004630d2226632b5388fe20b6e88aff', 'a01008f17d9c30f8a43ce286507d68859afd5b306eb4decaf28595e3d3e6d080');
INSERT INTO public.audit_events VALUES (15, '01a21ac6-a2ae-76aa-a5c8-9e01a67619a8', '2026-11-27 02:12:35.160752+00', 'user.purged', 'done', 'user', '01a21ac6-a272-7273-aeac-89bb2adc1b9b', '{"roles": [], "is_active": true, "deleted_at": null, "expires_at": null, "managed_by": null, "was_active": null, "must_change_password": false}', '{}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{"attributes":{},"email":"purged@example.com","full_name":""},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}', '821803aa652ab31bbe8eea8194a207a7', '2d5b9c2b41e55c355c945da679eb9dcad9e2e1a5e17eacda88533560a4d5ccc5', '8e4390079882d3078afd07ed6c45b46ffec24e6add02854ba7f0579a64f2ce42', 'a01008f17d9c30f8a43ce286507d68859afd5b306eb4decaf28595e3d3e6d080', '7540bc22bbfdd02564ecbef2a1a10be73acdcc030da831943ac913293228a9c8');
INSERT INTO public.audit_events VALUES (16, '01a21ac6-a2e1-7726-ba47-0c9fc21dc1b9', '2026-11-27 02:12:35.209374+00', 'user.updated', 'done', 'user', '01a21ac6-9f03-739a-8b58-6444a3e60cb2', '{}', '{}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"n":"1"},"full_name":"👩‍💻"},"before":{"attributes":{},"full_name":"Ada Lovelace"},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}', 'd84898a78a7f1437dc511f4b4a5be329', '18d926cffef2d76f7f5bd303a2000bf76d1a81316f7f02b0975786a86f6edc1a', 'e9df20dfb3b8429d3ecf4fe6d31da16e8836ec11f96ca6a5ae438683326d5d5d', '7540bc22bbfdd02564ecbef2a1a10be73acdcc030da831943ac913293228a9c8', '081294848c550bd52ad3caffe9f4e391568bf0ebd16e7fdd64cd81f4de799c75');
INSERT INTO public.audit_events VALUES (17, '01a21ac6-a349-755d-b31d-d54a3765bcb2', '2026-11-27 02:12:35.373575+00', 'user.created', 'done', 'user', '01a21ac6-a392-7000-b31d-d54a2a4ff933', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"one@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"one@example.com","ticket":null}', '0ab66f3f7a54d24fbc1cddc644859af5', '99e9e5206073ce339f50f94d23a6b326219a1c57e088986cbb983fc70c325090', '70d5ba572a0ee18b17a4a0331915bf6dee34294873d6901f824d7f4ad4f536d2', '081294848c550bd52ad3caffe9f4e391568bf0ebd16e7fdd64cd81f4de799c75', 'be87a11d343cdf074689b83f00b263a9791bf5c62329de52c845df28fd63979d');
INSERT INTO public.audit_events VALUES (18, '01a21ac6-a349-755d-b31d-d54a3765bcb2', '2026-11-27 02:12:35.373575+00', 'user.created', 'done', 'user', '01a21ac6-a392-7001-b31d-d54a930e579e', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"two@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}', '57c8f5631ed6c24c08beb634217b84ea', '6c306c248ae35eaa5b20e2d414eca811f5877f04ae7cb4e6be9e9d06e6bc8f96', '700ae9d434d7f37edf0c1851b01084434efc4f27f6902c244a8fc39d30ac682e', 'be87a11d343cdf074689b83f00b263a9791bf5c62329de52c845df28fd63979d', '9e31b31c70641793749697314cddc10766390444225615eb24e817eb9d0d385c');
INSERT INTO public.audit_events VALUES (19, '01a21ac6-a3d5-76d2-9f20-5263423ffcfd', '2026-11-27 02:12:35.483028+00', 'role.revoked', 'done', 'user', '01a21ac6-a392-7001-b31d-d54a930e579e', '{"roles": ["rédacteur"]}', '{"roles": []}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}', '4f4f97ba0c502d790eaa34315c8e73ad', 'cfb9404cffdd3b6e0706ab887ab8b32d1b863b390da0eeb0c5cc828e0e1346ab', 'de86a5bd44e1ea603f15a0caf5ef99080f678718ac9aa11f0c4019727899b355', '9e31b31c70641793749697314cddc10766390444225615eb24e817eb9d0d385c', 'f5727b139ecf424c18f67afa4d4ff05b679c90cf1dc5e3daad28e342aa70717f');

INSERT INTO public.import_progress VALUES ('7541b40180aeb722b3f29274dabfb91efb76059c715d294681233fafa3c5d47b', '01a21ac6-a349-755d-b31d-d54a3765bcb2', '{"from": "jsonl", "sheet": null, "values": null, "mapping": {}, "skipped": null, "encoding": null, "preserve": false, "skip_bad": false, "timezone": null, "delimiter": null, "companions": [], "date_order": null, "has_pepper": null, "on_conflict": "fail", "create_roles": false, "email_domain": null, "hash_passwords": false, "update_passwords": false, "unknown_to_attributes": false}', '{"read": 2, "created": 2, "skipped": 0, "updated": 0, "rejected": 0, "change_id": "01a21ac6-a349-755d-b31d-d54a3765bcb2", "unchanged": 0}', 0, '2026-11-27 02:12:35.337372+00', '2026-11-27 02:12:35.409214+00', '2026-11-27 02:12:35.405075+00');

INSERT INTO public.roles VALUES ('01a21ac6-9e9e-7436-914f-ee3b9180b66d', 'admin', 'Everything', true, '2026-11-27 02:12:34.078027+00', '2026-11-27 02:12:34.078027+00');
INSERT INTO public.roles VALUES ('01a21ac6-9ed0-732f-ae72-df9651b51f3d', 'rédacteur', '', false, '2026-11-27 02:12:34.128843+00', '2026-11-27 02:12:34.128843+00');

INSERT INTO public.user_roles VALUES ('01a21ac6-9f03-739a-8b58-6444a3e60cb2', '01a21ac6-9e9e-7436-914f-ee3b9180b66d', '2026-11-27 02:12:34.18577+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a21ac6-9f60-744a-8f01-f94a8c40a392', '01a21ac6-9ed0-732f-ae72-df9651b51f3d', '2026-11-27 02:12:34.274984+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a21ac6-a12e-7008-ab93-56168f016528', '01a21ac6-9e9e-7436-914f-ee3b9180b66d', '2026-11-27 02:12:34.740366+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a21ac6-a392-7000-b31d-d54a2a4ff933', '01a21ac6-9ed0-732f-ae72-df9651b51f3d', '2026-11-27 02:12:35.351861+00', 'opérateur');

INSERT INTO public.users VALUES ('01a21ac6-9f60-744a-8f01-f94a8c40a392', 'o''brien+tag@bücher.example', 'o''brien+tag@xn--bcher-kva.example', 'O''Brien\\;--"%s', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-27 02:12:34.27278+00', '2026-11-27 02:12:34.27278+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a21ac6-9f99-7295-83d7-05acdbd95a06', 'ملك@example.org', 'ملك@example.org', '‫ملك', '!', true, false, NULL, '2100-01-01 00:00:00+00', NULL, '{}', 1, '2026-11-27 02:12:34.329832+00', '2026-11-27 02:12:34.329832+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a21ac6-9fc9-7393-8c1f-c6f3eb1e778f', 'forever@example.com', 'forever@example.com', '', '!', true, false, NULL, '9999-12-31 23:59:59+00', NULL, '{"a": "{}"}', 1, '2026-11-27 02:12:34.377283+00', '2026-11-27 02:12:34.377283+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a21ac6-9ff7-7478-95c9-330f93f49abb', 'off@example.com', 'off@example.com', '', '!', false, false, NULL, NULL, NULL, '{}', 2, '2026-11-27 02:12:34.423334+00', '2026-11-27 02:12:34.672127+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a21ac6-a12e-7008-ab93-56168f016528', 'gone@example.com', 'gone@example.com', '', '!', false, false, NULL, NULL, NULL, '{}', 2, '2026-11-27 02:12:34.734033+00', '2026-11-27 02:12:34.797269+00', '2026-11-27 02:12:34.785649+00', true, NULL);
INSERT INTO public.users VALUES ('01a21ac6-9f03-739a-8b58-6444a3e60cb2', 'ada@example.com', 'ada@example.com', '👩‍💻', '!', true, false, NULL, NULL, NULL, '{"n": "1", "t": "äß漢"}', 2, '2026-11-27 02:12:34.179219+00', '2026-11-27 02:12:35.198311+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a21ac6-a392-7000-b31d-d54a2a4ff933', 'one@example.com', 'one@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-27 02:12:35.34698+00', '2026-11-27 02:12:35.34698+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a21ac6-a392-7001-b31d-d54a930e579e', 'two@example.com', 'two@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 2, '2026-11-27 02:12:35.34698+00', '2026-11-27 02:12:35.455048+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('f79265c7-5f67-4b19-b415-a66fdca569d1', 'Bare@Example.com', 'bare@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-27 02:12:35.491324+00', '2026-11-27 02:12:35.491324+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('ce3fc124-ea74-4b4f-bb11-83e5cfa148b6', 'odd@example.com', 'odd@example.com', '  a	b
''c'' ', '$2b$04$abcdefghijklmnopqrstuuG.bKWIyoXCPM0qTsOsgCr.7DTtQOiP6', false, false, NULL, NULL, NULL, '{"": 1500000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000, "deep": {"list": [1, null, " "]}}', 1, '1970-01-01 00:00:00.000001+00', '2038-01-19 03:14:08+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('1cfa2b63-d609-4774-afd1-fa1901caf89c', 'hash@example.com', 'hash@example.com', '', '{SHA}not-ours', true, true, NULL, '2020-01-01 00:00:00+00', '1999-12-31 23:59:59+00', '{}', 1, '2026-11-27 02:12:35.496029+00', '2026-11-27 02:12:35.496029+00', NULL, NULL, 'sync');

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

CREATE INDEX ix_users_email_not_key ON public.users USING btree (email, id) WHERE (email <> email_key);

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
