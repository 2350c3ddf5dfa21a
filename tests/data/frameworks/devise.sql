-- devise_create_users.rb of `rails generate devise User`, as Rails writes it for PostgreSQL
CREATE TABLE "users" (
    "id" bigserial primary key,
    "email" character varying DEFAULT '' NOT NULL,
    "encrypted_password" character varying DEFAULT '' NOT NULL,
    "reset_password_token" character varying,
    "reset_password_sent_at" timestamp(6),
    "remember_created_at" timestamp(6),
    "created_at" timestamp(6) NOT NULL,
    "updated_at" timestamp(6) NOT NULL
);
CREATE UNIQUE INDEX "index_users_on_email" ON "users" ("email");
CREATE UNIQUE INDEX "index_users_on_reset_password_token" ON "users" ("reset_password_token");
