-- The services' own database, apart from the project's data. Runs as a migration: as supabase_admin.
\set ON_ERROR_STOP on

select 'create database _supabase with owner supabase_admin'
where not exists (select from pg_database where datname = '_supabase')
\gexec

revoke all on database _supabase from public;
