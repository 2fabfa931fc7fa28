-- From here on the owner's role is an ordinary one with many rights, as on the hosted platform.
alter role postgres nosuperuser createdb createrole login replication bypassrls;
grant pg_monitor, pg_signal_backend, pg_read_all_data to postgres;
grant usage on schema extensions to postgres with grant option;
