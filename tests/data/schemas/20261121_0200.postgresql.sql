CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
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

INSERT INTO public.alembic_version VALUES ('20261121_0200');

INSERT INTO public.roles VALUES ('01a216ad-96e2-72db-a7b7-c1c7403ef276', 'admin', 'Everything', true, '2026-11-26 07:06:44.834974+00', '2026-11-26 07:06:44.834974+00');
INSERT INTO public.roles VALUES ('01a216ad-9734-75c0-ab2d-76f24a6983b9', 'rédacteur', '', false, '2026-11-26 07:06:44.916105+00', '2026-11-26 07:06:44.916105+00');

INSERT INTO public.user_roles VALUES ('01a216ad-9768-70f3-8253-22ad97b9b66b', '01a216ad-96e2-72db-a7b7-c1c7403ef276', '2026-11-26 07:06:44.979231+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a216ad-97c1-77bd-91c8-45ff293a787f', '01a216ad-9734-75c0-ab2d-76f24a6983b9', '2026-11-26 07:06:45.067955+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a216ad-9990-70fa-a832-464519d2ffd4', '01a216ad-96e2-72db-a7b7-c1c7403ef276', '2026-11-26 07:06:45.542936+00', 'opérateur');
INSERT INTO public.user_roles VALUES ('01a216ad-9e99-7000-be81-8d063df75e1c', '01a216ad-9734-75c0-ab2d-76f24a6983b9', '2026-11-26 07:06:46.817602+00', 'opérateur');

INSERT INTO public.users VALUES ('01a216ad-97c1-77bd-91c8-45ff293a787f', 'o''brien+tag@bücher.example', 'o''brien+tag@xn--bcher-kva.example', 'O''Brien\\;--"%s', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 07:06:45.057956+00', '2026-11-26 07:06:45.057956+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-9803-7559-9282-21954eb913ea', 'ملك@example.org', 'ملك@example.org', '‫ملك', '!', true, false, NULL, '2100-01-01 00:00:00+00', NULL, '{}', 1, '2026-11-26 07:06:45.123788+00', '2026-11-26 07:06:45.123788+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-9840-713e-a39a-7b4412eca861', 'forever@example.com', 'forever@example.com', '', '!', true, false, NULL, '9999-12-31 23:59:59+00', NULL, '{"a": "{}"}', 1, '2026-11-26 07:06:45.184297+00', '2026-11-26 07:06:45.184297+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-98a2-74ce-80bf-d50d39c291bc', 'off@example.com', 'off@example.com', '', '!', false, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 07:06:45.28231+00', '2026-11-26 07:06:45.42424+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-9990-70fa-a832-464519d2ffd4', 'gone@example.com', 'gone@example.com', '', '!', false, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 07:06:45.521014+00', '2026-11-26 07:06:45.719655+00', '2026-11-26 07:06:45.718048+00', true, NULL);
INSERT INTO public.users VALUES ('01a216ad-9768-70f3-8253-22ad97b9b66b', 'ada@example.com', 'ada@example.com', '👩‍💻', '!', true, false, NULL, NULL, NULL, '{"n": "1", "t": "äß漢"}', 2, '2026-11-26 07:06:44.968624+00', '2026-11-26 07:06:46.460542+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-9e99-7000-be81-8d063df75e1c', 'one@example.com', 'one@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 07:06:46.809434+00', '2026-11-26 07:06:46.809434+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-9e99-7001-be81-8d063ef80f13', 'two@example.com', 'two@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 07:06:46.809434+00', '2026-11-26 07:06:46.970068+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('aa22d5c9-765d-47db-9ad8-fb51fc2cf2e4', 'Bare@Example.com', 'bare@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 07:06:47.02921+00', '2026-11-26 07:06:47.02921+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('f0d86ebc-405c-4b77-a261-1bcb88a10342', 'odd@example.com', 'odd@example.com', '  a	b
''c'' ', '$2b$04$abcdefghijklmnopqrstuuG.bKWIyoXCPM0qTsOsgCr.7DTtQOiP6', false, false, NULL, NULL, NULL, '{"": 1500000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000, "deep": {"list": [1, null, " "]}}', 1, '1970-01-01 00:00:00.000001+00', '2038-01-19 03:14:08+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('3a38de81-974d-4313-8110-23eb8d302cd3', 'hash@example.com', 'hash@example.com', '', '{SHA}not-ours', true, true, NULL, '2020-01-01 00:00:00+00', '1999-12-31 23:59:59+00', '{}', 1, '2026-11-26 07:06:47.031095+00', '2026-11-26 07:06:47.031095+00', NULL, NULL, 'sync');

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.roles
    ADD CONSTRAINT pk_roles PRIMARY KEY (id);

ALTER TABLE ONLY public.user_roles
    ADD CONSTRAINT pk_user_roles PRIMARY KEY (user_id, role_id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT pk_users PRIMARY KEY (id);

ALTER TABLE ONLY public.roles
    ADD CONSTRAINT uq_roles_name UNIQUE (name);

CREATE INDEX ix_user_roles_role_id ON public.user_roles USING btree (role_id);

CREATE INDEX ix_users_created_at_id ON public.users USING btree (created_at, id);

CREATE UNIQUE INDEX uq_users_email_key ON public.users USING btree (email_key) WHERE (deleted_at IS NULL);

ALTER TABLE ONLY public.user_roles
    ADD CONSTRAINT fk_user_roles_role_id_roles FOREIGN KEY (role_id) REFERENCES public.roles(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.user_roles
    ADD CONSTRAINT fk_user_roles_user_id_users FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
