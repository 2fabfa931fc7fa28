/// A feature that clients ask about before they offer it. Everything is granted: nobody sells plans here. What is
/// not offered at all is refused where it is asked for, with a reason that a plan would not change.
struct Entitlement: Sendable, Equatable {
    let key: String
    let kind: Kind
    /// Whether `/v1` knows the key; its strict client refuses an answer with one that it does not know.
    var isOnV1 = true

    /// What is granted.
    enum Kind: Sendable, Equatable {
        case boolean
        case numeric(Int64, unit: String)
        case set([String])

        var name: String {
            switch self {
            case .boolean: "boolean"
            case .numeric: "numeric"
            case .set: "set"
            }
        }
    }

    private static let computeSizes = [
        "ci_micro", "ci_small", "ci_medium", "ci_large", "ci_xlarge", "ci_2xlarge", "ci_4xlarge", "ci_8xlarge",
        "ci_12xlarge", "ci_16xlarge",
    ]
    /// Shown where a limit is asked for that there is not.
    private static let plenty: Int64 = 1_000_000

    /// Every key.
    static let all: [Entitlement] =
        switches.map { Entitlement(key: $0, kind: .boolean) }
        + numbers.map { Entitlement(key: $0.key, kind: .numeric($0.value, unit: $0.unit)) }
        + [
            Entitlement(key: "instances.compute_update_available_sizes", kind: .set(computeSizes)),
            Entitlement(key: "pitr.available_variants", kind: .set([])),
            Entitlement(
                key: "security.member_roles", kind: .set(["Owner", "Administrator", "Developer", "Read-only"])),
            Entitlement(key: "storage.purge_cache", kind: .boolean, isOnV1: false),
            Entitlement(key: "api.members.invitations", kind: .boolean, isOnV1: false),
            Entitlement(key: "api.members.roles", kind: .boolean, isOnV1: false),
            Entitlement(
                key: "integrations.github_push_webhooks_limit", kind: .numeric(plenty, unit: "count"), isOnV1: false),
        ]

    private static let switches = [
        "instances.read_replicas", "instances.disk_modifications", "instances.high_availability",
        "instances.orioledb", "replication.etl", "storage.max_file_size.configurable",
        "storage.image_transformations", "storage.vector_buckets", "storage.iceberg_catalog",
        "security.questionnaire", "security.soc2_report", "security.iso27001_certificate", "security.private_link",
        "security.enforce_mfa", "custom_domain", "vanity_subdomain", "ipv4", "log_drains", "audit_log_drains",
        "branching_persistent", "auth.mfa_phone", "auth.mfa_web_authn", "auth.mfa_enhanced_security", "auth.hooks",
        "auth.platform.sso", "auth.custom_jwt_template", "auth.saml_2", "auth.user_sessions",
        "auth.leaked_password_protection", "auth.advanced_auth_settings", "auth.performance_settings",
        "auth.password_hibp", "backup.restore_to_new_project", "backup.schedule", "project_scoped_roles",
        "project_pausing", "project_cloning", "project_restore_after_expiry", "assistant.advance_model",
        "integrations.github_connections", "dedicated_pooler", "observability.dashboard_advanced_metrics",
    ]

    private static let numbers: [(key: String, value: Int64, unit: String)] = [
        ("storage.max_file_size", 536_870_912_000, "bytes"), ("security.audit_logs_days", plenty, "days"),
        ("log.retention_days", plenty, "days"), ("branching_limit", plenty, "count"),
        ("auth.custom_oauth.max_providers", plenty, "count"), ("backup.retention_days", plenty, "days"),
        ("function.max_count", plenty, "count"), ("function.size_limit_mb", plenty, "megabytes"),
        ("realtime.max_concurrent_users", plenty, "count"), ("realtime.max_events_per_second", plenty, "count"),
        ("realtime.max_joins_per_second", plenty, "count"), ("realtime.max_channels_per_client", plenty, "count"),
        ("realtime.max_bytes_per_second", plenty, "bytes"),
        ("realtime.max_presence_events_per_second", plenty, "count"),
        ("realtime.max_payload_size_in_kb", plenty, "kilobytes"),
    ]
}

/// Entitlements as clients read them.
struct EntitlementsBody: Encodable, Sendable, Documented {
    let entitlements: [Row]

    /// One key.
    struct Row: Encodable, Sendable {
        let feature: [String: String]
        let type: String
        let hasAccess = true
        let config: JSON

        init(_ entitlement: Entitlement) {
            type = entitlement.kind.name
            feature = ["key": entitlement.key, "type": type]
            switch entitlement.kind {
            case .boolean: config = ["enabled": true]
            case .numeric(let value, let unit):
                config = ["enabled": true, "value": .integer(value), "unlimited": true, "unit": .string(unit)]
            case .set(let words): config = ["enabled": true, "set": .array(words.map(JSON.string))]
            }
        }
    }

    init(_ entitlements: [Entitlement]) { self.entitlements = entitlements.map(Row.init) }

    static let schema = Schema.named(
        "Entitlements",
        .fields(
            .init(
                "entitlements",
                .array(
                    .fields(
                        .init(
                            "feature",
                            .fields(
                                .init("key", .choice(Entitlement.all.map(\.key))),
                                .init("type", .choice(["boolean", "numeric", "set"])))),
                        .init("type", .choice(["boolean", "numeric", "set"])), .init("hasAccess", .boolean),
                        .init(
                            "config",
                            .fields(
                                .init("enabled", .boolean), .optional("value", .number),
                                .optional("unlimited", .boolean), .optional("unit", .text),
                                .optional("set", .array(.text)))))))))
}
