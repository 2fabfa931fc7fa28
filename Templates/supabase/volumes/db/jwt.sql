-- Publishes the life of an access token (seconds) to SQL code as current_setting('app.settings.jwt_exp').
-- The signing secret stays out of the database on purpose: any role could read a database setting.
\set ON_ERROR_STOP on
\getenv token_seconds JWT_EXP

select format('alter database %I set app.settings.jwt_exp to %L', current_database(), :'token_seconds')
\gexec
