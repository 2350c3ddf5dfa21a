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

INSERT INTO public.alembic_version VALUES ('20261121_0300');

INSERT INTO public.audit_events VALUES (1, '01a216ad-a8b8-7544-8428-3a0b9a85b3ad', '2026-11-26 07:06:49.438795+00', 'role.created', 'done', 'role', '01a216ad-a8d8-7732-89ee-f3433b55d180', '{}', '{"name": "admin", "description": "Everything", "administrative": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', 'c7b6365f221e53665fc7978ae0427c7e', '07838dab08130e594e0d61c604c029f9831c2ba009a0ade46481d74e45314332', 'f2483d6f7a72af09bcb1f9e0b0c0321c7cc2537ac25509c99252c7e79b83f062', '0000000000000000000000000000000000000000000000000000000000000000', 'be27828074fa3669d01b6e80f06f2da512f8c0449325dbfbe2b71b449e53b4bc');
INSERT INTO public.audit_events VALUES (2, '01a216ad-a8ed-70a1-abc7-55d81a833364', '2026-11-26 07:06:49.473954+00', 'role.created', 'done', 'role', '01a216ad-a8fe-71ec-8ff4-109371968a7a', '{}', '{"name": "rédacteur", "description": "", "administrative": false}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', '095368e5d843ec14dee82fa4c59dce15', 'fc36bd092ab827b51245d9c194721c739b62182531554e7ec866fdc60511a143', '2d3e7dbb58ba8ce1ddc80daf139971eb1c30c537543fd856b118c548ee42b779', 'be27828074fa3669d01b6e80f06f2da512f8c0449325dbfbe2b71b449e53b4bc', '2b78078f28b1898b0f9fb0a25c869301032cddc10ad4027e53f283bbf79a57ae');
INSERT INTO public.audit_events VALUES (3, '01a216ad-a910-70a9-85f5-5ced16fae78c', '2026-11-26 07:06:49.521751+00', 'user.created', 'done', 'user', '01a216ad-a925-76b8-8d33-8858d45d65df', '{}', '{"roles": ["admin"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"t":"äß漢"},"email":"ada@example.com","full_name":"Ada Lovelace"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}', 'f15379de6da28f9ce1dcad17697754e2', '29f6d0a94541972d549d21fd1e0adb1c7b6bc7a16e56f7a3841e037093c93d83', 'a55e2ed4b81e471749caae79a552a4a168c3adade24d2f3748c19830d14fd8d7', '2b78078f28b1898b0f9fb0a25c869301032cddc10ad4027e53f283bbf79a57ae', 'e9be36b1024de5f1f0296545653fd883ffeb26519bbf580c9a016e6d3240ebba');
INSERT INTO public.audit_events VALUES (4, '01a216ad-a956-7474-bbea-51a2350ef430', '2026-11-26 07:06:49.58936+00', 'user.created', 'done', 'user', '01a216ad-a96b-72ba-aed0-4d7afa3c4799', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"o''brien+tag@bücher.example","full_name":"O''Brien\\\\;--\"%s"},"before":{},"host":"admin.example.com","reason":null,"target_email":"o''brien+tag@bücher.example","ticket":null}', '903fd2c413273a5b1a2aa57a1377df97', '0cf0a450433a9203dba941f1b6896f5f4d88ea362a4079761ec73f02dc67adca', 'bc59fb4a686ec044dcaee2bd3100e37a98bbfbe15982ed7479aabefbaa7fc7e4', 'e9be36b1024de5f1f0296545653fd883ffeb26519bbf580c9a016e6d3240ebba', 'd2b34320ca0b6555255697ef2f8a74c11a91fa09ecd511e661cd9892432f76f5');
INSERT INTO public.audit_events VALUES (5, '01a216ad-a983-7762-a483-ec79427f30f8', '2026-11-26 07:06:49.642607+00', 'user.created', 'done', 'user', '01a216ad-a996-73d8-b2d2-2b3a725d2cf9', '{}', '{"roles": [], "is_active": true, "expires_at": "2100-01-01T00:00:00Z"}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"ملك@example.org","full_name":"‫ملك"},"before":{},"host":"admin.example.com","reason":null,"target_email":"ملك@example.org","ticket":null}', '1216109b98f7b9102a50e65c0a6aa463', 'f45ab8c22cb1aa3d571f4ae21c457d770567b033e4c9a7f9076cf7f9581a50fb', 'a6b0f81c9570c3d342f09f5d8a970b9662b8a01a7c978d1fff566866ab699bec', 'd2b34320ca0b6555255697ef2f8a74c11a91fa09ecd511e661cd9892432f76f5', '7aa47a614ea6c5e6b76d47b3de4f14721084a29a8db8740deb762afba42f5bd4');
INSERT INTO public.audit_events VALUES (6, '01a216ad-a9bb-7594-8acc-09cf5ff6b428', '2026-11-26 07:06:49.688556+00', 'user.created', 'done', 'user', '01a216ad-a9ce-76be-9bd8-bb7c6c0c658c', '{}', '{"roles": [], "is_active": true, "expires_at": "9999-12-31T23:59:59Z"}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"a":"{}"},"email":"forever@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"forever@example.com","ticket":null}', '699314827a5c0a30a912ec1352b95944', 'fa8e22dbaf5d2aa01da80cae9621bb7bbec1ebd9e8c40ba6ec980cb206dbdcf7', 'a63403f29a9d6e3f0c37aa2b5d7378ce72fd002434581fc66bfcd702433fcd22', '7aa47a614ea6c5e6b76d47b3de4f14721084a29a8db8740deb762afba42f5bd4', '3b77050d4a6196e44b031b7363d6fd20e33a917fe75218b6c43b4c83beca4415');
INSERT INTO public.audit_events VALUES (7, '01a216ad-a9e6-74e1-83d5-92f5b8a002fb', '2026-11-26 07:06:49.729907+00', 'user.created', 'done', 'user', '01a216ad-a9f6-752f-8870-6205f53b171c', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"off@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}', '1cdf1432a014c369afe1f81e76f70179', 'f6c8c9a04e0c6e1632f11825af4b1ec58d4aa189db4436ac6d0520003fdbd256', 'd7b7a1c5beca509c3430968bdaa76242dc14d34a13b1abc3fa6beace9b369552', '3b77050d4a6196e44b031b7363d6fd20e33a917fe75218b6c43b4c83beca4415', '6ace99d72cc7a9504a3489559f10f945753cecdeea78271644a6304e8a15b59f');
INSERT INTO public.audit_events VALUES (8, '01a216ad-aa10-7037-8819-6bbf0a7e6f93', '2026-11-26 07:06:49.805712+00', 'user.deactivated', 'done', 'user', '01a216ad-a9f6-752f-8870-6205f53b171c', '{"is_active": true}', '{"is_active": false}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"off@example.com","ticket":null}', 'db907c27fe2d51aad81368187ee7cb56', '9ce22334eba40cbe393f8e6712c16efee8a8fa5b3c4cb22b5bd741ece59580ec', '90c3ab88f4c35c421c38a17a095ee9900efb2fda2ba76e40621f7da9983c3cc5', '6ace99d72cc7a9504a3489559f10f945753cecdeea78271644a6304e8a15b59f', '14328d74f609e076bc66566a910982843df8dd59d5927b08719f3367a343fc72');
INSERT INTO public.audit_events VALUES (9, '01a216ad-aa59-72d9-8131-68029be84df5', '2026-11-26 07:06:49.860452+00', 'user.created', 'done', 'user', '01a216ad-aa7a-7255-ae3a-5dfb0fa057a8', '{}', '{"roles": ["admin"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"gone@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"gone@example.com","ticket":null}', 'cdcaf8caff2cc27ace959e53fb627c7e', '28ac7a0290cb3c10696d255524ee0a655ee8b6f6d1e67674b25de6a00173d76b', 'bbf0c15e96fecc486066343ef25bc08d3516bc3a8edcb299eecf97bb93fdd793', '14328d74f609e076bc66566a910982843df8dd59d5927b08719f3367a343fc72', 'df4caf40a97b1a2d2f3a103c84ea3d16e8615f9ac84c2c566b1b207bef48ec72');
INSERT INTO public.audit_events VALUES (10, '01a216ad-aaac-744c-a11a-389e66c82783', '2026-11-26 07:06:49.958216+00', 'user.deleted', 'done', 'user', '01a216ad-aa7a-7255-ae3a-5dfb0fa057a8', '{"is_active": true, "deleted_at": null, "was_active": null}', '{"is_active": false, "deleted_at": "2026-11-26T07:06:49.947534Z", "was_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":"left","target_email":"gone@example.com","ticket":null}', 'a8a3dbc747fdc58c928641bc92cf1677', 'be75b16fde34fa9ae5ca78f75a0adf2002662fb14037a78064d6059043314040', 'e69d4d7a7d8a7b986bafc55975f7c74c00fe96c43de3bc2a6d2c7eea0b088da9', 'df4caf40a97b1a2d2f3a103c84ea3d16e8615f9ac84c2c566b1b207bef48ec72', 'd5c0f135eb7f0f9441e9669c60f96da3683c9915dad967dfe21fef6be93a2dbc');
INSERT INTO public.audit_events VALUES (11, '01a216ad-aaf9-7762-82bf-f13092529889', '2026-11-26 07:06:50.011+00', 'user.created', 'done', 'user', '01a216ad-ab0e-7602-88e7-810b92f66c19', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', NULL, NULL, 'f938210c003a59cf5cf37433eab41194e56536444da7ba3b97a7f4e5d1f44a76', 'b1d4a7005f0ce5441c3f8ca156e247aa623ecb397f0aee6ae739d5fc37f84f71', 'd5c0f135eb7f0f9441e9669c60f96da3683c9915dad967dfe21fef6be93a2dbc', 'fde37eb2572b983a594e32507fc946253b564175413930dcbf0457184de2af6b');
INSERT INTO public.audit_events VALUES (12, '01a216ad-ab2b-76b4-85f5-20bedee2c11e', '2026-11-26 07:06:50.079692+00', 'user.deleted', 'done', 'user', '01a216ad-ab0e-7602-88e7-810b92f66c19', '{"is_active": true, "deleted_at": null, "was_active": null}', '{"is_active": false, "deleted_at": "2026-11-26T07:06:50.069429Z", "was_active": true}', NULL, 'postgres', 'usercli 0.1.0', NULL, NULL, 'c81284b583aa3d00201c5211f62531c10cd92bb2ee741fd041f1f26c5751ca07', 'aa4793a6a2b602915f05d259265de474786e53c38fa9389116d7cd402de6841b', 'fde37eb2572b983a594e32507fc946253b564175413930dcbf0457184de2af6b', 'b31b1e3a26530b4e15c042b83c331cf65cc6888b9497a22ba2bbfbbcfb233b8f');
INSERT INTO public.audit_events VALUES (13, '01a216ad-aba9-70e1-b2c4-ef95f63870af', '2026-11-26 07:06:50.240747+00', 'user.erased', 'done', 'user', '01a216ad-ab0e-7602-88e7-810b92f66c19', '{}', '{"erased": [[11, 12]]}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":null,"ticket":null}', 'abe4fae8292c38152f166d345c42d95f', 'cee7de100cf31c5ca1054766e1ad26867ed2636ef93de75adcca7a1214434c50', '6220294f8d55d500a97058877688b235254b6cc3bf23d3e2b118630f50af4f01', 'b31b1e3a26530b4e15c042b83c331cf65cc6888b9497a22ba2bbfbbcfb233b8f', 'e50b6a1fc1adeab3c09dd59f1792f60b99e3f264298c989a0397f9c86c8677b5');
INSERT INTO public.audit_events VALUES (14, '01a216ad-ac0d-7781-89ca-7a390c4bd9d7', '2026-11-26 07:06:50.281744+00', 'user.created', 'done', 'user', '01a216ad-ac1f-7248-b034-951e1bd41e54', '{}', '{"roles": [], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"purged@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}', '489176cc11a05e406ec8f2e447527f4f', '31332bda6c2b30debefca7f8e5b212f5d839aed3546fdae37fde733b77901afb', 'e9e610e98350ee8370371fd61ba9d57839d7dcb77b8a1bc7aeaf6b5f1c1e8b09', 'e50b6a1fc1adeab3c09dd59f1792f60b99e3f264298c989a0397f9c86c8677b5', '94927e01e4fb54deaf89b90d3b874b26bf01b4029565077751688205771794b4');
INSERT INTO public.audit_events VALUES (15, '01a216ad-ac61-71a2-8416-ece1d03b02e3', '2026-11-26 07:06:50.393309+00', 'user.purged', 'done', 'user', '01a216ad-ac1f-7248-b034-951e1bd41e54', '{"roles": [], "is_active": true, "deleted_at": null, "expires_at": null, "managed_by": null, "was_active": null, "must_change_password": false}', '{}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{"attributes":{},"email":"purged@example.com","full_name":""},"host":"admin.example.com","reason":null,"target_email":"purged@example.com","ticket":null}', '0ca4758b1f9e76f8e9c4d52faf342730', 'cd26fb09a1338aac2a9f7c155a1f39cb8e83f8fdc3ea0ca12114296c5477a49c', 'b36a9e42de0cdd6367f01f244a5ff65a1e8ed40da3b1aa2fc3ebc1bc01bab8d9', '94927e01e4fb54deaf89b90d3b874b26bf01b4029565077751688205771794b4', 'c0ada40606627c9a917b70dd353a74ddee73d32de6c368802fbf19d7a778d8d5');
INSERT INTO public.audit_events VALUES (16, '01a216ad-aca8-7243-8848-eb0869b0af76', '2026-11-26 07:06:50.449023+00', 'user.updated', 'done', 'user', '01a216ad-a925-76b8-8d33-8858d45d65df', '{}', '{}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{"n":"1"},"full_name":"👩‍💻"},"before":{"attributes":{},"full_name":"Ada Lovelace"},"host":"admin.example.com","reason":null,"target_email":"ada@example.com","ticket":null}', '3b0e36658f15e705f039a3a806f81d77', 'fdd4eb44448277ecc33863e6e5739976235bd8437064661cd499561e0aef5add', 'e152b94f635d83c497d73c744c66fe2a43dd8b12d62aea82e2d59da7882df5f6', 'c0ada40606627c9a917b70dd353a74ddee73d32de6c368802fbf19d7a778d8d5', 'e5b2be534702c84e1733b39323ad646745ac16fd624cdbf59ed93152097f4132');
INSERT INTO public.audit_events VALUES (17, '01a216ad-ace2-71dd-8f1a-807114a6fe6c', '2026-11-26 07:06:50.556249+00', 'user.created', 'done', 'user', '01a216ad-ad0b-7000-8f1a-8071b8b7cb4c', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"one@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"one@example.com","ticket":null}', 'd19784a81264a727d12d373bfc38277d', '3e2033d8ed3ab55785effb7b55b8272b1b3dc5e52c346c521c4d24b94ca6e179', 'af71148e6ff715a28f052fa59aeb7002f2a9782b789aa5bbd849e8cee60bd106', 'e5b2be534702c84e1733b39323ad646745ac16fd624cdbf59ed93152097f4132', '4233621b9f7c02a292d2409e63606f2cbf0938f0c79d4c1136cff8be8797a9f1');
INSERT INTO public.audit_events VALUES (18, '01a216ad-ace2-71dd-8f1a-807114a6fe6c', '2026-11-26 07:06:50.556249+00', 'user.created', 'done', 'user', '01a216ad-ad0b-7001-8f1a-807103622b04', '{}', '{"roles": ["rédacteur"], "is_active": true}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{"attributes":{},"email":"two@example.com","full_name":""},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}', 'b862a0e0b9b58fda33b724628f6a2629', 'b245ca7290f5ffa43795ae265dc5fbd67454ff3b26f1e341027e5986380229f1', '044c67be7d795e1a6455d0193feee3c8645df0221e05cb15cea22969162f0b3a', '4233621b9f7c02a292d2409e63606f2cbf0938f0c79d4c1136cff8be8797a9f1', '7589de6a90cd1c0ae0d116e8be19cc3d11b74ef45b60826e67e019ad0838b82f');
INSERT INTO public.audit_events VALUES (19, '01a216ad-ad58-742d-b09e-6391f4fac43a', '2026-11-26 07:06:50.6326+00', 'role.revoked', 'done', 'user', '01a216ad-ad0b-7001-8f1a-807103622b04', '{"roles": ["rédacteur"]}', '{"roles": []}', NULL, 'postgres', 'usercli 0.1.0', '{"actor":"opérateur","after":{},"before":{},"host":"admin.example.com","reason":null,"target_email":"two@example.com","ticket":null}', '84a79c36873be6edc76655174c971748', '1c8c17e5471d38425bc32a6f61f06a2563b13e7beed905049e86c88c8f0f3651', 'd66e9022f2f87e5fedc60c45bb3a2e5c5b84c980cad24e9eef7e725ba1b7b810', '7589de6a90cd1c0ae0d116e8be19cc3d11b74ef45b60826e67e019ad0838b82f', '7ed6a499877fddda23db78c57a7a3ee93c0db1350d8109a73da426be45a7aead');

INSERT INTO public.roles VALUES ('01a216ad-a8d8-7732-89ee-f3433b55d180', 'admin', 'Everything', true, '2026-11-26 07:06:49.432799+00', '2026-11-26 07:06:49.432799+00');
INSERT INTO public.roles VALUES ('01a216ad-a8fe-71ec-8ff4-109371968a7a', 'rédacteur', '', false, '2026-11-26 07:06:49.470531+00', '2026-11-26 07:06:49.470531+00');

INSERT INTO public.user_roles VALUES ('01a216ad-a925-76b8-8d33-8858d45d65df', '01a216ad-a8d8-7732-89ee-f3433b55d180', '2026-11-26 07:06:49.517784+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a216ad-a96b-72ba-aed0-4d7afa3c4799', '01a216ad-a8fe-71ec-8ff4-109371968a7a', '2026-11-26 07:06:49.58595+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a216ad-aa7a-7255-ae3a-5dfb0fa057a8', '01a216ad-a8d8-7732-89ee-f3433b55d180', '2026-11-26 07:06:49.8565+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a216ad-ad0b-7000-8f1a-8071b8b7cb4c', '01a216ad-a8fe-71ec-8ff4-109371968a7a', '2026-11-26 07:06:50.521258+00', 'opérateur');

INSERT INTO public.users VALUES ('01a216ad-a96b-72ba-aed0-4d7afa3c4799', 'o''brien+tag@bücher.example', 'o''brien+tag@xn--bcher-kva.example', 'O''Brien\\;--"%s', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 07:06:49.57932+00', '2026-11-26 07:06:49.57932+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-a996-73d8-b2d2-2b3a725d2cf9', 'ملك@example.org', 'ملك@example.org', '‫ملك', '!', true, false, NULL, '2100-01-01 00:00:00+00', NULL, '{}', 1, '2026-11-26 07:06:49.622083+00', '2026-11-26 07:06:49.622083+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-a9ce-76be-9bd8-bb7c6c0c658c', 'forever@example.com', 'forever@example.com', '', '!', true, false, NULL, '9999-12-31 23:59:59+00', NULL, '{"a": "{}"}', 1, '2026-11-26 07:06:49.678227+00', '2026-11-26 07:06:49.678227+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-a9f6-752f-8870-6205f53b171c', 'off@example.com', 'off@example.com', '', '!', false, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 07:06:49.718352+00', '2026-11-26 07:06:49.799707+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-aa7a-7255-ae3a-5dfb0fa057a8', 'gone@example.com', 'gone@example.com', '', '!', false, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 07:06:49.850062+00', '2026-11-26 07:06:49.949225+00', '2026-11-26 07:06:49.947534+00', true, NULL);
INSERT INTO public.users VALUES ('01a216ad-a925-76b8-8d33-8858d45d65df', 'ada@example.com', 'ada@example.com', '👩‍💻', '!', true, false, NULL, NULL, NULL, '{"n": "1", "t": "äß漢"}', 2, '2026-11-26 07:06:49.509363+00', '2026-11-26 07:06:50.442243+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-ad0b-7000-8f1a-8071b8b7cb4c', 'one@example.com', 'one@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 07:06:50.507822+00', '2026-11-26 07:06:50.507822+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-ad0b-7001-8f1a-807103622b04', 'two@example.com', 'two@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 07:06:50.507822+00', '2026-11-26 07:06:50.623091+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('9b07693f-f5a5-4e38-b403-f7d1829dd0f0', 'Bare@Example.com', 'bare@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 07:06:50.6453+00', '2026-11-26 07:06:50.6453+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('e4f203a4-35d8-4234-a809-917cabfdd1ee', 'odd@example.com', 'odd@example.com', '  a	b
''c'' ', '$2b$04$abcdefghijklmnopqrstuuG.bKWIyoXCPM0qTsOsgCr.7DTtQOiP6', false, false, NULL, NULL, NULL, '{"": 1500000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000, "deep": {"list": [1, null, " "]}}', 1, '1970-01-01 00:00:00.000001+00', '2038-01-19 03:14:08+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('412bd633-dc08-4b18-9f09-ea1caf59d3b7', 'hash@example.com', 'hash@example.com', '', '{SHA}not-ours', true, true, NULL, '2020-01-01 00:00:00+00', '1999-12-31 23:59:59+00', '{}', 1, '2026-11-26 07:06:50.647464+00', '2026-11-26 07:06:50.647464+00', NULL, NULL, 'sync');

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.audit_events
    ADD CONSTRAINT pk_audit_events PRIMARY KEY (seq);

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
