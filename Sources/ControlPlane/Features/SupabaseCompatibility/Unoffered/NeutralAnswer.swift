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

    init(_ path: String, access: Access, summary: String, body: JSON, schema: Schema, isCounted: Bool = false) {
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
            method, path, access: access,
            operation: Operation(
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
                "/platform/telemetry/feature-flags", access: .signedIn, summary: "Feature flags: none are set",
                body: [:], schema: .map(.anything)),
            NeutralAnswer(
                "/platform/stripe/invoices/overdue", access: .signedIn, summary: "Overdue invoices: there are none",
                body: [], schema: list),
            NeutralAnswer(
                "/platform/integrations", access: .signedIn, summary: "Integrations: there are none", body: [],
                schema: list),
            NeutralAnswer(
                "/platform/integrations/{slug}", access: .permission(.organizationAdminRead),
                summary: "Integrations of an organization: there are none", body: [], schema: list),
            NeutralAnswer(
                "/platform/integrations/github/connections", access: .signedIn,
                summary: "Connections to GitHub: there are none",
                body: ["connections": []], schema: .fields(.init("connections", list))),
            NeutralAnswer(
                "/platform/integrations/github/repositories", access: .signedIn,
                summary: "Repositories on GitHub: none is connected",
                body: ["repositories": [], "partial_response_due_to_sso": false],
                schema: .fields(.init("repositories", list), .init("partial_response_due_to_sso", .boolean))),
            NeutralAnswer(
                "/platform/workflow-runs", access: .signedIn, summary: "Runs of branch workflows: there are none",
                body: [], schema: list,
                isCounted: true),
            NeutralAnswer(
                "/platform/plans/features", access: .signedIn, summary: "Features by plan: there are no plans",
                body: [:], schema: .map(.anything)),
            NeutralAnswer(
                "/platform/projects-resource-warnings", access: .permission(.projectsRead),
                summary: "Warnings about resources: none are raised by project", body: [], schema: list),
        ] + events.map { NeutralAnswer(swallowing: "/platform/telemetry/\($0)", .signedIn, "Telemetry: dropped") }

    private static let events = [
        "event", "page", "page-leave", "identify", "reset", "groups/identify", "groups/reset", "feature-flags/track",
    ]

    fileprivate static let organizations: [NeutralAnswer] = [
        NeutralAnswer(
            "/platform/organizations/{slug}/billing/plans", access: .permission(.organizationAdminRead),
            summary: "Plans: there are none", body: ["plans": []], schema: .fields(.init("plans", list))),
        NeutralAnswer(
            "/platform/organizations/{slug}/payments", access: .permission(.organizationAdminRead),
            summary: "Payment methods: there are none", body: ["data": [], "defaultPaymentMethodId": nil],
            schema: .fields(.init("data", list), .init("defaultPaymentMethodId", .nullable(.text)))),
        NeutralAnswer(
            "/platform/organizations/{slug}/tax-ids", access: .permission(.organizationAdminRead),
            summary: "Tax number: none is kept",
            body: ["tax_id": nil], schema: .fields(.init("tax_id", .nullable(.anything)))),
        NeutralAnswer(
            "/platform/organizations/{slug}/customer", access: .permission(.organizationAdminRead),
            summary: "The customer behind an organization: there is none",
            body: [
                "email": "", "balance": 0, "billing_via_partner": false, "additional_emails": nil, "tax_id": nil,
            ],
            schema: .fields(
                .init("email", .text), .init("balance", .number), .init("billing_via_partner", .boolean),
                .init("additional_emails", .nullable(list)), .init("tax_id", .nullable(.anything)))),
        NeutralAnswer(
            "/platform/organizations/{slug}/oauth/apps", access: .permission(.organizationAdminRead),
            summary: "OAuth applications: there are none", body: [], schema: list),
    ]

    fileprivate static let projects: [NeutralAnswer] = [
        NeutralAnswer(
            "/platform/projects/{ref}/load-balancers", access: .permission(.projectAdminRead),
            summary: "Load balancers: there are none",
            body: [], schema: list),
        NeutralAnswer(
            "/platform/projects/{ref}/config/pgbouncer/status", access: .permission(.databaseRead),
            summary: "PgBouncer: not in use",
            body: ["active": false], schema: .fields(.init("active", .boolean))),
        NeutralAnswer(
            "/platform/projects/{ref}/disk", access: .permission(.diskConfigRead),
            summary: "The disk of a project: it has none of its own, so there are no numbers",
            body: ["attributes": ["type": "gp3", "size_gb": nil, "iops": nil, "throughput_mbps": nil]],
            schema: .fields(
                .init(
                    "attributes",
                    .fields(
                        .init("type", .choice(["gp3", "io2"])), .init("size_gb", .nullable(.number)),
                        .init("iops", .nullable(.number)), .init("throughput_mbps", .nullable(.number)))))),
        NeutralAnswer(
            "/platform/projects/{ref}/disk/custom-config", access: .permission(.diskConfigRead),
            summary: "Growth of the disk: not configured",
            body: ["growth_percent": nil, "min_increment_gb": nil, "max_size_gb": nil],
            schema: .fields(
                .init("growth_percent", .nullable(.number)), .init("min_increment_gb", .nullable(.number)),
                .init("max_size_gb", .nullable(.number)))),
        NeutralAnswer(
            "/platform/projects/{ref}/notifications/advisor/exceptions", access: .permission(.advisorsRead),
            summary: "Dismissed advice: none can be dismissed", body: ["exceptions": []],
            schema: .fields(.init("exceptions", list))),
        NeutralAnswer(
            "/platform/projects/{ref}/analytics/log-drains", access: .permission(.analyticsLogsRead),
            summary: "Log drains: there are none", body: [], schema: list),
    ]

    fileprivate static let storage: [NeutralAnswer] =
        ["sources", "destinations", "pipelines"].map { name in
            NeutralAnswer(
                "/platform/replication/{ref}/\(name)", access: .permission(.databaseRead),
                summary: "Replication: there is none",
                body: .object([name: []]), schema: .fields(.init(name, list)))
        } + [
            NeutralAnswer(
                "/platform/storage/{ref}/analytics-buckets", access: .permission(.storageRead),
                summary: "Analytics buckets: there are none",
                body: ["data": []], schema: .fields(.init("data", list))),
            NeutralAnswer(
                "/platform/storage/{ref}/vector-buckets", access: .permission(.storageRead),
                summary: "Vector buckets: there are none",
                body: ["vectorBuckets": []], schema: .fields(.init("vectorBuckets", list))),
        ]

    fileprivate static let management: [NeutralAnswer] = [
        NeutralAnswer(
            "/v1/projects/{ref}/actions", access: .permission(.actionRunsRead),
            summary: "Runs of branch workflows: there are none", body: [],
            schema: list, isCounted: true),
        NeutralAnswer(
            "/v1/projects/{ref}/branches", access: .anyOf([.productionBranchesRead, .developmentBranchesRead]),
            summary: "Branches: there are none", body: [], schema: list),
        NeutralAnswer(
            "/v1/projects/{ref}/readonly", access: .permission(.readOnlyModeRead),
            summary: "Read-only mode: nothing here ever turns it on",
            body: ["enabled": false, "override_enabled": false, "override_active_until": ""],
            schema: .fields(
                .init("enabled", .boolean), .init("override_enabled", .boolean),
                .init("override_active_until", .text))),
        NeutralAnswer(
            swallowing: "/v1/projects/{ref}/readonly/temporary-disable", .permission(.readOnlyModeWrite),
            "Lift read-only mode for a while: it is never on"),
        NeutralAnswer(
            "/v1/projects/{ref}/jit-access", access: .permission(.projectAdminRead),
            summary: "Just-in-time access: not in use",
            body: ["state": "disabled"],
            schema: .fields(.init("state", .choice(["enabled", "disabled", "unavailable"])))),
        NeutralAnswer(
            "/v1/projects/{ref}/database/jit/list", access: .permission(.databaseJITRead),
            summary: "Accounts with just-in-time access: none", body: ["items": []],
            schema: .fields(.init("items", list))),
        NeutralAnswer(
            "/v1/projects/{ref}/vanity-subdomain", access: .permission(.vanitySubdomainRead),
            summary: "Vanity subdomain: not used",
            body: ["status": "not-used"],
            schema: .fields(.init("status", .choice(["not-used", "custom-domain-used", "active"])))),
        NeutralAnswer(
            "/v1/projects/{ref}/config/auth/third-party-auth", access: .permission(.authConfigRead),
            summary: "Third-party issuers of tokens: there are none", body: [], schema: list),
    ]

    /// What Studio of early 2024 asked for under other names.
    fileprivate static let older: [NeutralAnswer] =
        ["/projects/{ref}/jwt-secret-update-status", "/props/project/{ref}/jwt-secret-update-status"].map { path in
            NeutralAnswer(
                path, access: .permission(.projectAdminRead),
                summary: "A change of the JWT secret in progress: there is none",
                body: ["jwtSecretUpdateStatus": nil],
                schema: .fields(.init("jwtSecretUpdateStatus", .nullable(.anything))))
        }
}
