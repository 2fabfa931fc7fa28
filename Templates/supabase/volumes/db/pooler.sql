-- Where the pooler keeps its tenants: schema _supavisor of the services' own database.
\set ON_ERROR_STOP on
\connect _supabase
create schema if not exists _supavisor authorization supabase_admin;
\connect postgres
