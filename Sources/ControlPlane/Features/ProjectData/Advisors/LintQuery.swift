import APIKit
import Orchestrator
import ProjectModel

/// The checks as one read-only statement over the catalogues of a database.
enum LintQuery {
    /// Findings in one answer at most.
    static let findingsMax = 1_000

    /// Schemas of PostgreSQL and of extensions, not shaped by hand. Those that the stack fills are named by its
    /// template.
    private static let extensionSchemas = [
        "information_schema", "tiger", "tiger_data", "topology", "repack", "timescaledb_internal",
        "_timescaledb_internal", "_timescaledb_catalog", "_timescaledb_cache", "_timescaledb_config",
    ]

    /// The statement for some checks; `exposed` are the schemas that the data API serves. One row more than
    /// ``findingsMax`` says that there are more.
    static func text(_ lints: [DatabaseLint], exposed: [String], of roles: StackRoles) -> ProjectQueryText {
        // Roles that requests of the API run as.
        let apiRoles = [TokenRole.anon, .authenticated].map(roles.claim)
        let internalSchemas = (roles.database?.serviceSchemas ?? []) + extensionSchemas
        let parts = lints.map { "select '\($0.rawValue)' as lint, found.* from (\($0.sql)) found" }
        return ProjectQueryText(
            sql: """
                with recursive \(relations)
                select lint, schema, name, subject, list, columns
                from (\(parts.joined(separator: "\nunion all\n")))
                    as findings (lint, schema, name, subject, list, columns)
                order by lint, schema, name, subject limit \(findingsMax + 1)
                """,
            parameters: [exposed, internalSchemas, apiRoles].map { .array($0.map(JSONParameter.string)) },
            isReadOnly: true, applicationName: "supamanager/advisors")
    }

    /// What the checks have in common: relations of people (`own`), the API's roles that reach each of them
    /// (`readers`), what views read, also through other views (`reads`), and policies of people's tables (`policies`).
    private static let relations = """
        api_roles as (select oid, rolname from pg_catalog.pg_roles where rolname = any ($3::text[])),
        own as (
            select c.oid, c.relkind, c.relrowsecurity, c.reloptions, c.relispartition, n.oid as namespace,
                n.nspname::text as schema, c.relname::text as name, n.nspname = any ($1::text[]) as is_exposed
            from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where n.nspname <> all ($2::text[]) and n.nspname !~ '^pg_' and c.relkind in ('r', 'p', 'v', 'm', 'f')
                and not exists (
                    select from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')),
        readers as (
            select o.oid, array_agg(r.rolname::text order by r.rolname) as roles
            from own o join api_roles r
                on pg_catalog.has_schema_privilege(r.oid, o.namespace, 'usage')
                    and pg_catalog.has_table_privilege(r.oid, o.oid, 'select, insert, update, delete')
            where o.is_exposed group by o.oid),
        reads (view, relation) as (
            select r.ev_class, d.refobjid from pg_catalog.pg_rewrite r join pg_catalog.pg_depend d
                on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = r.oid
                    and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid <> r.ev_class
            union
            select v.view, d.refobjid from reads v
                join pg_catalog.pg_rewrite r on r.ev_class = v.relation
                join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = r.oid
                    and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid <> r.ev_class),
        policies as (
            select o.oid, o.schema, o.name, o.relrowsecurity, p.polname::text as policy, p.polcmd, p.polpermissive,
                p.polroles, concat_ws(' ', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
                    pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)) as expression
            from pg_catalog.pg_policy p join own o on o.oid = p.polrelid)
        """
}
