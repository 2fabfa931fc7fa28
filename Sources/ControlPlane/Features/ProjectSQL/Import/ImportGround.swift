/// What an import finds in the project's database before it begins.
public struct ImportGround: Sendable, Equatable {
    /// The role that runs the import, and that everything belongs to afterwards.
    public var owner: String
    /// The server's version as a number, such as 150020.
    public var serverVersion: Int
    /// Roles that are there.
    public var roles: Set<String>
    /// Schemas that are there.
    public var schemas: Set<String>
    /// Extensions that are installed.
    public var installed: Set<String>
    /// Extensions that the owner can install.
    public var installable: Set<String>
    /// Columns that rows can be written to, by table in the stack's own schemas: `auth.users`.
    public var tables: [String: [String]]
    /// Foreign keys between these tables: of, to.
    public var references: [ImportReference]
    /// Schemas that the stack's services fill.
    public var serviceSchemas: Set<String>

    public init(
        owner: String, serverVersion: Int, roles: Set<String>, schemas: Set<String>, installed: Set<String>,
        installable: Set<String>, tables: [String: [String]], references: [ImportReference], serviceSchemas: Set<String>
    ) {
        self.owner = owner
        self.serverVersion = serverVersion
        self.roles = roles
        self.schemas = schemas
        self.installed = installed
        self.installable = installable
        self.tables = tables
        self.references = references
        self.serviceSchemas = serviceSchemas
    }

    /// Schemas that services and extensions of a Supabase project fill, as of November 2026; a stack may have more.
    public static let knownServiceSchemas: Set<String> = [
        "_analytics", "_realtime", "_supavisor", "auth", "cron", "dbdev", "etl", "extensions", "graphql",
        "graphql_public", "net", "pgbouncer", "pgmq", "pgsodium", "pgsodium_masks", "pgtle", "realtime", "repack",
        "storage", "supabase_functions", "tiger", "tiger_data", "topology", "vault",
    ]

    /// Filled by the command line of Supabase: without it `db push` would apply every migration again.
    public static let migrationHistory = "supabase_migrations"

    /// Roles of a Supabase project, which an import neither makes nor changes.
    public static func isReserved(_ role: String) -> Bool {
        let names: Set = [
            "anon", "authenticated", "authenticator", "dashboard_user", "pgbouncer", "pgtle_admin", "postgres",
            "service_role",
        ]
        let beginnings = ["supabase_", "cli_login_", "pgsodium_key", "pg_", "supamanager_"]
        return names.contains(role) || beginnings.contains { role.hasPrefix($0) }
    }

    /// Tables of the stack whose rows are taken: those of the users' accounts and buckets. Not taken are histories of
    /// the services' own migrations, sessions and codes (they are worth nothing without the old signing key), and the
    /// list of files, which upload makes.
    public func takesRows(of table: String) -> Bool {
        guard tables[table] != nil, !Self.withheldTables.contains(table) else { return false }
        return table.hasPrefix("auth.") || table == "storage.buckets"
    }

    private static let withheldTables: Set<String> = [
        "auth.flow_state", "auth.mfa_amr_claims", "auth.mfa_challenges", "auth.oauth_authorizations",
        "auth.one_time_tokens", "auth.refresh_tokens", "auth.saml_relay_states", "auth.schema_migrations",
        "auth.sessions",
    ]

    /// The tables in an order in which each comes after those that it refers to. What is in a circle keeps its place.
    public func inOrder(_ tables: [String]) -> [String] {
        var (rest, ordered) = (tables.sorted(), [String]())
        while !rest.isEmpty {
            let open = Set(rest)
            let free = rest.filter { table in
                !references.contains { $0.table == table && $0.target != table && open.contains($0.target) }
            }
            let next = free.isEmpty ? [rest[0]] : free
            ordered += next
            rest.removeAll { next.contains($0) }
        }
        return ordered
    }
}

/// A foreign key of a table of the stack.
public struct ImportReference: Sendable, Equatable {
    public let table: String
    public let target: String

    public init(table: String, target: String) {
        self.table = table
        self.target = target
    }
}
