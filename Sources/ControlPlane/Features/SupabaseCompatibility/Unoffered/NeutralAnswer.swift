import APIKit
import HTTPTypes
import Identity

/// A constant response: for pages whose feature does not exist here, in the form that the page expects, so that it
/// shows an empty state instead of an error.
struct NeutralAnswer: Sendable {
    var method = HTTPRequest.Method.get
    let path: String
    let access: Access
    let summary: String
    var status = HTTPResponse.Status.ok
    /// The answer; nothing for one without a body.
    var body: JSON?
    let schema: Schema?
    /// Whether the response is a list with its length in a header.
    var isCounted = false

    init(_ path: String, _ access: Access, _ summary: String, _ body: JSON, _ schema: Schema, isCounted: Bool = false) {
        self.path = path
        self.access = access
        self.summary = summary
        self.body = body
        self.schema = schema
        self.isCounted = isCounted
    }

    /// Takes what is sent and answers nothing.
    init(swallowing path: String, _ access: Access, _ summary: String) {
        method = .post
        status = .created
        self.path = path
        self.access = access
        self.summary = summary
        schema = nil
    }

    var route: Route {
        Route(
            method, path, access,
            Operation(
                summary: summary, body: method == .post ? .optionalJSON(.anything) : .none,
                answer: schema.map { .json($0, status) } ?? .empty(status))
        ) { _ in
            guard let body else { return APIResponse(status) }
            var answer = try APIResponse(status, json: body)
            if isCounted { answer.headers[.totalCount] = "0" }
            return answer
        }.supported(as: .empty)
    }

    /// Every one of them.
    static let all = dashboard + organizations + projects + storage + management + older
}

extension NeutralAnswer {
    fileprivate static let list = Schema.array(.anything)

    fileprivate static let dashboard: [NeutralAnswer] =
        [
            NeutralAnswer(
                "/platform/telemetry/feature-flags", .signedIn, "Feature flags: none are set", [:], .map(.anything)),
            NeutralAnswer(
                "/platform/stripe/invoices/overdue", .signedIn, "Overdue invoices: there are none", [], list),
            NeutralAnswer("/platform/integrations", .signedIn, "Integrations: there are none", [], list),
            NeutralAnswer(
                "/platform/integrations/{slug}", .permission(.organizationAdminRead),
                "Integrations of an organization: there are none", [], list),
            NeutralAnswer(
                "/platform/integrations/github/connections", .signedIn, "Connections to GitHub: there are none",
                ["connections": []], .fields(.init("connections", list))),
            NeutralAnswer(
                "/platform/integrations/github/repositories", .signedIn, "Repositories on GitHub: none is connected",
                ["repositories": [], "partial_response_due_to_sso": false],
                .fields(.init("repositories", list), .init("partial_response_due_to_sso", .boolean))),
            NeutralAnswer(
                "/platform/workflow-runs", .signedIn, "Runs of branch workflows: there are none", [], list,
                isCounted: true),
            NeutralAnswer(
                "/platform/plans/features", .signedIn, "Features by plan: there are no plans", [:], .map(.anything)),
            NeutralAnswer(
                "/platform/projects-resource-warnings", .permission(.projectsRead),
                "Warnings about resources: none are raised by project", [], list),
        ] + events.map { NeutralAnswer(swallowing: "/platform/telemetry/\($0)", .signedIn, "Telemetry: dropped") }

    private static let events = [
        "event", "page", "page-leave", "identify", "reset", "groups/identify", "groups/reset", "feature-flags/track",
    ]

    fileprivate static let organizations: [NeutralAnswer] = [
        NeutralAnswer(
            "/platform/organizations/{slug}/billing/plans", .permission(.organizationAdminRead),
            "Plans: there are none", ["plans": []], .fields(.init("plans", list))),
        NeutralAnswer(
            "/platform/organizations/{slug}/payments", .permission(.organizationAdminRead),
            "Payment methods: there are none", ["data": [], "defaultPaymentMethodId": nil],
            .fields(.init("data", list), .init("defaultPaymentMethodId", .nullable(.text)))),
        NeutralAnswer(
            "/platform/organizations/{slug}/tax-ids", .permission(.organizationAdminRead), "Tax number: none is kept",
            ["tax_id": nil], .fields(.init("tax_id", .nullable(.anything)))),
        NeutralAnswer(
            "/platform/organizations/{slug}/customer", .permission(.organizationAdminRead),
            "The customer behind an organization: there is none",
            [
                "email": "", "balance": 0, "billing_via_partner": false, "additional_emails": nil, "tax_id": nil,
            ],
            .fields(
                .init("email", .text), .init("balance", .number), .init("billing_via_partner", .boolean),
                .init("additional_emails", .nullable(list)), .init("tax_id", .nullable(.anything)))),
        NeutralAnswer(
            "/platform/organizations/{slug}/oauth/apps", .permission(.organizationAdminRead),
            "OAuth applications: there are none", [], list),
    ]

    fileprivate static let projects: [NeutralAnswer] = [
        NeutralAnswer(
            "/platform/projects/{ref}/load-balancers", .permission(.projectAdminRead), "Load balancers: there are none",
            [], list),
        NeutralAnswer(
            "/platform/projects/{ref}/config/pgbouncer/status", .permission(.databaseRead), "PgBouncer: not in use",
            ["active": false], .fields(.init("active", .boolean))),
        NeutralAnswer(
            "/platform/projects/{ref}/disk", .permission(.diskConfigRead),
            "The disk of a project: it has none of its own, so there are no numbers",
            ["attributes": ["type": "gp3", "size_gb": nil, "iops": nil, "throughput_mbps": nil]],
            .fields(
                .init(
                    "attributes",
                    .fields(
                        .init("type", .choice(["gp3", "io2"])), .init("size_gb", .nullable(.number)),
                        .init("iops", .nullable(.number)), .init("throughput_mbps", .nullable(.number)))))),
        NeutralAnswer(
            "/platform/projects/{ref}/disk/custom-config", .permission(.diskConfigRead),
            "Growth of the disk: not configured",
            ["growth_percent": nil, "min_increment_gb": nil, "max_size_gb": nil],
            .fields(
                .init("growth_percent", .nullable(.number)), .init("min_increment_gb", .nullable(.number)),
                .init("max_size_gb", .nullable(.number)))),
        NeutralAnswer(
            "/platform/projects/{ref}/notifications/advisor/exceptions", .permission(.advisorsRead),
            "Dismissed advice: none can be dismissed", ["exceptions": []], .fields(.init("exceptions", list))),
        NeutralAnswer(
            "/platform/projects/{ref}/analytics/log-drains", .permission(.analyticsLogsRead),
            "Log drains: there are none", [], list),
    ]

    fileprivate static let storage: [NeutralAnswer] =
        ["sources", "destinations", "pipelines"].map { name in
            NeutralAnswer(
                "/platform/replication/{ref}/\(name)", .permission(.databaseRead), "Replication: there is none",
                .object([name: []]), .fields(.init(name, list)))
        } + [
            NeutralAnswer(
                "/platform/storage/{ref}/analytics-buckets", .permission(.storageRead),
                "Analytics buckets: there are none",
                ["data": []], .fields(.init("data", list))),
            NeutralAnswer(
                "/platform/storage/{ref}/vector-buckets", .permission(.storageRead), "Vector buckets: there are none",
                ["vectorBuckets": []], .fields(.init("vectorBuckets", list))),
        ]

    fileprivate static let management: [NeutralAnswer] = [
        NeutralAnswer(
            "/v1/projects/{ref}/actions", .permission(.actionRunsRead), "Runs of branch workflows: there are none", [],
            list, isCounted: true),
        NeutralAnswer(
            "/v1/projects/{ref}/branches", .anyOf([.productionBranchesRead, .developmentBranchesRead]),
            "Branches: there are none", [], list),
        NeutralAnswer(
            "/v1/projects/{ref}/readonly", .permission(.readOnlyModeRead),
            "Read-only mode: nothing here ever turns it on",
            ["enabled": false, "override_enabled": false, "override_active_until": ""],
            .fields(
                .init("enabled", .boolean), .init("override_enabled", .boolean),
                .init("override_active_until", .text))),
        NeutralAnswer(
            swallowing: "/v1/projects/{ref}/readonly/temporary-disable", .permission(.readOnlyModeWrite),
            "Lift read-only mode for a while: it is never on"),
        NeutralAnswer(
            "/v1/projects/{ref}/jit-access", .permission(.projectAdminRead), "Just-in-time access: not in use",
            ["state": "disabled"], .fields(.init("state", .choice(["enabled", "disabled", "unavailable"])))),
        NeutralAnswer(
            "/v1/projects/{ref}/database/jit/list", .permission(.databaseJITRead),
            "Accounts with just-in-time access: none", ["items": []], .fields(.init("items", list))),
        NeutralAnswer(
            "/v1/projects/{ref}/vanity-subdomain", .permission(.vanitySubdomainRead), "Vanity subdomain: not used",
            ["status": "not-used"],
            .fields(.init("status", .choice(["not-used", "custom-domain-used", "active"])))),
        NeutralAnswer(
            "/v1/projects/{ref}/config/auth/third-party-auth", .permission(.authConfigRead),
            "Third-party issuers of tokens: there are none", [], list),
    ]

    /// What Studio of early 2024 asked for under other names.
    fileprivate static let older: [NeutralAnswer] =
        ["/projects/{ref}/jwt-secret-update-status", "/props/project/{ref}/jwt-secret-update-status"].map { path in
            NeutralAnswer(
                path, .permission(.projectAdminRead), "A change of the JWT secret in progress: there is none",
                ["jwtSecretUpdateStatus": nil], .fields(.init("jwtSecretUpdateStatus", .nullable(.anything))))
        }
}
