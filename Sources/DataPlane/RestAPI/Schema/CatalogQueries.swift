/// Reads of PostgreSQL's catalogue. Each gives one JSON value; `$1` is the list of exposed schemas. The search path is
/// empty while they run, so that every type comes out with its schema.
enum CatalogQueries {
    /// Tables and views of the exposed schemas, without partitions, in the form of ``CatalogTable``.
    static let tables = """
        SELECT coalesce(json_agg(json_build_object(
          'oid', c.oid::bigint, 'schema', n.nspname, 'name', c.relname, 'isView', c.relkind IN ('v', 'm'),
          'updatable', CASE WHEN c.relkind IN ('r', 'p') THEN 28 ELSE pg_relation_is_updatable(c.oid, true) END,
          'comment', d.description, 'rowType', c.reltype::bigint,
          'primaryKey', coalesce((SELECT i.conkey::int[] FROM pg_constraint i
                                  WHERE i.conrelid = c.oid AND i.contype = 'p'), '{}'),
          'columns', coalesce(a.columns, '[]'))), '[]')::text AS catalogue
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_description d ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass
        LEFT JOIN LATERAL (
          SELECT json_agg(json_build_object(
            'number', a.attnum, 'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
            'baseType', format_type(coalesce(nullif(base.oid, 0), a.atttypid), NULL),
            'isNullable', NOT (a.attnotnull OR t.typtype = 'd' AND t.typnotnull),
            'default', CASE WHEN a.attidentity <> '' OR a.attgenerated <> '' THEN NULL
                            WHEN ad.adbin IS NOT NULL THEN pg_get_expr(ad.adbin, ad.adrelid) ELSE t.typdefault END,
            'identity', CASE WHEN a.attidentity <> '' THEN
              (SELECT format('nextval(%L)', quote_ident(sn.nspname) || '.' || quote_ident(sc.relname))
               FROM pg_depend dp JOIN pg_class sc ON sc.oid = dp.objid AND sc.relkind = 'S'
               JOIN pg_namespace sn ON sn.oid = sc.relnamespace
               WHERE dp.classid = 'pg_class'::regclass AND dp.refclassid = 'pg_class'::regclass
                 AND dp.refobjid = c.oid AND dp.refobjsubid = a.attnum AND dp.deptype = 'i' LIMIT 1) END,
            'maxLength', CASE WHEN a.atttypid IN (1042, 1043) AND a.atttypmod > 4 THEN a.atttypmod - 4 END,
            'labels', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
            'comment', col_description(c.oid, a.attnum)) ORDER BY a.attnum) AS columns
          FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
          LEFT JOIN pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
          LEFT JOIN LATERAL (
            WITH RECURSIVE chain AS (
              SELECT t.oid, t.typtype, t.typbasetype
              UNION ALL SELECT b.oid, b.typtype, b.typbasetype FROM pg_type b JOIN chain ON chain.typtype = 'd'
                AND b.oid = chain.typbasetype)
            SELECT oid FROM chain WHERE typtype <> 'd') base ON true
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) a ON true
        WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT c.relispartition
        """

    /// Foreign keys between any tables, and unique keys, in the form of ``CatalogKey``.
    static let keys = """
        SELECT coalesce(json_agg(json_build_object(
          'name', k.conname, 'kind', k.contype, 'table', k.conrelid::bigint, 'columns', k.conkey::int[],
          'target', k.confrelid::bigint, 'targetColumns', coalesce(k.confkey::int[], '{}')) ORDER BY k.conname, k.oid),
          '[]')::text AS catalogue
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE k.contype IN ('f', 'p', 'u') AND k.conparentid = 0 AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        """

    /// Names of all tables that keys or views may lead to, in the form of ``CatalogRelation``.
    static let relations = """
        SELECT coalesce(json_agg(json_build_object(
          'oid', c.oid::bigint, 'schema', n.nspname, 'name', c.relname, 'isPartition', c.relispartition,
          'columns', (SELECT json_agg(json_build_array(a.attnum, a.attname)) FROM pg_attribute a
                      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
          'rule', CASE WHEN c.relkind IN ('v', 'm') THEN
            (SELECT r.ev_action::text FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type = '1' LIMIT 1) END)),
          '[]')::text AS catalogue
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
          AND n.nspname !~ '^pg_(toast|temp)'
          AND ($1::text[] IS NOT NULL)
        """

    /// Functions of the exposed schemas, in the form of ``CatalogFunction``; `$2` lists the settings that are hoisted.
    static let functions = """
        SELECT coalesce(json_agg(json_build_object(
          'schema', n.nspname, 'name', p.proname, 'volatility', p.provolatile, 'returnsSet', p.proretset,
          'rows', p.prorows, 'comment', d.description,
          'returnKind', CASE WHEN t.oid = 'void'::regtype THEN 'void'
            WHEN t.typtype = 'c' OR base.typtype = 'c' OR coalesce(p.proargmodes::text[] && '{t,b,o}', false)
              THEN 'composite' ELSE 'scalar' END,
          'returnType', json_build_array(tn.nspname, t.typname, t.typtype),
          'returnTable', (SELECT json_build_array(rn.nspname, rc.relname) FROM pg_class rc
             JOIN pg_namespace rn ON rn.oid = rc.relnamespace
             WHERE rc.oid = coalesce(nullif(t.typrelid, 0), base.typrelid) AND rc.relkind IN ('r', 'v', 'm', 'f', 'p')),
          'argument', CASE WHEN p.pronargs = 1 THEN (SELECT a.typrelid::bigint FROM pg_type a
             WHERE a.oid = p.proargtypes[0]) END,
          'settings', (SELECT json_agg(s) FROM unnest(p.proconfig) s
             WHERE split_part(s, '=', 1) = ANY($2::text[])),
          'parameters', coalesce((SELECT json_agg(json_build_object(
              'name', coalesce(p.proargnames[i.place], ''), 'type', format_type(i.type, NULL),
              'isRequired', i.number <= p.pronargs - p.pronargdefaults,
              'isVariadic', coalesce(p.proargmodes[i.place] = 'v', false)) ORDER BY i.number)
            FROM (SELECT place, type, row_number() OVER (ORDER BY place) AS number FROM (
                SELECT place, type FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]))
                  WITH ORDINALITY AS _(type, place)
                WHERE p.proargmodes IS NULL OR p.proargmodes[place] IN ('i', 'b', 'v')) inputs) i), '[]'))
          ORDER BY p.oid), '[]')::text AS catalogue
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_type t ON t.oid = p.prorettype
        JOIN pg_namespace tn ON tn.oid = t.typnamespace
        LEFT JOIN pg_type base ON t.typtype = 'd' AND base.oid = t.typbasetype
        LEFT JOIN pg_description d ON d.objoid = p.oid AND d.classoid = 'pg_proc'::regclass
        WHERE n.nspname = ANY($1) AND p.prokind = 'f' AND t.oid <> 'trigger'::regtype
          AND t.oid <> 'event_trigger'::regtype
        """

    /// Implicit casts by function between domains and text or json, in the form of ``CatalogCast``.
    static let casts = """
        SELECT coalesce(json_agg(json_build_object(
          'source', format_type(k.castsource, NULL), 'target', format_type(k.casttarget, NULL),
          'isFromDomain', s.typtype = 'd', 'function', k.castfunc::regproc::text)), '[]')::text AS catalogue
        FROM pg_cast k JOIN pg_type s ON s.oid = k.castsource JOIN pg_type t ON t.oid = k.casttarget
        WHERE k.castcontext = 'i' AND k.castmethod = 'f' AND has_function_privilege(k.castfunc, 'execute')
          AND (s.typtype = 'd' AND k.casttarget IN ('json'::regtype, 'text'::regtype)
            OR t.typtype = 'd' AND k.castsource IN ('json'::regtype, 'text'::regtype))
          AND ($1::text[] IS NOT NULL)
        """

    /// Aggregates that return a domain named like a media type, in the form of ``CatalogHandler``.
    static let handlers = """
        SELECT coalesce(json_agg(json_build_object(
          'function', p.oid::regproc::text, 'mediaType', t.typname,
          'table', (SELECT json_build_array(rn.nspname, rc.relname) FROM pg_class rc
                    JOIN pg_namespace rn ON rn.oid = rc.relnamespace WHERE rc.oid = a.typrelid),
          'isAny', a.oid = 'anyelement'::regtype) ORDER BY p.oid), '[]')::text AS catalogue
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_type t ON t.oid = p.prorettype
        JOIN pg_type a ON a.oid = p.proargtypes[0]
        WHERE p.prokind = 'a' AND p.pronargs = 1 AND t.typtype = 'd' AND t.typname ~ '^[A-Za-z0-9.+*-]+/[A-Za-z0-9.+*-]+$'
          AND (n.nspname = ANY($1) OR n.nspname = ANY($2)) AND (a.typrelid <> 0 OR a.oid = 'anyelement'::regtype)
        """

    /// Settings of roles that the login role may apply when it takes on such a role, in the form of ``CatalogRole``.
    static let roles = """
        SELECT coalesce(json_agg(json_build_object('role', r.rolname, 'settings', s.setconfig)), '[]')::text AS catalogue
        FROM pg_roles r JOIN LATERAL (
          SELECT array_agg(c) AS setconfig FROM pg_db_role_setting q, unnest(q.setconfig) c
          LEFT JOIN pg_settings g ON g.name = split_part(c, '=', 1)
          WHERE q.setrole = r.oid AND q.setdatabase = 0
            AND (g.context IS NULL OR g.context = 'user' OR split_part(c, '=', 1) = 'default_transaction_isolation'
              OR has_parameter_privilege(current_user, split_part(c, '=', 1), 'set'))) s ON s.setconfig IS NOT NULL
        WHERE pg_has_role(current_user, r.oid, 'member') AND ($1::text[] IS NOT NULL)
        """
}

// MARK: Forms of the answers

struct CatalogTable: Decodable {
    struct Column: Decodable {
        var number: Int
        var name: String
        var type: String
        var baseType: String
        var isNullable: Bool
        var `default`: String?
        var identity: String?
        var maxLength: Int?
        var labels: [String]?
        var comment: String?
    }

    var oid: Int64
    var schema: String
    var name: String
    var isView: Bool
    var updatable: Int
    var comment: String?
    var primaryKey: [Int]
    var columns: [Column]
}

struct CatalogKey: Decodable {
    var name: String
    /// `f`, `p` or `u`.
    var kind: String
    var table: Int64
    var columns: [Int]
    var target: Int64
    var targetColumns: [Int]
}

struct CatalogRelation: Decodable {
    /// Number and name.
    struct Column: Decodable {
        var number: Int
        var name: String

        init(from decoder: any Decoder) throws {
            var pair = try decoder.unkeyedContainer()
            number = try pair.decode(Int.self)
            name = try pair.decode(String.self)
        }
    }

    var oid: Int64
    var schema: String
    var name: String
    var isPartition: Bool
    var columns: [Column]?
    var rule: String?
}

struct CatalogFunction: Decodable {
    var schema: String
    var name: String
    var volatility: String
    var returnsSet: Bool
    var rows: Double
    var comment: String?
    var returnKind: String
    var returnType: [String]
    var returnTable: [String]?
    /// The relation whose row type the only argument has.
    var argument: Int64?
    var settings: [String]?
    var parameters: [Parameter]

    struct Parameter: Decodable {
        var name: String
        var type: String
        var isRequired: Bool
        var isVariadic: Bool
    }
}

struct CatalogCast: Decodable {
    var source: String
    var target: String
    var isFromDomain: Bool
    var function: String
}

struct CatalogHandler: Decodable {
    var function: String
    var mediaType: String
    var table: [String]?
    var isAny: Bool
}

struct CatalogRole: Decodable {
    var role: String
    var settings: [String]
}
