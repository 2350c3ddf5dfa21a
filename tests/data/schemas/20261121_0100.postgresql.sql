CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
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

INSERT INTO public.alembic_version VALUES ('20261121_0100');

INSERT INTO public.users VALUES ('01a216ad-8060-7619-b606-5be2e96861a4', 'o''brien+tag@bücher.example', 'o''brien+tag@xn--bcher-kva.example', 'O''Brien\\;--"%s', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 07:06:39.072556+00', '2026-11-26 07:06:39.072556+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-80b9-7033-b4d1-081000dad1a0', 'ملك@example.org', 'ملك@example.org', '‫ملك', '!', true, false, NULL, '2100-01-01 00:00:00+00', NULL, '{}', 1, '2026-11-26 07:06:39.161334+00', '2026-11-26 07:06:39.161334+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-8121-7326-af85-d3c719bbebf2', 'forever@example.com', 'forever@example.com', '', '!', true, false, NULL, '9999-12-31 23:59:59+00', NULL, '{"a": "{}"}', 1, '2026-11-26 07:06:39.265161+00', '2026-11-26 07:06:39.265161+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-817f-7742-8fb7-2de066e81e09', 'off@example.com', 'off@example.com', '', '!', false, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 07:06:39.359112+00', '2026-11-26 07:06:39.466808+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-823d-70da-aa7d-1056f30c2f90', 'gone@example.com', 'gone@example.com', '', '!', false, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 07:06:39.5497+00', '2026-11-26 07:06:39.702148+00', '2026-11-26 07:06:39.696497+00', true, NULL);
INSERT INTO public.users VALUES ('01a216ad-7fe3-7262-a559-4ddbe110e6b2', 'ada@example.com', 'ada@example.com', '👩‍💻', '!', true, false, NULL, NULL, NULL, '{"n": "1", "t": "äß漢"}', 2, '2026-11-26 07:06:38.947837+00', '2026-11-26 07:06:41.112206+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-88fd-7000-b64c-1758084f65f0', 'one@example.com', 'one@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 07:06:41.277663+00', '2026-11-26 07:06:41.277663+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a216ad-88fd-7001-b64c-175854521efc', 'two@example.com', 'two@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 2, '2026-11-26 07:06:41.277663+00', '2026-11-26 07:06:41.559417+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('9f2ecaf8-dd07-4ff2-addf-978ee9962870', 'Bare@Example.com', 'bare@example.com', '', '!', true, false, NULL, NULL, NULL, '{}', 1, '2026-11-26 07:06:41.621598+00', '2026-11-26 07:06:41.621598+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('b5822071-fb56-4ea2-9381-2cedd1e1361e', 'odd@example.com', 'odd@example.com', '  a	b
''c'' ', '$2b$04$abcdefghijklmnopqrstuuG.bKWIyoXCPM0qTsOsgCr.7DTtQOiP6', false, false, NULL, NULL, NULL, '{"": 1500000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000, "deep": {"list": [1, null, " "]}}', 1, '1970-01-01 00:00:00.000001+00', '2038-01-19 03:14:08+00', NULL, NULL, NULL);
INSERT INTO public.users VALUES ('5da61bd6-47d9-490b-b53d-ec61ad02548b', 'hash@example.com', 'hash@example.com', '', '{SHA}not-ours', true, true, NULL, '2020-01-01 00:00:00+00', '1999-12-31 23:59:59+00', '{}', 1, '2026-11-26 07:06:41.629635+00', '2026-11-26 07:06:41.629635+00', NULL, NULL, 'sync');

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT pk_users PRIMARY KEY (id);

CREATE INDEX ix_users_created_at_id ON public.users USING btree (created_at, id);

CREATE UNIQUE INDEX uq_users_email_key ON public.users USING btree (email_key) WHERE (deleted_at IS NULL);
