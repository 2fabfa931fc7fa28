-- Where realtime keeps its tenants: schema _realtime of the project's database, closed to the API roles.
\set ON_ERROR_STOP on
create schema if not exists _realtime authorization supabase_admin;
revoke all on schema _realtime from public;
