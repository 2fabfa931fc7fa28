import APIKit
import Identity
import ProjectModel

/// What pages of Studio ask for.
extension EmptyAnswer {
    private static let list = Schema.array(.anything)

    static let dashboard: [EmptyAnswer] =
        [
            EmptyAnswer("telemetry/feature-flags", says: "Feature flags: none are set", body: [:]),
            EmptyAnswer("stripe/invoices/overdue", says: "Overdue invoices: there are none", body: []),
            EmptyAnswer("integrations", says: "Integrations: there are none", body: []),
            EmptyAnswer(
                "integrations/{slug}", for: .permission(.organizationAdminRead),
                says: "Integrations of an organization: there are none", body: []),
            EmptyAnswer(
                "integrations/github/connections", says: "Connections to GitHub: there are none",
                body: ["connections": []]),
            EmptyAnswer(
                "integrations/github/repositories", says: "Repositories on GitHub: none is connected",
                body: ["repositories": [], "partial_response_due_to_sso": false],
                schema: .fields(.init("repositories", list), .init("partial_response_due_to_sso", .boolean))),
            EmptyAnswer(
                "workflow-runs", says: "Runs of branch workflows: there are none", body: [], isCounted: true),
            EmptyAnswer("plans/features", says: "Features by plan: there are no plans", body: [:]),
            EmptyAnswer(
                "projects-resource-warnings", for: .permission(.projectsRead),
                says: "Warnings about resources: none are raised by project", body: []),
        ].under("/platform")
        + [
            "event", "page", "page-leave", "identify", "reset", "groups/identify", "groups/reset",
            "feature-flags/track",
        ].map { EmptyAnswer(swallowing: "/platform/telemetry/\($0)", says: "Telemetry: dropped") }

    static let organizations: [EmptyAnswer] = [
        EmptyAnswer("billing/plans", says: "Plans: there are none", body: ["plans": []]),
        EmptyAnswer("billing/invoices", says: "Invoices: there are none", body: [], isCounted: true),
        EmptyAnswer(
            "payments", says: "Payment methods: there are none", body: ["data": [], "defaultPaymentMethodId": nil],
            schema: .fields(.init("data", list), .init("defaultPaymentMethodId", .nullable(.text)))),
        EmptyAnswer("tax-ids", says: "Tax number: none is kept", body: ["tax_id": nil]),
        EmptyAnswer(
            "customer", says: "The customer behind an organization: there is none",
            body: ["email": "", "balance": 0, "billing_via_partner": false, "additional_emails": nil, "tax_id": nil],
            schema: .fields(
                .init("email", .text), .init("balance", .number), .init("billing_via_partner", .boolean),
                .init("additional_emails", .nullable(list)), .init("tax_id", .nullable(.anything)))),
        EmptyAnswer("oauth/apps", says: "OAuth applications: there are none", body: []),
    ].under("/platform/organizations/{slug}", for: .organizationAdminRead)

    static let projects: [EmptyAnswer] =
        [
            EmptyAnswer(
                "load-balancers", for: .permission(.projectAdminRead), says: "Load balancers: there are none", body: []),
            EmptyAnswer(
                "config/pgbouncer/status", for: .permission(.databaseRead), says: "PgBouncer: not in use",
                body: ["active": false]),
            EmptyAnswer(
                "disk", for: .permission(.diskConfigRead),
                says: "The disk of a project: it has none of its own, so there are no numbers",
                body: ["attributes": ["type": "gp3", "size_gb": nil, "iops": nil, "throughput_mbps": nil]],
                schema: .fields(
                    .init(
                        "attributes",
                        .fields(
                            .init("type", .choice(["gp3", "io2"])), .init("size_gb", .nullable(.number)),
                            .init("iops", .nullable(.number)), .init("throughput_mbps", .nullable(.number)))))),
            EmptyAnswer(
                "disk/custom-config", for: .permission(.diskConfigRead), says: "Growth of the disk: not configured",
                body: ["growth_percent": nil, "min_increment_gb": nil, "max_size_gb": nil],
                schema: .fields(
                    .init("growth_percent", .nullable(.number)), .init("min_increment_gb", .nullable(.number)),
                    .init("max_size_gb", .nullable(.number)))),
            EmptyAnswer(
                "notifications/advisor/exceptions", for: .permission(.advisorsRead),
                says: "Dismissed advice: none can be dismissed", body: ["exceptions": []]),
            EmptyAnswer(
                "analytics/log-drains", for: .permission(.analyticsLogsRead), says: "Log drains: there are none",
                body: []),
            EmptyAnswer(
                "billing/addons", for: .permission(.addOnsRead), says: "Add-ons of a project: there are none",
                schema: addOns
            ) { ["ref": .string(try $0.ref().text), "selected_addons": [], "available_addons": []] },
        ].under("/platform/projects/{ref}")
        + ["sources", "destinations", "pipelines"].map {
            EmptyAnswer($0, says: "Replication: there is none", body: .object([$0: []]))
        }.under("/platform/replication/{ref}", for: .databaseRead)
        + [
            EmptyAnswer("analytics-buckets", says: "Analytics buckets: there are none", body: ["data": []]),
            EmptyAnswer("vector-buckets", says: "Vector buckets: there are none", body: ["vectorBuckets": []]),
        ].under("/platform/storage/{ref}", for: .storageRead)
        // What Studio of early 2024 asked for under other names.
        + ["/projects/{ref}/jwt-secret-update-status", "/props/project/{ref}/jwt-secret-update-status"].map {
            EmptyAnswer(
                $0, for: .permission(.projectAdminRead),
                says: "A change of the JWT secret in progress: there is none", body: ["jwtSecretUpdateStatus": nil])
        }

    /// The project's ref is in Studio's form only.
    static let addOns = Schema.named(
        "AddOns",
        .fields(.optional("ref", .ref), .init("selected_addons", list), .init("available_addons", list)))
}
