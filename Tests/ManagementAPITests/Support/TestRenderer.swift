import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler

/// The template of the doubles, with the second of the two keys that clients ask for.
struct TestRenderer: StackRenderer {
    let base = FakeRenderer(SampleTemplates.twelve)

    func requirements(services: [String]?) throws(TemplateError) -> StackRequirements {
        var needs = try base.requirements(services: services)
        needs.tokens.append(TokenRequirement(name: "SERVICE_ROLE_KEY", role: "service_role"))
        return needs
    }

    func render(_ project: ProjectRecord, values: ProjectValues) throws(TemplateError) -> DesiredStack {
        try base.render(project, values: values)
    }

    /// What the settings tables need of a template: the variables that they name.
    func declaredSettings() throws(TemplateError) -> [DeclaredSetting] {
        let tables = [
            AuthSettings.table, StackSettings.rest, StackSettings.storage, StackSettings.realtime,
            StackSettings.pooler, StackSettings.postgres,
        ]
        let all = tables.flatMap(\.settings).compactMap { setting in
            setting.variable.map {
                DeclaredSetting(name: $0, defaultValue: Self.defaults[$0], isSecret: setting.isSecret)
            }
        }
        return all.sorted { $0.name < $1.name }
    }

    private static let defaults = [
        "SITE_URL": "http://localhost:3000", "ADDITIONAL_REDIRECT_URLS": "", "DISABLE_SIGNUP": "false",
        "JWT_EXPIRY": "3600", "PGRST_DB_SCHEMAS": "public,graphql_public", "PGRST_DB_EXTRA_SEARCH_PATH": "public",
        "PGRST_DB_MAX_ROWS": "1000", "FILE_SIZE_LIMIT": "52428800",
        "POOLER_DEFAULT_POOL_SIZE": "20", "POOLER_MAX_CLIENT_CONN": "100",
    ]

    func export(_ project: ProjectRecord, values: ProjectValues) throws(TemplateError) -> StackExport {
        try base.export(project, values: values)
    }

    var projectFiles: [String: [UInt8]] { [:] }

    func apiURL(of leases: Leases) -> String { "http://127.0.0.1:\(leases.ports["GATEWAY_PORT"] ?? 0)" }
}
