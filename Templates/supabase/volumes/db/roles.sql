-- Gives every login role of the stack the project's database password. The image creates the roles without one.
-- Runs as an init script: as `postgres`, while that role is still a superuser.
\set ON_ERROR_STOP on
\getenv project_password POSTGRES_PASSWORD

-- The statements hold the password: neither the log nor pg_stat_statements keeps them.
set log_statement = 'none';
set log_min_duration_statement = -1;
set log_min_error_statement = 'panic';
set pg_stat_statements.track = 'none';

select format('alter role %I with login password %L', rolname, :'project_password')
from pg_roles
where rolname in (
    'authenticator',
    'pgbouncer',
    'supabase_admin',
    'supabase_auth_admin',
    'supabase_functions_admin',
    'supabase_read_only_user',
    'supabase_storage_admin'
)
order by rolname
\gexec
