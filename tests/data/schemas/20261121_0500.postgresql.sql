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

INSERT INTO public.alembic_version VALUES ('20261121_0500');

INSERT INTO public.audit_events VALUES (1, '01a216ad-beca-7427-a03f-cca461b36ea3', '2026-11-26 07:06:55.121211+00', 'role.created', 'done', 'role', '01a216ad-bf05-7674-8af6-7bbc57ee8f2c', '{}', '{"name": "admin", "description": "Everything", "administrative": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', '4be66294ede2fe3828a44a06bfd30d2e', 'f2e2bbbf0378c53b5b42639244f267fe038163f7cb9fa15493882b282309ec92', 'c6e208ac1bfcd34f84a6b0aba770c96853ee9dffd0b6c07c9fe34939efc14ea1', '0000000000000000000000000000000000000000000000000000000000000000', 'e6a399cdc9d313c3f85c59e1fa53bc072850d3df4b0e38e8c70f064e85fb0137');
INSERT INTO public.audit_events VALUES (2, '01a216ad-bf33-7751-ae16-daee3fb14105', '2026-11-26 07:06:55.215353+00', 'role.created', 'done', 'role', '01a216ad-bf61-77c2-b88c-a70ec7efa6a8', '{}', '{"name": "rédacteur", "description": "", "administrative": false}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', '8fbe6581ba5202b1c5c561328975c2f9', 'cadffd39860b5d0822db4d498d39433d37d5e00a8cb5604a6628b4b07efcdf36', '33ac97eda63f5125843d43a8ad6d182ed1a0658d718cc6f9eb56df6ba88c5ce5', 'e6a399cdc9d313c3f85c59e1fa53bc072850d3df4b0e38e8c70f064e85fb0137', 'f91366530ada416694fa2b5218d00925346ae2fc4258de27a843a02f5ea4a3c0');
INSERT INTO public.audit_events VALUES (3, '01a216ad-bf83-77c3-938a-2ad76a854b23', '2026-11-26 07:06:55.568424+00', 'user.created', 'done', 'user', '01a216ad-bfa6-7379-9d1e-1f1e4d0fda0e', '{}', '{"roles": ["admin"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"t":"äß漢"},"email":"ada@example.com","full_name":"Ada Lovelace"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}', '02f09517c0c36e08e2bfc372fe0cc3eb', '9085cf5218dc2208aa4c222c5f3e543b646cef737c878e8e5fae2a0d65087127', '4ec23457eb047824a0916a6876eeaa913ff3bdc2a856cda503e6f18e1309823f', 'f91366530ada416694fa2b5218d00925346ae2fc4258de27a843a02f5ea4a3c0', '3cf53c764fdb9418755981e137020bc2e86d859f1bdd2a420e73924fd9809817');
INSERT INTO public.audit_events VALUES (4, '01a216ad-c16f-7460-8a63-edf435f52fe3', '2026-11-26 07:06:55.783036+00', 'user.created', 'done', 'user', '01a216ad-c193-77b2-a7ec-bc70fc2b2283', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"o''brien+tag@bücher.example","full_name":"O''Brien\\\\;--\"%s"},"before":{},"host":"admin.example.com","reason":null,"target_email":"o''brien+tag@bücher.example","ticket":null}', '0227e934b0a7bc4748de751120db0401', 'ddd0e6289075d000ee41d4d71a61620eaf7c59179e153b2e9a88b78a374a2836', '63f7e9c364a69f6ec445a384b01f34cb12a252e249a8a445988cbfef884a669d', '3cf53c764fdb9418755981e137020bc2e86d859f1bdd2a420e73924fd9809817', '806aacc843963932b994b6101d9b84bbc036ff83efb5485e754920cedab79f01');
INSERT INTO public.audit_events VALUES (5, '01a216ad-c1b8-7279-a1b4-bb0ad4f58303', '2026-11-26 07:06:55.86353+00', 'user.created', 'done', 'user', '01a216ad-c1e9-7127-98e1-234ab6849685', '{}', '{"roles": [], "is_active": true, "expires_at": "2100-01-01T00:00:00Z"}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"ملك@example.org","full_name":"‫ملك"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ملك@example.org","ticket":null}', 'b3e0bb6a00640455c2535e02dd54758b', 'c7cb32a956d999041ebb6ac82ff6675f79b5e7925344fd69a09b2dfb6ad95aff', '7642f2135347830896fe2260b389b289f16e5fd1a2857980f56b989ef5a6ef13', '806aacc843963932b994b6101d9b84bbc036ff83efb5485e754920cedab79f01', '72042c392813dbf4b4d387054b26de4d369ef304615db0c42c7e3b656dadd520');
INSERT INTO public.audit_events VALUES (6, '01a216ad-c218-72bd-93bc-e861d9ef9246', '2026-11-26 07:06:55.941502+00', 'user.created', 'done', 'user', '01a216ad-c233-729a-bf38-65f969274369', '{}', '{"roles": [], "is_active": true, "expires_at": "9999-12-31T23:59:59Z"}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"a":"{}"},"email":"forever@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"forever@example.com","ticket":null}', 'aed7c760b86c7ca428bcb9986670364b', 'd5f60b738e8eaed5c2e9f1fb678c2e357ec6df68a916b10a56eca5737edbbc82', '16fec45f27bbb6f54ff6a4d26af609a53f4e1a0bb2937d0a308efe45bf238cc2', '72042c392813dbf4b4d387054b26de4d369ef304615db0c42c7e3b656dadd520', 'b298580e96db1926953ea646886d379756aee95b86d4eb459b365a4842f871c2');
INSERT INTO public.audit_events VALUES (7, '01a216ad-c256-73ee-b1e1-646e5ff6c92a', '2026-11-26 07:06:55.985185+00', 'user.created', 'done', 'user', '01a216ad-c266-72af-84b9-7a3dee586359', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"off@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}', '318122e2a7ce9201fc961f8db5531776', '5f50491651f91c35ff91a983f23a0905c6fce144b1941d914596607c73f63a74', 'be9c505e44246bcb135d9057f9211fe08729a140ecd6c024227a07562a51fde4', 'b298580e96db1926953ea646886d379756aee95b86d4eb459b365a4842f871c2', 'ce2b711a78c78db9fd47d4f2916988d4cc65a45049d30560f47b223d332d1150');
INSERT INTO public.audit_events VALUES (8, '01a216ad-c281-7533-98f5-273b7a8cae3f', '2026-11-26 07:06:56.129209+00', 'user.deactivated', 'done', 'user', '01a216ad-c266-72af-84b9-7a3dee586359', '{"is_active": true}', '{"is_active": false}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}', '3ccce55a5d9f86a894f52f9936e67554', '86e9b5fd31188f1bc3f00cc63bad10f19d77def822716e613c43c990319e892e', '6c733820461469648a982aaadcb4f8591d66bd3b93cfb580485053cdd79aafb0', 'ce2b711a78c78db9fd47d4f2916988d4cc65a45049d30560f47b223d332d1150', '167701a897ecba0772cbcc9868b84d4d9c76951481796326ff5bf383113ad9da');
INSERT INTO public.audit_events VALUES (9, '01a216ad-c314-720a-b585-8a286b822666', '2026-11-26 07:06:56.190334+00', 'user.created', 'done', 'user', '01a216ad-c32d-7593-ab2f-a66216f096cc', '{}', '{"roles": ["admin"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"gone@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"gone@example.com","ticket":null}', '6f5fce6cbdd3f195ab0d7b0e1d2a793f', '51e699ba124bab2023bec4110c90554bad6e756c63f0ccea2f3debc464cd4c9a', 'be146f74b6250e277f08e80c68bcdf66aaf3d8a56018540067d9e043ef54b173', '167701a897ecba0772cbcc9868b84d4d9c76951481796326ff5bf383113ad9da', '40c94471425e636a61d9d978dbafdf77b6194b59564f80a55af7b35e39228958');
INSERT INTO public.audit_events VALUES (10, '01a216ad-c36e-7567-8e0f-02e57986cba7', '2026-11-26 07:06:56.291022+00', 'user.deleted', 'done', 'user', '01a216ad-c32d-7593-ab2f-a66216f096cc', '{"is_active": true, "deleted_at": null, "was_active": null}', '{"is_active": false, "deleted_at": "2026-11-26T07:06:56.280629Z", "was_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":"left","target_email":"gone@example.com","ticket":null}', 'd786de2c4c158174ed46269c1b681924', '15dfca5e6dbb3f781478f23c81d7042239631cdca47a02160b0427b788d87de7', '685389611a6377318e609726c3a1dfef6c85e38cdce1b42d3b319ff69b18d7b5', '40c94471425e636a61d9d978dbafdf77b6194b59564f80a55af7b35e39228958', 'fb195028434e8c93551e53fc8dcb77b2bf68ec5c788a46cbe3d2a849a48451b1');
INSERT INTO public.audit_events VALUES (11, '01a216ad-c3b7-72c1-b418-894104e8d124', '2026-11-26 07:06:56.364605+00', 'user.created', 'done', 'user', '01a216ad-c3d8-765c-b772-69fcb52eaa13', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', NULL, NULL, '9ad2699ff3ce2324daf0d6bed0fb6c532d29cbbadbbd7f6c051853e81798826a', 'beab58a7e1cfd829c369077bce83297eb07928fbcb88f5d95089e2210585153a', 'fb195028434e8c93551e53fc8dcb77b2bf68ec5c788a46cbe3d2a849a48451b1', 'e757d059b03a5a9631c059a3976e638c5f38e0601623a7f017fbfaba6f6d651b');
INSERT INTO public.audit_events VALUES (12, '01a216ad-c3fd-7289-8486-d3a6f0ba1ac1', '2026-11-26 07:06:56.424789+00', 'user.deleted', 'done', 'user', '01a216ad-c3d8-765c-b772-69fcb52eaa13', '{"is_active": true, "deleted_at": null, "was_active": null}', '{"is_active": false, "deleted_at": "2026-11-26T07:06:56.410616Z", "was_active": true}', NULL, 'postgres', 'usercli 0.1.0', NULL, NULL, '1460ca204229d7eb96f45d3a3fa664b3c0228a9fc93a4cff3ef9dc894c83e87f', 'f794d1da87773210d807e84804880b48b55acc75c716a7aba841437ab612d422', 'e757d059b03a5a9631c059a3976e638c5f38e0601623a7f017fbfaba6f6d651b', 'd383337ec2d5da87c5850c1ce3b172018cd076490bf039289eacac8fdd281517');
INSERT INTO public.audit_events VALUES (13, '01a216ad-c460-7581-ba5d-193b00e4bd7c', '2026-11-26 07:06:56.563492+00', 'user.erased', 'done', 'user', '01a216ad-c3d8-765c-b772-69fcb52eaa13', '{}', '{"erased": [[11, 12]]}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', 'd3cd3ea6793135bb3f5dd0dc109f8cd7', 'ece9d8f5a7ba7e03895cc0baff0c08143c0e116236b83fa4246afebc1e60512f', '0a681247d77c564be98040cd7dcd51c583d6afefcd887280090bd4cb09c147cf', 'd383337ec2d5da87c5850c1ce3b172018cd076490bf039289eacac8fdd281517', '2b217795614c36ac03146bd6566fc476a68af18b76f52d513c3926cb65578cba');
INSERT INTO public.audit_events VALUES (14, '01a216ad-c4bc-75a6-88de-7542c4151477', '2026-11-26 07:06:56.600127+00', 'user.created', 'done', 'user', '01a216ad-c4d0-72af-8a68-e4742593d906', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"purged@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}', '38e464f6a0626afaa6c83cf4e57cc00c', '5daf07ffe6e072c4e111d6fc9e7bdc12644a093b1d57ccddca3119cceaf53746', '49be3dd29a474c967ba85852e25dbb819f213ac220ce34bc0c39a3c795428771', '2b217795614c36ac03146bd6566fc476a68af18b76f52d513c3926cb65578cba', '50fd5a72da3f191a9b157a4876654c27d9ba677ef393c86bcd0207e232796f1c');
INSERT INTO public.audit_events VALUES (15, '01a216ad-c511-738e-8c66-ed33353fcc54', '2026-11-26 07:06:56.719688+00', 'user.purged', 'done', 'user', '01a216ad-c4d0-72af-8a68-e4742593d906', '{"roles": [], "is_active": true, "deleted_at": null, "expires_at": null, "managed_by": null, "was_active": null, "must_change_password": false}', '{}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{"attributes":{},"email":"purged@example.com","full_name":""},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}', '5a5ca2378a7787949c40a0340e7f0780', '1223fe040dcfeee8573c217c50be2dd1a7f4ea79e1702f0d8c196a502311f546', 'aca97086700bf4f91b2f310383b6ee5af446fccd848326616c6bcec8557fb731', '50fd5a72da3f191a9b157a4876654c27d9ba677ef393c86bcd0207e232796f1c', '4d4a3a88fd68090d754739e874c646173c5627f57e9002afc8d7d0786a1d203a');
INSERT INTO public.audit_events VALUES (16, '01a216ad-c561-732c-bc3e-98faafbbdab9', '2026-11-26 07:06:56.788413+00', 'user.updated', 'done', 'user', '01a216ad-bfa6-7379-9d1e-1f1e4d0fda0e', '{}', '{}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"n":"1"},"full_name":"👩‍💻"},"before":{"attributes":{},"full_name":"Ada Lovelace"},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}', 'b8ce9d77cdc171920a9cf96cf7d812cd', 'a9ddb99fedbf224a786e6cbb9272f78769a5843fdce220133468dd01660af061', 'b5ba6e52a346fab17d4fad8a9b1ed7e00b7266c77e8040823c228fc62dcfaca5', '4d4a3a88fd68090d754739e874c646173c5627f57e9002afc8d7d0786a1d203a', 'fced3f11c95b6bf78482b03cae3a665b9066ad48f12fab39f82954c7148c7b9e');
INSERT INTO public.audit_events VALUES (17, '01a216ad-c5af-7610-bfef-1b4443ab726e', '2026-11-26 07:06:56.944466+00', 'user.created', 'done', 'user', '01a216ad-c5e7-7000-bfef-1b44700d09c1', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"one@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"one@example.com","ticket":null}', 'e006d49896ab35cfdef266f75b852e60', 'd56123a52bcfa38bde55e9e791086162901417e6a9a0ce520f3b94ee1968bfb3', '9b7e9e10b2a7d4b20c13688fe928130c0e3ef1dd1cc5b37b3efd764421c72714', 'fced3f11c95b6bf78482b03cae3a665b9066ad48f12fab39f82954c7148c7b9e', 'fa9b48bce0b8a64570643feb53f70f78427395a97542eb2cf132c7156f2805f5');
INSERT INTO public.audit_events VALUES (18, '01a216ad-c5af-7610-bfef-1b4443ab726e', '2026-11-26 07:06:56.944466+00', 'user.created', 'done', 'user', '01a216ad-c5e7-7001-bfef-1b446b9c43e5', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"two@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}', '744379ba9c6c2b7e18e1285e0a93de40', '17006b7a90ce87027caca108fe36c0d4550751bf5960b49427351cfb43681512', 'e3403466efd65feee1fcf719f59e1e782adc825b540f8aedca79a750b323d39d', 'fa9b48bce0b8a64570643feb53f70f78427395a97542eb2cf132c7156f2805f5', 'a242ecf464448cacb453e55c5f265c00a4f5f40757e4782bffef5722b0234f8b');
INSERT INTO public.audit_events VALUES (19, '01a216ad-c675-76df-adba-590ce13543b7', '2026-11-26 07:06:57.109503+00', 'role.revoked', 'done', 'user', '01a216ad-c5e7-7001-bfef-1b446b9c43e5', '{"roles": ["rédacteur"]}', '{"roles": []}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}', 'd99258c80bcd0107ca38a5fcc9b12abc', '16155e77111e4d21658bc93e13f28e5ff6f8f34cb42b46d079af586e843d66bb', 'f0560cf13b374c549933d33162bef5c0b7a293d2ec661a33d3cccd35324f9819', 'a242ecf464448cacb453e55c5f265c00a4f5f40757e4782bffef5722b0234f8b', '116a8902e091bb1966c048d8ebeb906382f5e49354dd5a3dedfedb509364399f');

INSERT INTO public.import_progress VALUES ('7541b40180aeb722b3f29274dabfb91efb76059c715d294681233fafa3c5d47b', '01a216ad-c5af-7610-bfef-1b4443ab726e', '{"from": "jsonl", "mapping": {}, "preserve": false, "skip_bad": false, "delimiter": null, "companions": [], "on_conflict": "fail", "create_roles": false, "email_domain": null, "hash_passwords": false, "update_passwords": false, "unknown_to_attributes": false}', '{"read": 2, "created": 2, "skipped": 0, "updated": 0, "rejected": 0, "change_id": "01a216ad-c5af-7610-bfef-1b4443ab726e", "unchanged": 0}', 0, '2026-11-26 07:06:56.862467+00', '2026-11-26 07:06:56.997696+00', '2026-11-26 07:06:56.987716+00');

INSERT INTO public.roles VALUES ('01a216ad-bf05-7674-8af6-7bbc57ee8f2c', 'admin', 'Everything', true, '2026-11-26 07:06:55.109796+00', '2026-11-26 07:06:55.109796+00');
INSERT INTO public.roles VALUES ('01a216ad-bf61-77c2-b88c-a70ec7efa6a8', 'rédacteur', '', false, '2026-11-26 07:06:55.201727+00', '2026-11-26 07:06:55.201727+00');

INSERT INTO public.user_roles VALUES ('01a216ad-bfa6-7379-9d1e-1f1e4d0fda0e', '01a216ad-bf05-7674-8af6-7bbc57ee8f2c', '2026-11-26 07:06:55.278643+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a216ad-c193-77b2-a7ec-bc70fc2b2283', '01a216ad-bf61-77c2-b88c-a70ec7efa6a8', '2026-11-26 07:06:55.778227+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a216ad-c32d-7593-ab2f-a66216f096cc', '01a216ad-bf05-7674-8af6-7bbc57ee8f2c', '2026-11-26 07:06:56.183705+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a216ad-c5e7-7000-bfef-1b44700d09c1', '01a216ad-bf61-77c2-b88c-a70ec7efa6a8', '2026-11-26 07:06:56.881611+00', 'opérateur');

INSERT INTO public.users VALUES ('01a216ad-c193-77b2-a7ec-bc70fc2b2283', 'o''brien+tag@bücher.example', 'o''brien+tag@xn--bcher-kva.example', 'O''Brien\\;--"%s', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 07:06:55.763742+00', '2026-11-26 07:06:55.763742+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-c1e9-7127-98e1-234ab6849685', 'ملك@example.org', 'ملك@example.org', '‫ملك', '!', true, false, NULL, '2100-01-01 00:00:00+00', NULL, '{}', 1, '2026-11-26 07:06:55.849197+00', '2026-11-26 07:06:55.849197+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-c233-729a-bf38-65f969274369', 'forever@example.com', 'forever@example.com', '', '!', true, false, NULL, '9999-12-31 23:59:59+00', NULL, '{"a": "{}"}', 1, '2026-11-26 07:06:55.9239+00', '2026-11-26 07:06:55.9239+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-c266-72af-84b9-7a3dee586359', 'off@example.com', 'off@example.com', '', '!', false, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 07:06:55.974496+00', '2026-11-26 07:06:56.112322+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-c32d-7593-ab2f-a66216f096cc', 'gone@example.com', 'gone@example.com', '', '!', false, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 07:06:56.173991+00', '2026-11-26 07:06:56.282318+00', '2026-11-26 07:06:56.280629+00', true, NULL);
INSERT INTO public.users VALUES ('01a216ad-bfa6-7379-9d1e-1f1e4d0fda0e', 'ada@example.com', 'ada@example.com', '👩‍💻', '!', true, false, NULL, NULL, NULL, '{"n": "1", "t": "äß漢"}', 2, '2026-11-26 07:06:55.270191+00', '2026-11-26 07:06:56.780055+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-c5e7-7000-bfef-1b44700d09c1', 'one@example.com', 'one@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 07:06:56.871823+00', '2026-11-26 07:06:56.871823+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-c5e7-7001-bfef-1b446b9c43e5', 'two@example.com', 'two@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 07:06:56.871823+00', '2026-11-26 07:06:57.081035+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('a29e2198-8da8-4ffb-860c-30e007022241', 'Bare@Example.com', 'bare@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 07:06:57.140453+00', '2026-11-26 07:06:57.140453+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('2d3978b8-58f8-4e8e-a998-f8cc0c95c040', 'odd@example.com', 'odd@example.com', '  a	b
''c'' ', '$2b$04$abcdefghijklmnopqrstuuG.bKWIyoXCPM0qTsOsgCr.7DTtQOiP6', false, false, NULL, NULL, NULL, '{"": 1500000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000, "deep": {"list": [1, null, " "]}}', 1, '1970-01-01 00:00:00.000001+00', '2038-01-19 03:14:08+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('88948b96-e3bf-48aa-8de3-9976eb255e6d', 'hash@example.com', 'hash@example.com', '', '{SHA}not-ours', true, true, NULL, '2020-01-01 00:00:00+00', '1999-12-31 23:59:59+00', '{}', 1, '2026-11-26 07:06:57.142748+00', '2026-11-26 07:06:57.142748+00', NULL, NULL, 'sync');

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
