-- Roles, schemas and functions that clients, policies and dumps of Supabase projects rely on. Runs once, as
-- supabase_admin, while the image is built. Login roles have no password here: each project sets its own.

-- API roles: never log in themselves. Their time limits hold for every request.
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit;
grant anon, authenticated, service_role to authenticator;
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';

-- The owner's role: an ordinary one with many rights, as on the hosted platform.
create role postgres login createdb createrole replication bypassrls;
grant anon, authenticated, service_role to postgres with admin option;
grant pg_monitor, pg_signal_backend, pg_read_all_data, pg_checkpoint to postgres;
alter role postgres set search_path to "$user", public, extensions;
alter database postgres owner to postgres;

-- Roles of services, and those that dumps name.
create role supabase_auth_admin login noinherit;
create role supabase_storage_admin login noinherit;
create role supabase_read_only_user login bypassrls;
create role supabase_realtime_admin nologin noinherit;
create role supabase_functions_admin nologin noinherit;
create role supabase_replication_admin nologin replication;
create role dashboard_user nologin createdb createrole replication;
create role pgbouncer nologin;
grant pg_read_all_data, pg_monitor to supabase_read_only_user;
grant anon, authenticated, service_role to supabase_storage_admin;
-- The owner makes the policies of storage.objects and storage.buckets, which only their owner can.
grant supabase_storage_admin to postgres;

-- Schemas, each owned by the service that fills it.
create schema auth authorization supabase_auth_admin;
create schema storage authorization supabase_storage_admin;
create schema realtime authorization supabase_admin;
create schema extensions authorization supabase_admin;
create schema graphql_public authorization supabase_admin;
grant usage on schema auth, storage, realtime, extensions, graphql_public
    to postgres, dashboard_user, anon, authenticated, service_role;
grant all on schema auth, storage to postgres, dashboard_user;
alter role supabase_auth_admin set search_path to auth;
alter role supabase_auth_admin set idle_in_transaction_session_timeout = '60s';
alter role supabase_storage_admin set search_path to storage;
alter default privileges for role supabase_auth_admin in schema auth
    grant all on tables to postgres, dashboard_user;
alter default privileges for role supabase_auth_admin in schema auth
    grant all on sequences to postgres, dashboard_user;
alter default privileges for role supabase_auth_admin in schema auth
    grant all on functions to postgres, dashboard_user;
alter default privileges for role supabase_storage_admin in schema storage
    grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role supabase_storage_admin in schema storage
    grant all on sequences to postgres, anon, authenticated, service_role;
alter default privileges for role supabase_storage_admin in schema storage
    grant all on functions to postgres, anon, authenticated, service_role;

create extension pgcrypto with schema extensions;
create extension "uuid-ossp" with schema extensions;
create extension pg_stat_statements with schema extensions;
grant execute on function extensions.pg_stat_statements_reset to postgres;

-- Everything that the owner makes in `public` is open to the API; row level security decides from there.
alter schema public owner to postgres;
grant usage on schema public to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
    grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
    grant all on sequences to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
    grant all on functions to anon, authenticated, service_role;
alter default privileges for role supabase_admin in schema public
    grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role supabase_admin in schema public
    grant all on sequences to postgres, anon, authenticated, service_role;
alter default privileges for role supabase_admin in schema public
    grant all on functions to postgres, anon, authenticated, service_role;

-- What a request's token says, for policies: as one setting for each claim, or as one for all.
create function auth.jwt() returns jsonb language sql stable
    return coalesce(
        nullif(current_setting('request.jwt.claim', true), ''),
        nullif(current_setting('request.jwt.claims', true), ''))::jsonb;
create function auth.uid() returns uuid language sql stable
    return coalesce(
        nullif(current_setting('request.jwt.claim.sub', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid;
create function auth.role() returns text language sql stable
    return coalesce(
        nullif(current_setting('request.jwt.claim.role', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role');
create function auth.email() returns text language sql stable
    return coalesce(
        nullif(current_setting('request.jwt.claim.email', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email');
alter function auth.jwt() owner to supabase_auth_admin;
alter function auth.uid() owner to supabase_auth_admin;
alter function auth.role() owner to supabase_auth_admin;
alter function auth.email() owner to supabase_auth_admin;

-- Changes of the schema reach the REST API at once.
create function extensions.notify_schema_change() returns event_trigger language plpgsql
    set search_path = ''
    as $$
    begin
        if tg_event = 'ddl_command_end' and not exists (
            select from pg_catalog.pg_event_trigger_ddl_commands() c
            where c.schema_name is distinct from 'pg_temp')
        then
            return;
        end if;
        if tg_event = 'sql_drop' and not exists (
            select from pg_catalog.pg_event_trigger_dropped_objects() o where not o.is_temporary)
        then
            return;
        end if;
        notify pgrst, 'reload schema';
    end
    $$;
create event trigger schema_changed on ddl_command_end execute function extensions.notify_schema_change();
create event trigger schema_dropped on sql_drop execute function extensions.notify_schema_change();

-- The owner chooses what realtime clients hear about.
create publication supabase_realtime;
alter publication supabase_realtime owner to postgres;
