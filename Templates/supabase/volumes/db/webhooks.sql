-- Database webhooks: a trigger function that posts the changed row over HTTP, and a record of every call.
-- Calls go through the extension pg_net; where the image lacks it, the function says so when a trigger fires.
-- Runs as an init script: as `postgres`, while that role is still a superuser.
\set ON_ERROR_STOP on

begin;

do $$
begin
    if not exists (select from pg_roles where rolname = 'supabase_functions_admin') then
        create role supabase_functions_admin noinherit createrole login noreplication;
    end if;
    if exists (select from pg_available_extensions where name = 'pg_net') then
        create extension if not exists pg_net with schema extensions;
    end if;
end
$$;

grant supabase_functions_admin to postgres;

create schema if not exists supabase_functions authorization supabase_functions_admin;

create table if not exists supabase_functions.hooks (
    id bigserial primary key,
    hook_table_id integer not null,
    hook_name text not null,
    created_at timestamptz not null default now(),
    request_id bigint
);
comment on table supabase_functions.hooks is 'One row per webhook call; request_id refers to pg_net.';
create index if not exists hooks_by_request on supabase_functions.hooks (request_id);
create index if not exists hooks_by_table_and_name on supabase_functions.hooks (hook_table_id, hook_name);

-- Arguments of the trigger: url, method (GET or POST), headers (JSON object), params (JSON object), timeout in ms.
create or replace function supabase_functions.http_request() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
    url text := nullif(tg_argv[0], 'null');
    method text := upper(coalesce(nullif(tg_argv[1], 'null'), ''));
    headers jsonb := coalesce(nullif(tg_argv[2], 'null'), '{"Content-Type": "application/json"}')::jsonb;
    params jsonb := coalesce(nullif(tg_argv[3], 'null'), '{}')::jsonb;
    timeout_ms integer := coalesce(nullif(tg_argv[4], 'null'), '1000')::integer;
    payload jsonb;
    call_id bigint;
begin
    if coalesce(url, '') = '' then
        raise exception 'webhook %: the url argument is missing', tg_name;
    end if;
    if method not in ('GET', 'POST') then
        raise exception 'webhook %: method must be GET or POST, not %', tg_name, quote_literal(method);
    end if;

    if method = 'GET' then
        call_id := net.http_get(url, params, headers, timeout_ms);
    else
        payload := jsonb_build_object(
            'type', tg_op,
            'schema', tg_table_schema,
            'table', tg_table_name,
            'record', case when tg_op = 'DELETE' then null else to_jsonb(new) end,
            'old_record', case when tg_op = 'INSERT' then null else to_jsonb(old) end
        );
        call_id := net.http_post(url, payload, params, headers, timeout_ms);
    end if;

    insert into supabase_functions.hooks (hook_table_id, hook_name, request_id) values (tg_relid, tg_name, call_id);
    return coalesce(new, old);
end
$$;

alter table supabase_functions.hooks owner to supabase_functions_admin;
alter function supabase_functions.http_request() owner to supabase_functions_admin;

revoke all on function supabase_functions.http_request() from public;
grant usage on schema supabase_functions to postgres, anon, authenticated, service_role;
grant execute on function supabase_functions.http_request() to postgres, anon, authenticated, service_role;
grant select on supabase_functions.hooks to postgres, service_role;

do $$
begin
    if exists (select from pg_extension where extname = 'pg_net') then
        grant usage on schema net to supabase_functions_admin, postgres, anon, authenticated, service_role;
    end if;
end
$$;

commit;
