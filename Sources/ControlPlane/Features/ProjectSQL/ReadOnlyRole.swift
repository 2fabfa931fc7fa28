public import Orchestrator
public import ProjectModel

/// The database role of members who may read and not write: the tables of the project's users, and nothing that the
/// stack's own services keep.
///
/// The stack's read-only role may read everything (`pg_read_all_data`): refresh tokens, which PostgreSQL holds in plain
/// text, password hashes, secrets of the vault, and the verifiers of all database passwords. A reader of those *is* an
/// end user of the project, or its superuser. So this role is the manager's own. It is made, and its rights are brought
/// up to date, before each query that needs it: by then there may be new tables, and projects that are older than the
/// role get it with the first query.
///
/// What it cannot hide, because PostgreSQL shows it to every role: the text of functions, views and triggers, settings
/// of the database (`ALTER DATABASE … SET`), and what the owner grants to `PUBLIC`.
public enum ReadOnlyRole {
    /// The role's name.
    public static let name = "supamanager_read_only"

    /// The schema of PostgreSQL itself that does not begin with `pg_`.
    private static let standardSchema = "information_schema"

    /// Makes the role and brings its rights up to date; changes nothing where they are. Run it as the stack's
    /// administrator. Schemas of other owners than the project's, those that begin with an underscore or `pg_`, and
    /// those that the stack's services fill, are left out.
    ///
    /// - Parameter verifier: of the project's database password, which the role gets; without it a role that is made
    ///   cannot log in yet, and one that is there keeps the password that it has.
    public static func prepare(
        of database: DatabaseRoles, setting verifier: DatabasePasswordVerifier? = nil
    ) throws(ProjectDatabaseError) -> ProjectQueryText {
        let schemas = try (database.serviceSchemas + [standardSchema]).map { name throws(ProjectDatabaseError) in
            try SQLText.literal(name)
        }
        let sql = try SQLText.block(
            declarations: """
                reader constant pg_catalog.name := \(try SQLText.literal(name));
                owner constant pg_catalog.name := \(try SQLText.literal(database.owner));
                services constant pg_catalog.name[] := array[\(schemas.joined(separator: ", "))];
                reader_id pg_catalog.oid; wanted pg_catalog.oid[]; wanted_schemas pg_catalog.oid[];
                is_exposed pg_catalog.bool; item pg_catalog.record;
                """,
            """
            perform set_config('lock_timeout', '\(lockWaitMilliseconds)', true);
            perform pg_advisory_xact_lock(\(lockNumber));
            \(role(verifier))
            \(selection)
            \(schemaRights)
            \(tableRights)
            \(rowSecurity)
            """)
        return ProjectQueryText(sql: sql, isConfidential: true)
    }

    /// How long a preparation waits for a lock. Any role of the database can hold the advisory one, for as long as it
    /// likes; the query is then refused with PostgreSQL's `55P03` instead of keeping a session.
    public static let lockWaitMilliseconds = 3_000

    /// The advisory lock that serialises preparations of one database; an arbitrary number.
    private static let lockNumber: Int64 = 7_302_118_560_213

    /// The role itself: no attribute but the right to log in, a member of nothing.
    private static func role(_ verifier: DatabasePasswordVerifier?) -> String {
        let password = verifier.map { verifier in
            "execute format('alter role %I login password %L valid until ''infinity''', reader, \(verifier.literal));"
        }
        return """
            select oid into reader_id from pg_authid where rolname = reader;
            if reader_id is null then
                execute format('create role %I login noinherit', reader);
                select oid into reader_id from pg_authid where rolname = reader;
            end if;
            \(password ?? "")
            if exists (select from pg_authid where oid = reader_id
                    and (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolinherit)) then
                execute format('alter role %I nosuperuser nocreaterole nocreatedb noreplication noinherit', reader);
            end if;
            for item in select distinct r.rolname from pg_auth_members m join pg_authid r on r.oid = m.roleid
                where m.member = reader_id
            loop
                execute format('revoke %I from %I', item.rolname, reader);
            end loop;
            """
    }

    /// Which schemas and which tables and views are the users'.
    private static let selection = """
        select coalesce(array_agg(n.oid), '{}') into wanted_schemas
            from pg_namespace n join pg_authid o on o.oid = n.nspowner
            where n.nspname <> all (services) and n.nspname !~ '^(_|pg_)' and not o.rolsuper
                and (o.rolname in (owner, 'pg_database_owner') or not o.rolcanlogin)
                and not exists (select from pg_depend d
                    where d.classid = 'pg_namespace'::regclass and d.objid = n.oid and d.deptype = 'e');
        select coalesce(array_agg(c.oid), '{}') into wanted
            from pg_class c join pg_authid o on o.oid = c.relowner
            where c.relnamespace = any (wanted_schemas) and c.relkind in ('r', 'p', 'v', 'm') and not o.rolsuper
                and (o.rolname = owner or not o.rolcanlogin)
                and not exists (select from pg_depend d
                    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e');
        """

    private static let schemaRights = """
        for item in select n.oid, n.nspname from pg_namespace n where n.oid = any (wanted_schemas)
                and not has_schema_privilege(reader_id, n.oid, 'usage')
        loop
            execute format('grant usage on schema %I to %I', item.nspname, reader);
        end loop;
        for item in select distinct n.nspname from pg_namespace n, aclexplode(n.nspacl) a
            where a.grantee = reader_id and (n.oid <> all (wanted_schemas) or a.privilege_type <> 'USAGE')
        loop
            execute format('revoke all on schema %I from %I', item.nspname, reader);
        end loop;
        """

    /// A table can have moved to another schema or owner since it was granted.
    private static let tableRights = """
        for item in select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.oid = any (wanted) and not has_table_privilege(reader_id, c.oid, 'select')
        loop
            execute format('grant select on %I.%I to %I', item.nspname, item.relname, reader);
        end loop;
        for item in select distinct n.nspname, c.relname
            from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) a
            where a.grantee = reader_id and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
                and (c.oid <> all (wanted) or a.privilege_type <> 'SELECT')
        loop
            execute format('revoke all on %I.%I from %I', item.nspname, item.relname, reader);
        end loop;
        """

    /// The role sees all rows of the users' tables. Where a foreign table is open to `PUBLIC` and protected by row
    /// level security alone (`cron.job` is), it sees rows as their policies say, in every table.
    private static let rowSecurity = """
        select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where c.relrowsecurity and c.oid <> all (wanted) and has_schema_privilege(reader_id, n.oid, 'usage')
                    and has_any_column_privilege(reader_id, c.oid, 'select')) into is_exposed;
        if (select rolbypassrls from pg_authid where oid = reader_id) = is_exposed then
            execute format('alter role %I ' || case when is_exposed then 'nobypassrls' else 'bypassrls' end, reader);
        end if;
        """
}
