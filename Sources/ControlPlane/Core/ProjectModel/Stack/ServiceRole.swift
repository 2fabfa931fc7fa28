/// What a service of a stack does for the manager and for the clients of a project. A template says which of its
/// services has which role; one service may have several.
public enum ServiceRole: String, Sendable, Hashable, CaseIterable, Comparable {
    /// PostgreSQL. Its data volume is guarded, and SQL runs on it.
    case database
    /// The one door to the HTTP services below; the project's API URL leads to it.
    case gateway
    /// Users and sessions: `/auth/v1`.
    case auth
    /// Tables as resources: `/rest/v1`.
    case rest
    /// Subscriptions: `/realtime/v1`.
    case realtime
    /// Files: `/storage/v1`.
    case storage
    /// Edge functions: `/functions/v1`.
    case functions
    /// The database's catalogue over HTTP: `/pg`.
    case meta
    /// Stores logs and answers queries about them.
    case analytics
    /// Pools connections to the database.
    case pooler
    /// A dashboard of the project's own, behind the gateway.
    case studio

    /// Orders by name.
    public static func < (left: ServiceRole, right: ServiceRole) -> Bool { left.rawValue < right.rawValue }
}

/// The target of a leased host port.
public enum PortPurpose: String, Sendable, Hashable, CaseIterable {
    /// The gateway's HTTP.
    case gateway
    /// PostgreSQL itself.
    case database
    /// The pooler, a server connection for each client connection.
    case poolerSession = "pooler-session"
    /// The pooler, a server connection for each transaction.
    case poolerTransaction = "pooler-transaction"
}

/// The purpose of a minted secret, where the manager has to know.
public enum SecretPurpose: String, Sendable, Hashable, CaseIterable {
    /// Password of the database roles of ``DatabaseRoles/sharingPassword``.
    case databasePassword = "database-password"
    /// Key with which the project's JSON Web Tokens are signed (HS256).
    case tokenSigning = "token-signing"
    /// Password of the login to the project's own dashboard.
    case dashboardPassword = "dashboard-password"
}

/// The purpose of a setting, where the manager has to know.
public enum SettingPurpose: String, Sendable, Hashable, CaseIterable {
    /// User name of the login to the project's own dashboard.
    case dashboardUser = "dashboard-user"
}

/// Roles of API tokens, as the published API calls them.
public enum TokenRole: String, Sendable, Hashable, CaseIterable {
    /// Every caller.
    case anon
    /// A user who has signed in.
    case authenticated
    /// The project's own back end, past row-level security.
    case serviceRole = "service_role"
}

/// A form in which services take the project's API keys.
public enum APIKeyForm: String, Sendable, Hashable, CaseIterable {
    /// All publishable keys, separated by commas.
    case publishableList = "publishable-list"
    /// All publishable keys as members of a JSON object, by name.
    case publishableByName = "publishable-by-name"
    /// The publishable key named `default`.
    case publishableDefault = "publishable-default"
    /// All secret keys, separated by commas.
    case secretList = "secret-list"
    /// All secret keys as members of a JSON object, by name.
    case secretByName = "secret-by-name"
    /// The secret key named `default`.
    case secretDefault = "secret-default"
    /// `true` while the gateway accepts signed keys beside the opaque ones, else `false`.
    case legacyEnabled = "legacy-enabled"
    /// An opaque key of the manager's own, minted when signed keys are refused for the first time.
    case manager
    /// The same, given only while signed keys are refused.
    case managerWithoutLegacy = "manager-without-legacy"
    /// The secret of ``SecretPurpose/tokenSigning`` as a JSON Web Key Set (RFC 7517).
    case tokenKeySet = "token-key-set"
}
