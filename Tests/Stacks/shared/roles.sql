-- A database and roles with names of their own. Runs once, after what the image itself makes; in the end none of the
-- image's own roles can log in.
\set ON_ERROR_STOP on
\getenv master POSTGRES_PASSWORD

create role visitor nologin noinherit;
create role member nologin noinherit;
create role backend nologin noinherit bypassrls;
select format('create role chief superuser login password %L', :'master')
\gexec
select format('create role keeper login createdb createrole bypassrls password %L', :'master')
\gexec
select format('create role reader login bypassrls password %L', :'master')
\gexec
select format('create role clerk login noinherit password %L', :'master')
\gexec
grant pg_read_all_data to reader;
grant visitor, member, backend to clerk, keeper;

create database "rows" owner keeper;
\connect rows
alter schema public owner to keeper;
grant usage on schema public to visitor, member, backend;
alter default privileges for role keeper in schema public grant all on tables to visitor, member, backend;

-- A schema of a service, with something that only those who may write see.
create schema accounts authorization keeper;
create table accounts.secrets (token text);
insert into accounts.secrets values ('not for members');
alter table accounts.secrets owner to keeper;

alter role postgres nologin;
alter role supabase_admin nologin;
