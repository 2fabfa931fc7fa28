/// What the data pages ask the system catalogue of a project's database.
enum DatabaseCatalogue {
    /// Tables of a list.
    static let tablesMax = 1_000

    /// Schemas of users and of the stack's services, `public` first.
    static let schemas = """
        select nspname as name from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
        order by nspname <> 'public', nspname
        """

    /// Roles that SQL can be tried as: those that end users have.
    static let roles = """
        select rolname as name from pg_roles
        where not rolcanlogin and not rolsuper and not rolreplication and rolname !~ '^(pg_|supabase_)'
        order by rolname
        """

    /// Tables and views of the schema `$1`.
    static let tables = """
        select c.oid::text as oid, c.relname as name, c.relkind::text as kind, c.relrowsecurity as row_security,
            c.reltuples::bigint::text as estimate, pg_total_relation_size(c.oid)::text as bytes,
            (select count(*) from pg_policy p where p.polrelid = c.oid)::text as policies,
            obj_description(c.oid, 'pg_class') as comment
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f') order by c.relname limit \(tablesMax)
        """

    /// The table whose number is `$1`; columns and policies as JSON.
    static let table = """
        select n.nspname as schema, c.relname as name, c.relkind::text as kind, c.relrowsecurity::text as row_security,
            c.reltuples::bigint::text as estimate, (select coalesce(json_agg(json_build_object(
                'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'nullable', not a.attnotnull,
                'default', pg_get_expr(d.adbin, d.adrelid), 'computed', a.attgenerated <> '' or a.attidentity = 'a',
                'identity', a.attidentity <> '', 'key', coalesce(a.attnum = any (i.indkey), false)
                ) order by a.attnum), '[]') from pg_attribute a
                left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
                left join pg_index i on i.indrelid = a.attrelid and i.indisprimary
                where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
            (select coalesce(json_agg(json_build_object('name', p.polname, 'permissive', p.polpermissive,
                'command', case p.polcmd when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE'
                    when 'd' then 'DELETE' else 'ALL' end,
                'roles', case when p.polroles = '{0}' then 'public' else (select string_agg(r.rolname, ', '
                    order by r.rolname) from pg_roles r where r.oid = any (p.polroles)) end,
                'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid)
                ) order by p.polname), '[]') from pg_policy p where p.polrelid = c.oid) as policies
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.oid = $1::oid and c.relkind in ('r', 'p', 'v', 'm', 'f')
        """

    /// Extensions that the server has, installed ones first.
    static let extensions = """
        select name, default_version, installed_version, comment from pg_available_extensions
        order by installed_version is null, name
        """

    /// Whether there is the schema that extensions are put into.
    static let extensionSchema = "select nspname as name from pg_namespace where nspname = 'extensions'"

    /// The kind of a relation in one word.
    static func word(ofKind kind: String?) -> String {
        switch kind {
        case "v": "view"
        case "m": "materialized view"
        case "f": "foreign table"
        case "p": "partitioned table"
        default: "table"
        }
    }
}
