import PostgresKit
import ProjectModel
import ProjectSQL

/// Looks at a project's database before an import. Every name means PostgreSQL's own.
struct ImportSurvey {
    let connection: PostgresConnection
    let roles: DatabaseRoles

    /// The advisory lock that serialises imports into a database; an arbitrary number.
    private static let lockNumber: Int64 = 7_302_118_560_214

    /// Whether this import is the only one; for as long as its transaction.
    func lock() async throws(PostgresError) -> Bool {
        try await connection.single(
            "select pg_catalog.pg_try_advisory_xact_lock($1::pg_catalog.int8) as free", [.int(Self.lockNumber)]
        ).bool("free")
    }

    /// What of the users' the database holds; nil when it is empty.
    func contents() async throws(PostgresError) -> String? {
        let services = PostgresParameter.textArray(serviceSchemas.sorted())
        let object = try await connection.first(Self.objects, [services])
        if let object { return try object.string("what") }
        for table in ["auth.users", "storage.buckets"] where try await exists(table) {
            if try await connection.first("select 1 as one from \(table) limit 1") != nil { return "rows in \(table)" }
        }
        return nil
    }

    private func exists(_ table: String) async throws(PostgresError) -> Bool {
        try await connection.single(
            "select pg_catalog.to_regclass($1::pg_catalog.text) is not null as found", [.text(table)]
        ).bool("found")
    }

    /// What the planner has to know.
    func ground() async throws(PostgresError) -> ImportGround {
        let version = try await connection.single(
            "select pg_catalog.current_setting('server_version_num')::pg_catalog.int4 as number"
        ).int("number")
        var ground = ImportGround(
            owner: roles.owner, serverVersion: version,
            roles: Set(try await names("select rolname::pg_catalog.text as name from pg_catalog.pg_roles")),
            schemas: Set(try await names("select nspname::pg_catalog.text as name from pg_catalog.pg_namespace")),
            installed: Set(try await names("select extname::pg_catalog.text as name from pg_catalog.pg_extension")),
            installable: Set(try await names(Self.trusted)), tables: [:], references: [],
            serviceSchemas: serviceSchemas)
        for row in try await connection.query(Self.columns) {
            ground.tables[try row.string("name"), default: []].append(try row.string("attribute"))
        }
        for row in try await connection.query(Self.foreignKeys) {
            ground.references.append(
                ImportReference(table: try row.string("name"), target: try row.string("target")))
        }
        return ground
    }

    private var serviceSchemas: Set<String> {
        ImportGround.knownServiceSchemas.union(roles.serviceSchemas).subtracting([ImportGround.migrationHistory])
    }

    private func names(_ sql: String) async throws(PostgresError) -> [String] {
        var names: [String] = []
        for row in try await connection.query(sql) { names.append(try row.string("name")) }
        return names
    }

    /// Relations, functions and types of users: not the services', not PostgreSQL's, not an extension's.
    private static let objects = """
        with places as (
            select n.oid, n.nspname from pg_catalog.pg_namespace n
            where n.nspname <> all ($1::pg_catalog.text[]) and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        ), found as (
            select c.oid, 'pg_catalog.pg_class'::pg_catalog.regclass as kind, 'the relation' as word, p.nspname, c.relname
                from pg_catalog.pg_class c join places p on p.oid = c.relnamespace
                where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
            union all
            select f.oid, 'pg_catalog.pg_proc'::pg_catalog.regclass, 'the function', p.nspname, f.proname
                from pg_catalog.pg_proc f join places p on p.oid = f.pronamespace
            union all
            select t.oid, 'pg_catalog.pg_type'::pg_catalog.regclass, 'the type', p.nspname, t.typname
                from pg_catalog.pg_type t join places p on p.oid = t.typnamespace where t.typtype in ('e', 'd', 'r')
        )
        select f.word || ' ' || f.nspname || '.' || f.relname as what from found f
            where not exists (select from pg_catalog.pg_depend d
                where d.classid = f.kind and d.objid = f.oid and d.deptype = 'e')
            order by 1 limit 1
        """

    private static let trusted = """
        select distinct e.name::pg_catalog.text as name from pg_catalog.pg_available_extension_versions e
            where e.trusted or not e.superuser
        """

    private static let columns = """
        select n.nspname || '.' || c.relname as name, a.attname::pg_catalog.text as attribute
            from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            join pg_catalog.pg_attribute a on a.attrelid = c.oid
            where n.nspname in ('auth', 'storage') and c.relkind in ('r', 'p') and a.attnum > 0
                and not a.attisdropped and a.attgenerated = ''
                and pg_catalog.has_table_privilege(c.oid, 'insert')
            order by c.oid, a.attnum
        """

    private static let foreignKeys = """
        select n.nspname || '.' || c.relname as name, m.nspname || '.' || d.relname as target
            from pg_catalog.pg_constraint k
            join pg_catalog.pg_class c on c.oid = k.conrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            join pg_catalog.pg_class d on d.oid = k.confrelid join pg_catalog.pg_namespace m on m.oid = d.relnamespace
            where k.contype = 'f' and n.nspname in ('auth', 'storage')
        """
}
