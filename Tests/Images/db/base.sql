-- Roles, schemas and extensions that the official image brings with it and on which the template's own SQL builds.
-- Runs once, as supabase_admin, before every other script.
\set ON_ERROR_STOP on
\getenv project_password POSTGRES_PASSWORD

-- API roles: never log in themselves.
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit;
grant anon, authenticated, service_role to authenticator;

-- The owner's role. It stays a superuser until the migrations begin.
select format('create role postgres superuser createdb createrole login replication bypassrls password %L',
              :'project_password')
\gexec
grant anon, authenticated, service_role to postgres with admin option;
alter database postgres owner to postgres;

-- Roles of the services; the template sets their passwords.
create role supabase_auth_admin login noinherit createrole;
create role supabase_storage_admin login noinherit createrole;
create role supabase_functions_admin login noinherit createrole;
create role supabase_replication_admin login replication;
create role supabase_read_only_user login bypassrls;
create role dashboard_user nologin createdb createrole replication;
create role pgbouncer login;
grant pg_read_all_data to supabase_read_only_user;
grant authenticator to supabase_storage_admin;
grant anon, authenticated, service_role to supabase_storage_admin;

-- Schemas, each owned by the service that fills it.
create schema auth authorization supabase_auth_admin;
create schema storage authorization supabase_storage_admin;
create schema realtime authorization supabase_admin;
create schema extensions authorization postgres;
create schema graphql_public authorization supabase_admin;
grant usage on schema auth, storage, realtime to postgres, dashboard_user, anon, authenticated, service_role;
grant all on schema auth, storage to postgres, dashboard_user;
grant usage on schema extensions, graphql_public to postgres, anon, authenticated, service_role;
alter role supabase_auth_admin set search_path to auth;
alter role supabase_storage_admin set search_path to storage;

create extension pgcrypto with schema extensions;
create extension "uuid-ossp" with schema extensions;
create extension pg_stat_statements with schema extensions;

-- Everything that the owner makes in `public` is open to the API; row level security decides from there.
alter schema public owner to postgres;
grant all on schema public to postgres;
grant usage on schema public to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
    grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
    grant all on functions to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
    grant all on sequences to anon, authenticated, service_role;
alter default privileges for role supabase_admin in schema public
    grant all on tables to postgres, anon, authenticated, service_role;
alter database postgres set search_path to "$user", public, extensions;

-- What a request's token says, for policies.
create function auth.uid() returns uuid language sql stable
    return (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid;
create function auth.role() returns text language sql stable
    return nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role';
alter function auth.uid() owner to supabase_auth_admin;
alter function auth.role() owner to supabase_auth_admin;

-- The pooler reads password verifiers through this function only.
create schema pgbouncer authorization pgbouncer;
create function pgbouncer.get_auth(p_usename text) returns table (username text, password text)
language sql stable security definer set search_path = ''
begin atomic
    select rolname::text,
           case when rolvaliduntil < now() then null else rolpassword end
    from pg_catalog.pg_authid
    where rolname = p_usename and rolcanlogin;
end;
revoke all on function pgbouncer.get_auth(text) from public;
grant execute on function pgbouncer.get_auth(text) to pgbouncer;
