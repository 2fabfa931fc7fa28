import APIKit
import FunctionModel
import Orchestrator
import SettingTables

extension OptionalFeature {
    /// Every feature that clients ask about.
    package static let all = projects + databases + services + organizations

    private static let project = "/v1/projects/{ref}"
    private static let studio = "/platform/projects/{ref}"
    private static let organization = "/platform/organizations/{slug}"

    private static let projects: [OptionalFeature] = [
        .init(.operation("POST \(project)/pause"), [.flag("project_pausing")]),
        .init(.operation("POST \(project)/restore"), [.flag("project_restore_after_expiry")]),
        .init(.operation("POST \(studio)/transfer"), pages: ["projects:transfer"]),
        .init(
            .operation("POST \(studio)/resize"), [.set("instances.compute_update_available_sizes", [])]),
        .init(.operation("POST \(studio)/disk"), [.flag("instances.disk_modifications")]),
        .init(.operation("PATCH \(project)/billing/addons"), [.flag("ipv4")]),
        .init(
            .operation("POST \(project)/custom-hostname/initialize"), [.flag("custom_domain")],
            pages: ["project_settings:custom_domains"]),
        .init(.operation("POST \(project)/vanity-subdomain/activate"), [.flag("vanity_subdomain")]),
        .init(
            .operation("POST \(studio)/analytics/log-drains"), [.flag("log_drains")],
            pages: ["project_settings:log_drains"]),
        .init(
            .operation("GET \(project)/analytics/endpoints/logs.all"),
            [.number("log.retention_days", nil, unit: "days")],
            pages: ["logs:all"]),
        .init(
            .operation("GET \(studio)/infra-monitoring"), [.flag("observability.dashboard_advanced_metrics")],
            pages: ["reports:all"]),
        .init(
            .operation("POST \(project)/branches"), [.flag("branching_persistent"), .number("branching_limit", nil)]),
        .init(.nothing, [.flag("instances.high_availability"), .flag("instances.orioledb")]),
        .init(.nothing, [.flag("security.private_link"), .flag("assistant.advance_model")]),
    ]

    private static let databases: [OptionalFeature] = [
        .init(
            .operation("POST \(project)/upgrade"), pages: ["project_settings:database_upgrades"]),
        .init(
            .operation("POST \(project)/read-replicas/setup"), [.flag("instances.read_replicas")],
            pages: ["infrastructure:read_replicas"]),
        .init(
            .operation("POST /platform/replication/{ref}/pipelines"), [.flag("replication.etl")],
            pages: ["database:replication"]),
        .init(
            .operation("POST \(project)/network-restrictions/apply"), pages: ["database:network_restrictions"]),
        .init(
            .operation("PATCH \(project)/database/backups/schedule"),
            [.flag("backup.schedule"), .number("backup.retention_days", nil, unit: "days")]),
        .init(
            .operation("POST /platform/database/{ref}/clone"),
            [.flag("backup.restore_to_new_project"), .flag("project_cloning")],
            pages: ["database:restore_to_new_project"]),
        .init(
            .operation("POST \(project)/database/backups/restore-pitr"), [.set("pitr.available_variants", ["pitr_7"])]),
        .init(.operation("PATCH \(studio)/config/pgbouncer"), [.flag("dedicated_pooler")]),
    ]

    private static let services: [OptionalFeature] =
        auth + realtime + [
            .init(
                .setting(StackSettings.storage, "fileSizeLimit"),
                [
                    .flag("storage.max_file_size.configurable"),
                    .number("storage.max_file_size", StackSettings.storage.largest("fileSizeLimit"), unit: "bytes"),
                ]),
            .init(
                .setting(StackSettings.storage, "features.imageTransformation.enabled"),
                [.flag("storage.image_transformations")]),
            .init(
                .setting(StackSettings.storage, "features.purgeCache.enabled"),
                [.flag("storage.purge_cache", isOnV1: false)]),
            .init(.operation("POST /platform/storage/{ref}/vector-buckets"), [.flag("storage.vector_buckets")]),
            .init(.operation("POST /platform/storage/{ref}/analytics-buckets"), [.flag("storage.iceberg_catalog")]),
            .init(
                .operation("POST \(project)/functions"),
                [
                    .number("function.max_count", Int64(FunctionLimits.functionsMax)),
                    .number("function.size_limit_mb", Int64(FunctionLimits.bytesMax >> 20), unit: "megabytes"),
                ]),
        ]

    private static let auth: [OptionalFeature] =
        [
            ("mfa_phone_enroll_enabled", ["auth.mfa_phone"]), ("mfa_web_authn_enroll_enabled", ["auth.mfa_web_authn"]),
            ("mfa_allow_low_aal", ["auth.mfa_enhanced_security"]), ("hook_custom_access_token_enabled", ["auth.hooks"]),
            ("sessions_timebox", ["auth.user_sessions"]),
            ("password_hibp_enabled", ["auth.leaked_password_protection", "auth.password_hibp"]),
            ("api_max_request_duration", ["auth.advanced_auth_settings"]),
            ("db_max_pool_size", ["auth.performance_settings"]), ("saml_enabled", ["auth.saml_2"]),
        ].map { key, entitlements in
            OptionalFeature(.setting(AuthSettings.table, key), entitlements.map { .flag($0) })
        } + [
            .init(
                .operation("POST \(project)/config/auth/third-party-auth"), [.flag("auth.custom_jwt_template")]),
            .init(.nothing, [.number("auth.custom_oauth.max_providers", nil)]),
        ]

    private static let realtime: [OptionalFeature] = [
        ("max_concurrent_users", "count"), ("max_events_per_second", "count"), ("max_joins_per_second", "count"),
        ("max_channels_per_client", "count"), ("max_bytes_per_second", "bytes"),
        ("max_presence_events_per_second", "count"), ("max_payload_size_in_kb", "kilobytes"),
    ].map { key, unit in
        let largest = StackSettings.realtime.largest(key)
        return OptionalFeature(.setting(StackSettings.realtime, key), [.number("realtime.\(key)", largest, unit: unit)])
    }

    private static let organizations: [OptionalFeature] = [
        .init(
            .operation("PUT \(organization)/billing/subscription"),
            pages: [
                "billing:all", "billing:account_data", "billing:credits", "billing:invoices",
                "billing:payment_methods",
            ]),
        .init(
            .operation("POST \(organization)/sso"), [.flag("auth.platform.sso")],
            pages: ["organization:show_sso_settings"]),
        .init(
            .operation("GET \(organization)/documents/{document}"),
            [
                .flag("security.questionnaire"), .flag("security.soc2_report"),
                .flag("security.iso27001_certificate"),
            ], pages: ["organization:show_legal_documents"]),
        .init(.operation("PATCH \(organization)/members/mfa/enforcement"), [.flag("security.enforce_mfa")]),
        .init(.operation("GET \(organization)/audit"), [.number("security.audit_logs_days", nil, unit: "days")]),
        .init(.nothing, [.flag("audit_log_drains")]),
        .init(
            .operation("PUT \(organization)/members/{gotrue_id}/roles/{role_id}"), [.flag("project_scoped_roles")]),
        .init(
            .operation("PATCH \(organization)/members/{gotrue_id}"),
            [
                .set("security.member_roles", ["Owner", "Administrator", "Developer", "Read-only"]),
                .flag("api.members.roles", isOnV1: false),
            ]),
        .init(
            .operation("POST \(organization)/members/invitations"),
            [.flag("api.members.invitations", isOnV1: false)]),
        .init(
            .operation("POST /platform/integrations/github/connections"),
            [
                .flag("integrations.github_connections"),
                .number("integrations.github_push_webhooks_limit", nil, isOnV1: false),
            ]),
        .init(.nothing, pages: ["integrations:vercel"]),
    ]
}

extension ServiceSettings {
    /// The largest value that a number may have; nothing for what is no number or cannot be set.
    fileprivate func largest(_ key: String) -> Int64? {
        guard let setting = settings.first(where: { $0.key == key }), !setting.isFixed,
            case .whole(let range) = setting.form
        else { return nil }
        return Int64(range.upperBound)
    }
}
