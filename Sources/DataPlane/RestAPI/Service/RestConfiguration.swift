/// Settings of the REST API, by PostgREST's names (`PGRST_DB_SCHEMAS` is `db-schemas`).
public struct RestConfiguration: Sendable, Equatable {
    /// How a transaction ends, and whether a request may choose.
    public enum TransactionEnd: String, Sendable, CaseIterable {
        case commit
        case commitAllowOverride = "commit-allow-override"
        case rollback
        case rollbackAllowOverride = "rollback-allow-override"
    }

    /// What the root describes.
    public enum OpenAPIMode: String, Sendable, CaseIterable {
        case followPrivileges = "follow-privileges"
        case ignorePrivileges = "ignore-privileges"
        case disabled
    }

    /// `db-schemas`: exposed schemas, the first is the default.
    public var schemas = ["public"]
    /// `db-anon-role`: role of requests without a token; nil refuses them.
    public var anonymousRole: String?
    /// `db-extra-search-path`
    public var extraSearchPath = ["public"]
    /// `db-pre-request`: a function called before every request, as written in the configuration.
    public var preRequest: String?
    /// `db-root-spec`: a function that answers the root.
    public var rootFunction: String?
    /// `db-max-rows`
    public var maxRows: Int64?
    /// `db-tx-end`
    public var transactionEnd = TransactionEnd.commit
    /// `db-plan-enabled`
    public var allowsPlans = false
    /// `db-aggregates-enabled`
    public var allowsAggregates = false
    /// `db-prepared-statements`
    public var usesPreparedStatements = true
    /// `db-hoisted-tx-settings`
    public var hoistedSettings = [
        "statement_timeout", "plan_filter.statement_cost_limit", "default_transaction_isolation",
    ]
    /// `db-channel`; nil when `db-channel-enabled` is false.
    public var channel: String? = "pgrst"
    /// `openapi-mode`
    public var openAPIMode = OpenAPIMode.followPrivileges
    /// `server-timing-enabled`
    public var showsTiming = false
    /// `server-trace-header`
    public var traceHeader: String?
    /// `server-cors-allowed-origins`; empty allows all.
    public var allowedOrigins: [String] = []
    /// `client-error-verbosity=minimal`
    public var hasMinimalErrors = false
    /// `url-use-legacy-target-names`
    public var usesLegacyTargetNames = true
    /// `app.settings.*`, sorted by name.
    public var appSettings: [(name: String, value: String)] = []
    /// `jwt-role-claim-key`
    public var roleClaim = RoleClaim.standard
    /// Largest request body in bytes. While it is worked on a request holds its body several times: as bytes, as text
    /// and in the connection to the database.
    public var bodyBytesMax = 16 << 20
    /// Largest body of an answer in bytes: PostgreSQL refuses to send a larger one.
    public var answerBytesMax = 32 << 20
    /// Largest body of a request that has no use for one.
    static let idleBodyBytesMax = 64 << 10
    /// Bytes of a query string that is read on an event loop: a longer one may name many tables, columns and values.
    static let briefQueryBytesMax = 8 << 10

    /// The default settings.
    public init() {}

    /// Two configurations are equal when all of their settings are.
    public static func == (left: Self, right: Self) -> Bool {
        left.schemas == right.schemas && left.anonymousRole == right.anonymousRole
            && left.extraSearchPath == right.extraSearchPath && left.preRequest == right.preRequest
            && left.rootFunction == right.rootFunction && left.maxRows == right.maxRows
            && left.transactionEnd == right.transactionEnd && left.allowsPlans == right.allowsPlans
            && left.allowsAggregates == right.allowsAggregates
            && left.usesPreparedStatements == right.usesPreparedStatements
            && left.hoistedSettings == right.hoistedSettings && left.channel == right.channel
            && left.openAPIMode == right.openAPIMode && left.showsTiming == right.showsTiming
            && left.traceHeader == right.traceHeader && left.allowedOrigins == right.allowedOrigins
            && left.hasMinimalErrors == right.hasMinimalErrors
            && left.usesLegacyTargetNames == right.usesLegacyTargetNames && left.bodyBytesMax == right.bodyBytesMax
            && left.roleClaim == right.roleClaim && left.answerBytesMax == right.answerBytesMax
            && left.appSettings.elementsEqual(right.appSettings) { $0 == $1 }
    }
}

extension RestConfiguration {
    /// Whether a request may say how its transaction ends.
    var allowsTransactionPreference: Bool {
        transactionEnd == .commitAllowOverride || transactionEnd == .rollbackAllowOverride
    }

    /// Whether the transaction of a request is rolled back.
    func rollsBack(_ preference: Preferences.Transaction?) -> Bool {
        switch transactionEnd {
        case .commit: false
        case .rollback: true
        case .commitAllowOverride: preference == .rollback
        case .rollbackAllowOverride: preference != .commit
        }
    }
}
