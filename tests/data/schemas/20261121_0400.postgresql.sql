CREATE FUNCTION public.audit_events_append() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    DECLARE
        head record;
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
        EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE seq > $1)', log) INTO behind USING last_seq;
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

INSERT INTO public.alembic_version VALUES ('20261121_0400');

INSERT INTO public.audit_events VALUES (1, '01a216ad-b3dc-712a-b5d1-28e2747b5606', '2026-11-26 07:06:52.283085+00', 'role.created', 'done', 'role', '01a216ad-b3f6-71d1-8986-bbf96f3783fe', '{}', '{"name": "admin", "description": "Everything", "administrative": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', 'a48edd6c1b0a99d61ba8d29eb3adfbf0', 'a1c043d99a6102a6d068d7b59884dc24f149b4b91a438c3aec76106099c26490', '7be9b2f656fc100a1e587488e49dfd62478293cf23cb361ac6f8216b4b066bf3', '0000000000000000000000000000000000000000000000000000000000000000', '42a6745fa4539ca22fdf929f4cf947897c2714dd295e1eab6a4da016264bbfb1');
INSERT INTO public.audit_events VALUES (2, '01a216ad-b413-7402-8165-a6025afa3196', '2026-11-26 07:06:52.342148+00', 'role.created', 'done', 'role', '01a216ad-b431-702f-bb24-70721d1a048e', '{}', '{"name": "rédacteur", "description": "", "administrative": false}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', 'e48a0ec4a07397c1d22d5d5c9cd9a478', 'ee3315e0650cec5e56f916f74acbfe473612aa1774bf33459646c70ca4a8fe76', '1f6856afc56529120b4992af92705430a9783588d56e313850f87e75ed4e8592', '42a6745fa4539ca22fdf929f4cf947897c2714dd295e1eab6a4da016264bbfb1', 'c23b5a954feaef3a6106937d08255c51f33cb592033d4d733a215b481808e0b6');
INSERT INTO public.audit_events VALUES (3, '01a216ad-b449-71ef-8af8-0964ff82ecf1', '2026-11-26 07:06:52.400424+00', 'user.created', 'done', 'user', '01a216ad-b465-7316-965d-b70ee8e302f1', '{}', '{"roles": ["admin"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"t":"äß漢"},"email":"ada@example.com","full_name":"Ada Lovelace"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}', 'bfa256566bab05c54ab119b78937e434', 'ad2017f9f7ff07839a86882744fb1e62a83e8e4dd6eff0ff23d40900531a9f3b', 'b6e20a8d3cb0d2b263532eae174ab275f12759245e39d7c8a50237342ea1afee', 'c23b5a954feaef3a6106937d08255c51f33cb592033d4d733a215b481808e0b6', 'ebd82284c161e6dcb7469846ab150d14621cf2c1623620bb2d8817020ef7028e');
INSERT INTO public.audit_events VALUES (4, '01a216ad-b495-7695-ad2a-ace064fb9205', '2026-11-26 07:06:52.472354+00', 'user.created', 'done', 'user', '01a216ad-b4ac-73a7-9802-839f4df8a502', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"o''brien+tag@bücher.example","full_name":"O''Brien\\\\;--\"%s"},"before":{},"host":"admin.example.com","reason":null,"target_email":"o''brien+tag@bücher.example","ticket":null}', 'b556d689ae96773eea6bbda99388e874', '66e44d1eeb69f2b06135b98ddbd36e2635f765c505816a9bccdc37ec474d01d9', '149672c1b430ccb63f093dbc2034b61f0832143ef0313f6ec36a899fbd631b74', 'ebd82284c161e6dcb7469846ab150d14621cf2c1623620bb2d8817020ef7028e', '370dc0820c8eba97ecbee65d45dac89c31fdeed871de67d1ff68653b0663a53d');
INSERT INTO public.audit_events VALUES (5, '01a216ad-b4ca-724b-bd38-a7c59afdf061', '2026-11-26 07:06:52.527934+00', 'user.created', 'done', 'user', '01a216ad-b4e2-7638-83b5-c7e6478f6d28', '{}', '{"roles": [], "is_active": true, "expires_at": "2100-01-01T00:00:00Z"}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"ملك@example.org","full_name":"‫ملك"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ملك@example.org","ticket":null}', '490c34b52a21e69cb3fabed88f8a2e68', 'fce4f6bc3720bce9851ffe85d6c304f59a60acb7d19aac711dcb3eade3fa1449', '02f7dbfe50f9106d32c40669fc7d0abec42e61787b3ce6c83674da7a3eb4433b', '370dc0820c8eba97ecbee65d45dac89c31fdeed871de67d1ff68653b0663a53d', 'c859766a9f641fbf60e3e2a5aac6a45cfad8995173b700e4cdec1372ac557b53');
INSERT INTO public.audit_events VALUES (6, '01a216ad-b500-7681-bce5-2d658e331058', '2026-11-26 07:06:52.58172+00', 'user.created', 'done', 'user', '01a216ad-b517-72ff-abec-49ca7fda7774', '{}', '{"roles": [], "is_active": true, "expires_at": "9999-12-31T23:59:59Z"}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"a":"{}"},"email":"forever@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"forever@example.com","ticket":null}', 'dda9483b62544dc9f26df2053b948848', 'c43bc2be969cd834bc8ea56c3ba3ea52ad7a9a13293a758c7a73ee5bff53a101', '0c0eafa4fd92a5b0afd04f9cdd93b763d0e15daeed2ad9daa45fc655323406b5', 'c859766a9f641fbf60e3e2a5aac6a45cfad8995173b700e4cdec1372ac557b53', '0b010171d5d09f3c36ebddf1214e4fa675b26625422ad66f3fec21eb4d229a17');
INSERT INTO public.audit_events VALUES (7, '01a216ad-b538-7428-b90e-1b6821f32e21', '2026-11-26 07:06:52.631273+00', 'user.created', 'done', 'user', '01a216ad-b54a-73ba-abec-0834acb7f927', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"off@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}', '7df9e657f21f84d11df71135174bb080', '35fb7c6c08712f0d5f4695f9d9d2231bf30d06f747b4973fe4ce4fd1e6f9e805', '4fc89cfd0bdd149402c63681756afc437d4e0c63f8ac3cb19ce357b125c1bd5e', '0b010171d5d09f3c36ebddf1214e4fa675b26625422ad66f3fec21eb4d229a17', '94e906a6f48a3f5a54fc7eb413a70b1a7e0663ddfc15d7e4483b2d786f7c91be');
INSERT INTO public.audit_events VALUES (8, '01a216ad-b565-7273-98d2-303fe0badb20', '2026-11-26 07:06:52.698024+00', 'user.deactivated', 'done', 'user', '01a216ad-b54a-73ba-abec-0834acb7f927', '{"is_active": true}', '{"is_active": false}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}', 'a694dec175f4d878d0247985e81a1382', 'f5182bf64565fe28a96cd07ec4728d55bde34c9c921606327b035632cc5aae3e', '9a4dc7be0c16d502b5d336ce8c6154c9ab667295fbb4db316f42efd293d0a3c3', '94e906a6f48a3f5a54fc7eb413a70b1a7e0663ddfc15d7e4483b2d786f7c91be', 'daef4eb817ed35685ad60d8062a7ecaea75003d6a112bae92c815ff59f2ae612');
INSERT INTO public.audit_events VALUES (9, '01a216ad-b5ac-74d9-9096-9cdd8a5501ab', '2026-11-26 07:06:52.759345+00', 'user.created', 'done', 'user', '01a216ad-b5cb-70df-91d9-137e1675819e', '{}', '{"roles": ["admin"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"gone@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"gone@example.com","ticket":null}', 'a18d341190c0eceb7c1f96f20caaae44', '97cc425164b204d4bc00bd97e6bbe39acc2e521149dc9e6fc8bd79d9f5dd3f7e', '81aa5701078a076ca1bb079684c4c6145569c94fbc4b4184a51cfbb4e9dd8eb5', 'daef4eb817ed35685ad60d8062a7ecaea75003d6a112bae92c815ff59f2ae612', 'f45d7958997ba5fc243828b2858b38c714951c3b73d67cfd00d309153957f9bc');
INSERT INTO public.audit_events VALUES (10, '01a216ad-b609-7120-baed-483d0369feb6', '2026-11-26 07:06:52.854047+00', 'user.deleted', 'done', 'user', '01a216ad-b5cb-70df-91d9-137e1675819e', '{"is_active": true, "deleted_at": null, "was_active": null}', '{"is_active": false, "deleted_at": "2026-11-26T07:06:52.846853Z", "was_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":"left","target_email":"gone@example.com","ticket":null}', '83e3e9c1549adbfde20740ad47ac48a0', '513d2d2fffbacc6f3c300a5e6a59adbfce94f5441b6dd4787c66892f7261ad4a', '407a92e7d93acb8fe2ee183a6c0490cebd77eea1f7d3277a53090ec1973a4ba5', 'f45d7958997ba5fc243828b2858b38c714951c3b73d67cfd00d309153957f9bc', '65d1fa593141651bb09aa611266d8e3b83fc76c1a327561ceae7754c5589f4f5');
INSERT INTO public.audit_events VALUES (11, '01a216ad-b644-7088-8717-66eefecf6d4f', '2026-11-26 07:06:52.899335+00', 'user.created', 'done', 'user', '01a216ad-b659-77fd-bab1-1d08a3f94e81', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', NULL, NULL, '660f7ce6b87529f6620fd9ddb65b4d7025f4b37537b0e2fae4f4d5c7dd758d9f', 'f4ffeec0db484b4f7f42faa4bdee66d2e0f7508c5032457da82f1b5fcd50775a', '65d1fa593141651bb09aa611266d8e3b83fc76c1a327561ceae7754c5589f4f5', 'd6250d92d077f49b5fddbb292ef55a4209f63e2691da78af23c6345be3bab3c9');
INSERT INTO public.audit_events VALUES (12, '01a216ad-b670-746c-8eaa-33094d803811', '2026-11-26 07:06:52.958371+00', 'user.deleted', 'done', 'user', '01a216ad-b659-77fd-bab1-1d08a3f94e81', '{"is_active": true, "deleted_at": null, "was_active": null}', '{"is_active": false, "deleted_at": "2026-11-26T07:06:52.946409Z", "was_active": true}', NULL, 'postgres', 'usercli 0.1.0', NULL, NULL, '60cfeeb147d5db6ae2aaee5681d3fce23044dbcfae7812c8862aef5d792e5257', '229c70bc63892004301160f630b9a43bdaec87870233314c51b7ace2e729a5a7', 'd6250d92d077f49b5fddbb292ef55a4209f63e2691da78af23c6345be3bab3c9', '9530387e3302dfc3a96b7840354bbcdbc21cc3d6aad5b0be195f25a2ce7b5470');
INSERT INTO public.audit_events VALUES (13, '01a216ad-b6fc-739b-9779-60ae0fd20413', '2026-11-26 07:06:53.122755+00', 'user.erased', 'done', 'user', '01a216ad-b659-77fd-bab1-1d08a3f94e81', '{}', '{"erased": [[11, 12]]}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', '8d0755401057fd820727f392fce350d6', 'eef23d02ee30f6e7d9c5fe0bc1b41ae2aa21d044242ad87e84f78123519ef3b8', '11ddb07086a90e30f810b420838e57c6e68e41be3453164f3074450086efdf38', '9530387e3302dfc3a96b7840354bbcdbc21cc3d6aad5b0be195f25a2ce7b5470', 'a60eff07ea70dd7a4038cca4375e58d6bd0f34e989af0e5b4b0ef8bbf56dc1de');
INSERT INTO public.audit_events VALUES (14, '01a216ad-b752-743a-b929-775aa9997934', '2026-11-26 07:06:53.194603+00', 'user.created', 'done', 'user', '01a216ad-b771-7374-a0eb-8cebb5e6d2a6', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"purged@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}', 'a6522781c3d3b8322b9d49213db1e463', '4630b0b668b6b91746e70cdaeb5d724b53351f5d6863be636ae04a45fb45e62f', '4c8c4030be07caf9e0124acd5e2f64c53872f14bb0a3d971cf4fe8d2b7ea0bc5', 'a60eff07ea70dd7a4038cca4375e58d6bd0f34e989af0e5b4b0ef8bbf56dc1de', 'e24affe5f80791bb1fbeadce794a0c7afb11d2658207a4c5b0dddb4ec846f63a');
INSERT INTO public.audit_events VALUES (15, '01a216ad-b7d0-71cd-9845-ba17546b9bd2', '2026-11-26 07:06:53.325404+00', 'user.purged', 'done', 'user', '01a216ad-b771-7374-a0eb-8cebb5e6d2a6', '{"roles": [], "is_active": true, "deleted_at": null, "expires_at": null, "managed_by": null, "was_active": null, "must_change_password": false}', '{}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{"attributes":{},"email":"purged@example.com","full_name":""},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}', '627901764f0b5c7e7dba042f8581d2a1', 'c4ac4e214d1974a07bb1ece444b7637fab5cbb5be353374fd730d261440fc373', '0a29fe40059b9abc62599dec817655c0bdb614c029bc396fbc0e50a8580e6f49', 'e24affe5f80791bb1fbeadce794a0c7afb11d2658207a4c5b0dddb4ec846f63a', 'c7e532b35522cd030373ae48fb4c7e7f3157441d65fd3b7293a27c4b94ba8ca3');
INSERT INTO public.audit_events VALUES (16, '01a216ad-b81d-715c-8f46-cd4c5861b054', '2026-11-26 07:06:53.378856+00', 'user.updated', 'done', 'user', '01a216ad-b465-7316-965d-b70ee8e302f1', '{}', '{}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"n":"1"},"full_name":"👩‍💻"},"before":{"attributes":{},"full_name":"Ada Lovelace"},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}', 'e3228e781f3daeed86faf4bc03c4db91', 'aad79a659583deecffdf123e08169e3ef830e8f8e10679d3fef91b3cc45bcb22', 'd810c72ba0729ba6fdcd74a76b8a87f2999efb2a5194bd2a52222786aed68173', 'c7e532b35522cd030373ae48fb4c7e7f3157441d65fd3b7293a27c4b94ba8ca3', 'e6411f2c7dce4a1eb9999efc81e4be5f920a0b493abd59f658fe63d1a13a83d3');
INSERT INTO public.audit_events VALUES (17, '01a216ad-b854-74b9-b7b4-132225ef5186', '2026-11-26 07:06:53.452452+00', 'user.created', 'done', 'user', '01a216ad-b86d-7000-b7b4-132241f3ea7e', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"one@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"one@example.com","ticket":null}', '08c9a8b53ddcb6ee079a5b1332ea2aad', 'a2f30d877339afbe0d0269b8d91befcc930dc02d7630d56fca3489eefd50a39e', '31a1d6690adc7da7edf25fd15bbc752787641a3c851f488f519ed6a096eabd7d', 'e6411f2c7dce4a1eb9999efc81e4be5f920a0b493abd59f658fe63d1a13a83d3', '77c477cb5083947c1089a3d1834619921e25ab349fb1efe0c91f659321fd68dc');
INSERT INTO public.audit_events VALUES (18, '01a216ad-b854-74b9-b7b4-132225ef5186', '2026-11-26 07:06:53.452452+00', 'user.created', 'done', 'user', '01a216ad-b86d-7001-b7b4-13220a0caa3c', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"two@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}', '12d4242c8df4807718ffc9801e0638a1', '71ad1e11a1c55dfe0e5ac7adb337c02af851f2433e421056496d5e6df1e26eb6', '2b1b80cec3051bbb300e5b5c9cdf92097c16b537f7da18d94271fb12fa9c6e61', '77c477cb5083947c1089a3d1834619921e25ab349fb1efe0c91f659321fd68dc', '1604cdbf88167487489dee457d1b91ca6a222b9a98da9334a9f0cd92b93b22e0');
INSERT INTO public.audit_events VALUES (19, '01a216ad-b8a9-7058-959f-f8a82b7fc520', '2026-11-26 07:06:53.538342+00', 'role.revoked', 'done', 'user', '01a216ad-b86d-7001-b7b4-13220a0caa3c', '{"roles": ["rédacteur"]}', '{"roles": []}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}', 'fb05d6e6b8e185e53100125c8531508d', 'e219fec591e5e40659d121f2e82d6ac6c34e8725944530a89db1c143d30d49a5', '47062c228922e44c31da485ef07795170090e9ced691f1688a58b77e731b6a55', '1604cdbf88167487489dee457d1b91ca6a222b9a98da9334a9f0cd92b93b22e0', '02a6896e11d66698ce4801771b66cf792455105a585c5e33b4aad886312b01c8');

INSERT INTO public.import_progress VALUES ('7541b40180aeb722b3f29274dabfb91efb76059c715d294681233fafa3c5d47b', '01a216ad-b854-74b9-b7b4-132225ef5186', '{"from": "jsonl", "mapping": {}, "preserve": false, "skip_bad": false, "delimiter": null, "companions": [], "on_conflict": "fail", "create_roles": false, "email_domain": null, "hash_passwords": false, "update_passwords": false, "unknown_to_attributes": false}', '{"read": 2, "created": 2, "skipped": 0, "updated": 0, "rejected": 0, "change_id": "01a216ad-b854-74b9-b7b4-132225ef5186", "unchanged": 0}', 0, '2026-11-26 07:06:53.416641+00', '2026-11-26 07:06:53.47353+00', '2026-11-26 07:06:53.470038+00');

INSERT INTO public.roles VALUES ('01a216ad-b3f6-71d1-8986-bbf96f3783fe', 'admin', 'Everything', true, '2026-11-26 07:06:52.278361+00', '2026-11-26 07:06:52.278361+00');
INSERT INTO public.roles VALUES ('01a216ad-b431-702f-bb24-70721d1a048e', 'rédacteur', '', false, '2026-11-26 07:06:52.337857+00', '2026-11-26 07:06:52.337857+00');

INSERT INTO public.user_roles VALUES ('01a216ad-b465-7316-965d-b70ee8e302f1', '01a216ad-b3f6-71d1-8986-bbf96f3783fe', '2026-11-26 07:06:52.395917+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a216ad-b4ac-73a7-9802-839f4df8a502', '01a216ad-b431-702f-bb24-70721d1a048e', '2026-11-26 07:06:52.467988+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a216ad-b5cb-70df-91d9-137e1675819e', '01a216ad-b3f6-71d1-8986-bbf96f3783fe', '2026-11-26 07:06:52.755429+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a216ad-b86d-7000-b7b4-132241f3ea7e', '01a216ad-b431-702f-bb24-70721d1a048e', '2026-11-26 07:06:53.429972+00', 'opérateur');

INSERT INTO public.users VALUES ('01a216ad-b4ac-73a7-9802-839f4df8a502', 'o''brien+tag@bücher.example', 'o''brien+tag@xn--bcher-kva.example', 'O''Brien\\;--"%s', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 07:06:52.460954+00', '2026-11-26 07:06:52.460954+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-b4e2-7638-83b5-c7e6478f6d28', 'ملك@example.org', 'ملك@example.org', '‫ملك', '!', true, false, NULL, '2100-01-01 00:00:00+00', NULL, '{}', 1, '2026-11-26 07:06:52.514773+00', '2026-11-26 07:06:52.514773+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-b517-72ff-abec-49ca7fda7774', 'forever@example.com', 'forever@example.com', '', '!', true, false, NULL, '9999-12-31 23:59:59+00', NULL, '{"a": "{}"}', 1, '2026-11-26 07:06:52.567101+00', '2026-11-26 07:06:52.567101+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-b54a-73ba-abec-0834acb7f927', 'off@example.com', 'off@example.com', '', '!', false, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 07:06:52.618522+00', '2026-11-26 07:06:52.68653+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-b5cb-70df-91d9-137e1675819e', 'gone@example.com', 'gone@example.com', '', '!', false, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 07:06:52.747529+00', '2026-11-26 07:06:52.848072+00', '2026-11-26 07:06:52.846853+00', true, NULL);
INSERT INTO public.users VALUES ('01a216ad-b465-7316-965d-b70ee8e302f1', 'ada@example.com', 'ada@example.com', '👩‍💻', '!', true, false, NULL, NULL, NULL, '{"n": "1", "t": "äß漢"}', 2, '2026-11-26 07:06:52.389393+00', '2026-11-26 07:06:53.373396+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-b86d-7000-b7b4-132241f3ea7e', 'one@example.com', 'one@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 07:06:53.421459+00', '2026-11-26 07:06:53.421459+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-b86d-7001-b7b4-13220a0caa3c', 'two@example.com', 'two@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 07:06:53.421459+00', '2026-11-26 07:06:53.528948+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('70985031-072d-474b-a27f-478fa23ad4c3', 'Bare@Example.com', 'bare@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 07:06:53.554519+00', '2026-11-26 07:06:53.554519+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('6e5b1542-ce21-405a-9a04-36baee8b7687', 'odd@example.com', 'odd@example.com', '  a	b
''c'' ', '$2b$04$abcdefghijklmnopqrstuuG.bKWIyoXCPM0qTsOsgCr.7DTtQOiP6', false, false, NULL, NULL, NULL, '{"": 1500000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000, "deep": {"list": [1, null, " "]}}', 1, '1970-01-01 00:00:00.000001+00', '2038-01-19 03:14:08+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('d95d69e6-f97c-4a09-8d26-a8a628c04c09', 'hash@example.com', 'hash@example.com', '', '{SHA}not-ours', true, true, NULL, '2020-01-01 00:00:00+00', '1999-12-31 23:59:59+00', '{}', 1, '2026-11-26 07:06:53.556495+00', '2026-11-26 07:06:53.556495+00', NULL, NULL, 'sync');

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
