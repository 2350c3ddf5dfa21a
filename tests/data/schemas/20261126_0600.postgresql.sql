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

CREATE TABLE public.roles (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    description text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    administrative boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.user_roles (
    user_id uuid NOT NULL,
    role_id uuid NOT NULL,
    granted_at timestamp with time zone DEFAULT now() NOT NULL,
    granted_by text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C"
);

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

INSERT INTO public.alembic_version VALUES ('20261126_0600');

INSERT INTO public.audit_events VALUES (1, '01a216ad-cff2-72fa-944f-08f78f2ed1bb', '2026-11-26 07:06:59.491128+00', 'role.created', 'done', 'role', '01a216ad-d01d-7714-a185-54b88d693223', '{}', '{"name": "admin", "description": "Everything", "administrative": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', '11bebf2176907d3642b0575cb0a0f9da', '2f0da2d361132d51c3ca991ae4b7bf7f719e2863223840703a35a1c21ab3a655', '3e842d058e54bdc898bc8e24c051194a52c8fc3f0fca147c640d64951be7bb12', '0000000000000000000000000000000000000000000000000000000000000000', '944d6ad83ffd9e63666d8dc24ebf8a20699ab2ecf2070b8c8c58a0b4067f69cb');
INSERT INTO public.audit_events VALUES (2, '01a216ad-d042-7796-985d-ce20c7e9bcc1', '2026-11-26 07:06:59.572624+00', 'role.created', 'done', 'role', '01a216ad-d06b-775f-a8c1-4f2b40cda734', '{}', '{"name": "rédacteur", "description": "", "administrative": false}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', 'bd2c575788add6e1802ab66109f4004d', 'c1762209e7590225c9bc0e215f3cc4a50a67237d417ca26c1e2e2c8c45c73f07', '7a635cb9f358d6ad0a0259fc6a7ab6c672771fea450a18d9f12131e2572ba232', '944d6ad83ffd9e63666d8dc24ebf8a20699ab2ecf2070b8c8c58a0b4067f69cb', '632d9dad4cdef36eaba860710bac2d58f1087a4d703994803731e808ffd5d84c');
INSERT INTO public.audit_events VALUES (3, '01a216ad-d08f-70bc-add9-96de2f6ff7ca', '2026-11-26 07:06:59.682575+00', 'user.created', 'done', 'user', '01a216ad-d0bc-73dd-93f9-3ec45b3ef629', '{}', '{"roles": ["admin"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"t":"äß漢"},"email":"ada@example.com","full_name":"Ada Lovelace"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}', 'bed41b44fee62483ac6c7ec050d0e346', '0e4e2833eefe2927e12cb6305ca115db69fe0902a764e904ce3ba0b7d2c0b9cf', '05ebebf71b8a26ced03deb07489a4364bbf8ff5dded5cb0e667c70d9a71fba22', '632d9dad4cdef36eaba860710bac2d58f1087a4d703994803731e808ffd5d84c', 'b7c0769da21fbec9364522a01a437dfeed3725983848c82f5ebc9afe25e5e81d');
INSERT INTO public.audit_events VALUES (4, '01a216ad-d11e-7234-a106-c14e9bcfc170', '2026-11-26 07:06:59.805345+00', 'user.created', 'done', 'user', '01a216ad-d147-70a4-b20c-44c3f16ef22b', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"o''brien+tag@bücher.example","full_name":"O''Brien\\\\;--\"%s"},"before":{},"host":"admin.example.com","reason":null,"target_email":"o''brien+tag@bücher.example","ticket":null}', '544bd36df4d30a75958d740f564c5dba', 'bc41ff890bb93fbb66fb611d8f1a614de9657e3702c5ea2ad52a22b8a000c2a5', 'b7d61fdba3e791d3fd784dcfc58d6fc6e9175199b4921121dfe68eee8fd2d12c', 'b7c0769da21fbec9364522a01a437dfeed3725983848c82f5ebc9afe25e5e81d', '17ca084e2e88a1223648d099ddcfe54750f47bf41a541f1bfb84cd235eca906e');
INSERT INTO public.audit_events VALUES (5, '01a216ad-d177-73b9-bb35-42c5322c2082', '2026-11-26 07:06:59.873698+00', 'user.created', 'done', 'user', '01a216ad-d192-735e-9834-146d1e0c22d5', '{}', '{"roles": [], "is_active": true, "expires_at": "2100-01-01T00:00:00Z"}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"ملك@example.org","full_name":"‫ملك"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ملك@example.org","ticket":null}', 'c3496ae2a67215ee1058643c32dca09d', 'a1a0b9b710424d2247149c8ea126802f6fd6f175394d7ecbbef0e8db8e6f2f42', '7545de750c15e92c68b6e210707d10973326c8eef55ca2abdeb71470e363e9d4', '17ca084e2e88a1223648d099ddcfe54750f47bf41a541f1bfb84cd235eca906e', '8f6264b597d78788610286f42e8779553a847bc93b84b1cc446a22cf28df0dd0');
INSERT INTO public.audit_events VALUES (6, '01a216ad-d1b7-7148-a025-36eacf9a271d', '2026-11-26 07:06:59.939258+00', 'user.created', 'done', 'user', '01a216ad-d1d6-7541-8304-14cfd2d2775c', '{}', '{"roles": [], "is_active": true, "expires_at": "9999-12-31T23:59:59Z"}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"a":"{}"},"email":"forever@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"forever@example.com","ticket":null}', 'a5cbf2e5a18d94b501adf1764e42277c', 'a1eff4d849cbdc17decdfa52dc3622e3a6853787f179ed834ae7175bd5115580', '4438e9a22f08419675d7a09c264af6ab7bceb2c838106eb18c5c1587cbc3840c', '8f6264b597d78788610286f42e8779553a847bc93b84b1cc446a22cf28df0dd0', '8761ba57fdeb0f6a2776aff01cdbf952dce4881df37d8f57cf2675cb92d02996');
INSERT INTO public.audit_events VALUES (7, '01a216ad-d1fb-7783-ae1d-3947da777e41', '2026-11-26 07:07:00.023823+00', 'user.created', 'done', 'user', '01a216ad-d224-7268-a849-633c729535c2', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"off@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}', '86f7054c8e04a65240991b1a0f79b1d2', '9532052d7d16f7c46581a3c3ab1cd8aff33de31c91d5ccd16a3fed53c9de6428', 'bd97d0ce16d1aa466bf3ce9348425a6ca778d84d744a9afd96faee7a4b1a5ee5', '8761ba57fdeb0f6a2776aff01cdbf952dce4881df37d8f57cf2675cb92d02996', '7d4b205529a1d4e3d373dd48e959f7a9938b8b1d9dcedb7658b2838786064433');
INSERT INTO public.audit_events VALUES (8, '01a216ad-d248-715e-aa15-9d82b9a03bbd', '2026-11-26 07:07:00.097401+00', 'user.deactivated', 'done', 'user', '01a216ad-d224-7268-a849-633c729535c2', '{"is_active": true}', '{"is_active": false}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}', '8c38626435f466f7542e91bad3d13ad6', '0c31fd5cfb955fd061801001fff7b8bed4f85e9452bfe9c8e67098514ce8b0a2', 'f5990160ffc867b6e0758a4d1b8d20a30ae8c165c3e7e0ffdbccea0d91f19d16', '7d4b205529a1d4e3d373dd48e959f7a9938b8b1d9dcedb7658b2838786064433', 'f23abde8ba92289d89ffa368eb47eba8c5d37e1f238eebbc7893a770229e6b26');
INSERT INTO public.audit_events VALUES (9, '01a216ad-d28d-75de-a255-0ce4e09413f5', '2026-11-26 07:07:00.148495+00', 'user.created', 'done', 'user', '01a216ad-d2a6-709b-95ce-5a9657dac4ed', '{}', '{"roles": ["admin"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"gone@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"gone@example.com","ticket":null}', '15e05c0f4f4526a655944fa064a55cb5', 'ccdf95e25e486dd657a1e1054a98cb7a7c20b382687604133291716d67e0266f', '3920e12c4e029defafa64cb84e02fe71897b19160b8adcaf679dec3dd7e8e3c6', 'f23abde8ba92289d89ffa368eb47eba8c5d37e1f238eebbc7893a770229e6b26', '7defbdfa82a1d9a5c187d2fb2051070e73c5fe73eb2e2e978d3a9b3562ce08ff');
INSERT INTO public.audit_events VALUES (10, '01a216ad-d2fa-743d-b2ff-9577efa46920', '2026-11-26 07:07:00.270453+00', 'user.deleted', 'done', 'user', '01a216ad-d2a6-709b-95ce-5a9657dac4ed', '{"is_active": true, "deleted_at": null, "was_active": null}', '{"is_active": false, "deleted_at": "2026-11-26T07:07:00.260077Z", "was_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":"left","target_email":"gone@example.com","ticket":null}', '3e8f42bdcd2370f36e5484733969a7e0', '5759ac83fbc515c4e7c97d996edaf5110e60486d68d4811b9f4a8ff09fb745f8', '789e2e52b7a0feb9852fc199f6453827d0df019f2f8fd381851a338f116b269e', '7defbdfa82a1d9a5c187d2fb2051070e73c5fe73eb2e2e978d3a9b3562ce08ff', 'e60cf4204af4aab0346456c3cd53494fe25fe2a4a0691b80b953283c33e0151c');
INSERT INTO public.audit_events VALUES (11, '01a216ad-d33c-7059-9119-482805d94b78', '2026-11-26 07:07:00.319893+00', 'user.created', 'done', 'user', '01a216ad-d355-7652-ab79-1033c40a2697', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', NULL, NULL, '658b4101642333d79b14815232b4280b4350b143e0dabcfcbb08ee3813d9b32f', 'a2f1283677c05664eacff0258432b8b0bbbe33333eff2a7f65e3fff7746ac992', 'e60cf4204af4aab0346456c3cd53494fe25fe2a4a0691b80b953283c33e0151c', 'a8f480c3f0e6ffc4ac1b4e52af3d4958c9592ebce3191e361c187839339763dd');
INSERT INTO public.audit_events VALUES (12, '01a216ad-d368-7623-a94d-d8c91668a94b', '2026-11-26 07:07:00.397031+00', 'user.deleted', 'done', 'user', '01a216ad-d355-7652-ab79-1033c40a2697', '{"is_active": true, "deleted_at": null, "was_active": null}', '{"is_active": false, "deleted_at": "2026-11-26T07:07:00.379497Z", "was_active": true}', NULL, 'postgres', 'usercli 0.1.0', NULL, NULL, '55b375cd34ef463f5106ed1d53698b4eb730094ff2f5821993d488a87f61a33b', '5e8ffff7c7595602848389d44365de8b802867b44a26a4f38d56ef415fafb230', 'a8f480c3f0e6ffc4ac1b4e52af3d4958c9592ebce3191e361c187839339763dd', 'beb1785661323f55589c6a60526093e1f4c9283477f8f0815d60cdb8aab98acb');
INSERT INTO public.audit_events VALUES (13, '01a216ad-d415-75bd-9ea7-5ff14848d299', '2026-11-26 07:07:00.582905+00', 'user.erased', 'done', 'user', '01a216ad-d355-7652-ab79-1033c40a2697', '{}', '{"erased": [[11, 12]]}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', '58a6ce51a6b2f8535756d52edc381e3a', 'a3451d93be74185e1603fa28b8648819fe1aae321f424c02ce2b75c7c5a7c1c0', '8e60b56a15dc1a2869547a87948c09db10f3b9f26c1f9565bb27e9e0dcc6f988', 'beb1785661323f55589c6a60526093e1f4c9283477f8f0815d60cdb8aab98acb', '49bcb83e02450dcc116ed4888c8f44ea970409afae2a14129ccc4ff26b610a8f');
INSERT INTO public.audit_events VALUES (14, '01a216ad-d476-75f9-a7c0-49a00fafd2c4', '2026-11-26 07:07:00.634274+00', 'user.created', 'done', 'user', '01a216ad-d48b-70a8-bd30-aedc79802b93', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"purged@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}', 'd387beeb4f30be7b648b6a0c26c0859c', 'cdc775e3358f0170d65787432671484fee750a6748422d11ca74a0d91a712a8d', 'f880afc9ebc2c83a2faf1a3e84af2aa0fc8600eefa9027a0de71996bd98a5445', '49bcb83e02450dcc116ed4888c8f44ea970409afae2a14129ccc4ff26b610a8f', '441111571eb56c3a144f25f034835efc87a3dabe700bf755ebec4b8d7ddc44e9');
INSERT INTO public.audit_events VALUES (15, '01a216ad-d4ef-745c-b85b-32403101117c', '2026-11-26 07:07:00.808963+00', 'user.purged', 'done', 'user', '01a216ad-d48b-70a8-bd30-aedc79802b93', '{"roles": [], "is_active": true, "deleted_at": null, "expires_at": null, "managed_by": null, "was_active": null, "must_change_password": false}', '{}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{"attributes":{},"email":"purged@example.com","full_name":""},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}', '9958bff37fb71f6e1b7d25b9d486e769', 'c7214ce78ed672c1771d2434f5440255d8c1a99120d8117d719c9bb328029c24', '20ef555265d23b4ffdad1734bdbc6bbda81bd0333613cb0fd5eec9fab73fa555', '441111571eb56c3a144f25f034835efc87a3dabe700bf755ebec4b8d7ddc44e9', '3a256c8eb187138a09c8e914b5c35cba6e47eee9b29375e7dc1e213e0e12a837');
INSERT INTO public.audit_events VALUES (16, '01a216ad-d564-76af-8ca1-50d16d0ed1be', '2026-11-26 07:07:00.901918+00', 'user.updated', 'done', 'user', '01a216ad-d0bc-73dd-93f9-3ec45b3ef629', '{}', '{}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"n":"1"},"full_name":"👩‍💻"},"before":{"attributes":{},"full_name":"Ada Lovelace"},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}', 'd4966cf42f54894f8c510303549c2f7a', '51f7f85e5f58c93cda0efe226e6d850f7c55cc7e64398a9b553cfa1d92eb3b2f', 'f69a2ee6e7bd0e83ca521a939e00aa484e4686073d280ec20d01d984c3af7100', '3a256c8eb187138a09c8e914b5c35cba6e47eee9b29375e7dc1e213e0e12a837', '705bbfb15c93c30ba6865fc925694978f4d4ed429b5c20400c8c87744cfe787f');
INSERT INTO public.audit_events VALUES (17, '01a216ad-d5bf-70c2-88d3-2acc4c0f295e', '2026-11-26 07:07:01.015852+00', 'user.created', 'done', 'user', '01a216ad-d5f7-7000-88d3-2acc21f7b089', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"one@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"one@example.com","ticket":null}', 'c5975b27ea2344281624fe3df7309f19', '42710a4f83482a1e251112c4a55896207da8955975cf5c587131be51eb18583d', 'a6e5532b664ba77e756234f454bbed8d4a00d32ba071d207db161a37da5725f7', '705bbfb15c93c30ba6865fc925694978f4d4ed429b5c20400c8c87744cfe787f', '0ff486f98fa5d751f1d2590e0421d66b3d9d3de29fe99ad7ff38c79b2fadb299');
INSERT INTO public.audit_events VALUES (18, '01a216ad-d5bf-70c2-88d3-2acc4c0f295e', '2026-11-26 07:07:01.015852+00', 'user.created', 'done', 'user', '01a216ad-d5f7-7001-88d3-2accede6be64', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"two@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}', '8fbd9e4394ad0545ceefae888e1d9404', '06d6083af31ca5376cebb6cf700dcb5a3dc372fbbbb6004cba4874ee61fe99a4', 'ea3cfeed895cdaaab4ac2df0e8b21ba01f85c5796e7483a9bfd58e9fc892f27e', '0ff486f98fa5d751f1d2590e0421d66b3d9d3de29fe99ad7ff38c79b2fadb299', '5218b38105232387f23357f6800695d83f82a5e5c3a14873b898af44a75a3931');
INSERT INTO public.audit_events VALUES (19, '01a216ad-d646-7369-b244-e79f72b9c543', '2026-11-26 07:07:01.150706+00', 'role.revoked', 'done', 'user', '01a216ad-d5f7-7001-88d3-2accede6be64', '{"roles": ["rédacteur"]}', '{"roles": []}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}', '29385fbf6cd1da31526bc05710b12410', '29ffbe99431a98e4bfceac3bcd66c9ce2a21be46b3442eda5fbd593201bf9cc0', '75cf7ddb80e925166ce3b8b55e0ded45a652ff2a81708dcf555e80c662361ed9', '5218b38105232387f23357f6800695d83f82a5e5c3a14873b898af44a75a3931', 'e999412810ca214f2f40865973ecd2af093b2d5893fade3aa737c9a244fab176');

INSERT INTO public.import_progress VALUES ('7541b40180aeb722b3f29274dabfb91efb76059c715d294681233fafa3c5d47b', '01a216ad-d5bf-70c2-88d3-2acc4c0f295e', '{"from": "jsonl", "mapping": {}, "preserve": false, "skip_bad": false, "delimiter": null, "companions": [], "on_conflict": "fail", "create_roles": false, "email_domain": null, "hash_passwords": false, "update_passwords": false, "unknown_to_attributes": false}', '{"read": 2, "created": 2, "skipped": 0, "updated": 0, "rejected": 0, "change_id": "01a216ad-d5bf-70c2-88d3-2acc4c0f295e", "unchanged": 0}', 0, '2026-11-26 07:07:00.973345+00', '2026-11-26 07:07:01.045964+00', '2026-11-26 07:07:01.03516+00');

INSERT INTO public.roles VALUES ('01a216ad-d01d-7714-a185-54b88d693223', 'admin', 'Everything', true, '2026-11-26 07:06:59.485734+00', '2026-11-26 07:06:59.485734+00');
INSERT INTO public.roles VALUES ('01a216ad-d06b-775f-a8c1-4f2b40cda734', 'rédacteur', '', false, '2026-11-26 07:06:59.563484+00', '2026-11-26 07:06:59.563484+00');

INSERT INTO public.user_roles VALUES ('01a216ad-d0bc-73dd-93f9-3ec45b3ef629', '01a216ad-d01d-7714-a185-54b88d693223', '2026-11-26 07:06:59.661312+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a216ad-d147-70a4-b20c-44c3f16ef22b', '01a216ad-d06b-775f-a8c1-4f2b40cda734', '2026-11-26 07:06:59.797314+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a216ad-d2a6-709b-95ce-5a9657dac4ed', '01a216ad-d01d-7714-a185-54b88d693223', '2026-11-26 07:07:00.143359+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a216ad-d5f7-7000-88d3-2acc21f7b089', '01a216ad-d06b-775f-a8c1-4f2b40cda734', '2026-11-26 07:07:00.98981+00', 'opérateur');

INSERT INTO public.users VALUES ('01a216ad-d147-70a4-b20c-44c3f16ef22b', 'o''brien+tag@bücher.example', 'o''brien+tag@xn--bcher-kva.example', 'O''Brien\\;--"%s', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 07:06:59.783235+00', '2026-11-26 07:06:59.783235+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-d192-735e-9834-146d1e0c22d5', 'ملك@example.org', 'ملك@example.org', '‫ملك', '!', true, false, NULL, '2100-01-01 00:00:00+00', NULL, '{}', 1, '2026-11-26 07:06:59.858596+00', '2026-11-26 07:06:59.858596+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-d1d6-7541-8304-14cfd2d2775c', 'forever@example.com', 'forever@example.com', '', '!', true, false, NULL, '9999-12-31 23:59:59+00', NULL, '{"a": "{}"}', 1, '2026-11-26 07:06:59.926228+00', '2026-11-26 07:06:59.926228+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-d224-7268-a849-633c729535c2', 'off@example.com', 'off@example.com', '', '!', false, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 07:07:00.004512+00', '2026-11-26 07:07:00.089983+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-d2a6-709b-95ce-5a9657dac4ed', 'gone@example.com', 'gone@example.com', '', '!', false, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 07:07:00.134556+00', '2026-11-26 07:07:00.26195+00', '2026-11-26 07:07:00.260077+00', true, NULL);
INSERT INTO public.users VALUES ('01a216ad-d0bc-73dd-93f9-3ec45b3ef629', 'ada@example.com', 'ada@example.com', '👩‍💻', '!', true, false, NULL, NULL, NULL, '{"n": "1", "t": "äß漢"}', 2, '2026-11-26 07:06:59.644311+00', '2026-11-26 07:07:00.889282+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-d5f7-7000-88d3-2acc21f7b089', 'one@example.com', 'one@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 07:07:00.983331+00', '2026-11-26 07:07:00.983331+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-d5f7-7001-88d3-2accede6be64', 'two@example.com', 'two@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 07:07:00.983331+00', '2026-11-26 07:07:01.130134+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('f2a6b965-8129-4664-a840-74abe5eea1d1', 'Bare@Example.com', 'bare@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 07:07:01.189671+00', '2026-11-26 07:07:01.189671+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('4864b434-184d-4c0e-9aa9-22a235811201', 'odd@example.com', 'odd@example.com', '  a	b
''c'' ', '$2b$04$abcdefghijklmnopqrstuuG.bKWIyoXCPM0qTsOsgCr.7DTtQOiP6', false, false, NULL, NULL, NULL, '{"": 1500000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000, "deep": {"list": [1, null, " "]}}', 1, '1970-01-01 00:00:00.000001+00', '2038-01-19 03:14:08+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('dd98d09a-83c2-439d-b708-3bc7d8f8f506', 'hash@example.com', 'hash@example.com', '', '{SHA}not-ours', true, true, NULL, '2020-01-01 00:00:00+00', '1999-12-31 23:59:59+00', '{}', 1, '2026-11-26 07:07:01.192736+00', '2026-11-26 07:07:01.192736+00', NULL, NULL, 'sync');

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
