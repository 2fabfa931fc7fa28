import APIKit

extension DatabaseLint {
    /// The check as a query over the relations of ``LintQuery``: columns `schema, name, subject, list, columns`.
    var sql: String {
        switch self {
        case .authUsersExposed, .securityDefinerView, .rlsDisabledInPublic, .materializedViewInAPI,
            .foreignTableInAPI:
            exposureSQL
        case .authRLSInitPlan, .multiplePermissivePolicies, .policyExistsRLSDisabled, .rlsEnabledNoPolicy,
            .rlsReferencesUserMetadata:
            policySQL
        case .unindexedForeignKeys, .unusedIndex, .duplicateIndex: indexSQL
        case .noPrimaryKey, .functionSearchPathMutable, .extensionInPublic, .unsupportedRegTypes: objectSQL
        }
    }

    /// The end of a row about an object as a whole.
    private static let nothingMore = "null::text, null::text[], null::int[]"
    /// Views that read with the rights of their caller.
    private static let isInvoker = """
        exists (select from unnest(o.reloptions) option
            where lower(option) in ('security_invoker=true', 'security_invoker=on', 'security_invoker=1',
                'security_invoker=yes'))
        """

    /// What the API's roles reach in exposed schemas.
    private var exposureSQL: String {
        let readers = "select o.schema, o.name, null::text, r.roles, null::int[] from own o join readers r using (oid)"
        let plain = "select o.schema, o.name, \(Self.nothingMore) from own o join readers r using (oid)"
        switch self {
        case .authUsersExposed:
            return """
                \(readers) where o.relkind in ('v', 'm') and (o.relkind = 'm' or not \(Self.isInvoker))
                    and exists (select from reads where view = o.oid and relation = to_regclass('auth.users'))
                """
        case .securityDefinerView: return "\(plain) where o.relkind = 'v' and not \(Self.isInvoker)"
        case .materializedViewInAPI: return "\(readers) where o.relkind = 'm'"
        case .foreignTableInAPI: return "\(readers) where o.relkind = 'f'"
        default: return "\(plain) where o.relkind in ('r', 'p') and not o.relrowsecurity"
        }
    }

    /// Row level security and its policies.
    private var policySQL: String {
        switch self {
        case .policyExistsRLSDisabled:
            """
            select schema, name, null::text, array_agg(policy order by policy), null::int[]
            from policies where not relrowsecurity group by schema, name
            """
        case .rlsEnabledNoPolicy:
            """
            select o.schema, o.name, \(Self.nothingMore) from own o
            where o.relkind in ('r', 'p') and o.relrowsecurity and not exists (
                select from pg_catalog.pg_policy p where p.polrelid = o.oid)
            """
        case .rlsReferencesUserMetadata:
            """
            select schema, name, policy, null::text[], null::int[] from policies
            where expression ~ 'user_metadata'
            """
        case .multiplePermissivePolicies:
            """
            select schema, name, role || ' on ' || action, array_agg(policy order by policy), null::int[]
            from (
                select p.schema, p.name, p.policy, r.rolname::text as role, a.action
                from policies p
                join pg_catalog.pg_roles r on r.oid = any (p.polroles)
                    or 0 = any (p.polroles) and r.oid in (select oid from api_roles)
                join (values ('r', 'SELECT'), ('a', 'INSERT'), ('w', 'UPDATE'), ('d', 'DELETE')) a (code, action)
                    on p.polcmd = '*' or p.polcmd::text = a.code
                where p.polpermissive and p.relrowsecurity) each_one
            group by schema, name, role, action having count(*) > 1
            """
        default:
            // A call within a sub-select is evaluated once; what is left calls for each row.
            """
            select schema, name, policy, null::text[], null::int[] from policies
            where relrowsecurity and regexp_replace(expression,
                '\\( SELECT \\(*(auth\\.(uid|role|email|jwt)|current_setting)\\(', '', 'g')
                ~ '(auth\\.(uid|role|email|jwt)|current_setting)\\('
            """
        }
    }

    /// Indexes, and what lacks one.
    private var indexSQL: String {
        switch self {
        case .unindexedForeignKeys:
            """
            select o.schema, o.name, k.conname::text, null::text[], k.conkey::int[]
            from pg_catalog.pg_constraint k join own o on o.oid = k.conrelid
            where k.contype = 'f' and k.conparentid = 0 and not exists (
                select from pg_catalog.pg_index i
                where i.indrelid = k.conrelid and i.indisvalid and i.indpred is null
                    and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)
            """
        case .unusedIndex:
            """
            select o.schema, o.name, s.indexrelname::text, null::text[], null::int[]
            from pg_catalog.pg_stat_user_indexes s
            join pg_catalog.pg_index i on i.indexrelid = s.indexrelid join own o on o.oid = s.relid
            where s.idx_scan = 0 and not i.indisprimary and not i.indisunique and not i.indisexclusion
            """
        default:
            """
            select o.schema, o.name, null::text, array_agg(c.relname::text order by c.relname), null::int[]
            from pg_catalog.pg_index i join own o on o.oid = i.indrelid
            join pg_catalog.pg_class c on c.oid = i.indexrelid
            group by o.schema, o.name, i.indrelid, c.relam, i.indkey::text, i.indclass::text, i.indoption::text,
                i.indcollation::text, i.indisunique, pg_catalog.pg_get_expr(i.indexprs, i.indrelid),
                pg_catalog.pg_get_expr(i.indpred, i.indrelid)
            having count(*) > 1
            """
        }
    }

    /// Single tables, functions, extensions and columns.
    private var objectSQL: String {
        switch self {
        case .noPrimaryKey:
            """
            select o.schema, o.name, \(Self.nothingMore) from own o
            where o.relkind in ('r', 'p') and not o.relispartition and not exists (
                select from pg_catalog.pg_index i where i.indrelid = o.oid and i.indisprimary)
            """
        case .functionSearchPathMutable:
            // Functions share names, so the key includes a digest of the arguments.
            """
            select n.nspname::text, p.proname::text, md5(pg_catalog.pg_get_function_identity_arguments(p.oid)),
                null::text[], null::int[]
            from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            join pg_catalog.pg_language l on l.oid = p.prolang
            where n.nspname <> all ($2::text[]) and n.nspname !~ '^pg_' and p.prokind in ('f', 'p')
                and l.lanname not in ('c', 'internal')
                and not exists (select from unnest(p.proconfig) setting where setting like 'search_path=%')
                and not exists (
                    select from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
            """
        case .unsupportedRegTypes:
            """
            select o.schema, o.name, a.attname::text, array[pg_catalog.format_type(a.atttypid, null)], null::int[]
            from pg_catalog.pg_attribute a join own o on o.oid = a.attrelid
            where a.attnum > 0 and not a.attisdropped and o.relkind in ('r', 'p', 'm') and a.atttypid = any (
                array['regcollation', 'regconfig', 'regdictionary', 'regnamespace', 'regoper', 'regoperator',
                    'regproc', 'regprocedure']::regtype[])
            """
        default:
            """
            select n.nspname::text, e.extname::text, \(Self.nothingMore)
            from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
            where n.nspname = 'public'
            """
        }
    }
}
