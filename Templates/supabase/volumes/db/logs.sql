-- Where analytics keeps its tables: schema _analytics of the services' own database.
\set ON_ERROR_STOP on
\connect _supabase
create schema if not exists _analytics authorization supabase_admin;
\connect postgres
