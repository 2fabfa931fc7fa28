import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import SettingTables

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI
@testable import Projects

/// The template of the doubles, with the second of the two keys that clients ask for.
struct TestRenderer: StackRenderer {
    var base = FakeRenderer(SampleTemplates.twelve)
    /// Whether the template is the sample one, to which the second key and all settings of the API are added.
    var isSample = true

    /// A stack in which everything has another name.
    static let other = TestRenderer(
        base: FakeRenderer(OtherNames.services, names: OtherNames.names), isSample: false)

    func requirements(services: [String]?) throws(TemplateError) -> StackRequirements {
        var needs = try base.requirements(services: services)
        guard isSample else { return needs }
        needs.tokens.append(TokenRequirement(name: "SERVICE_ROLE_KEY", role: "service_role"))
        return needs
    }

    func render(_ project: ProjectRecord, values: ProjectValues) throws(TemplateError) -> DesiredStack {
        try base.render(project, values: values)
    }

    func roles() throws(TemplateError) -> StackRoles { try base.roles() }

    /// A variable for every setting of the API.
    func declaredSettings(given settings: [String: Secret<String>]) throws(TemplateError) -> [DeclaredSetting] {
        guard isSample else { return try base.declaredSettings(given: settings) }
        let all = SampleSettings.tables.flatMap { table in
            table.settings.filter { !$0.isFixed }.map { setting in
                let name = SampleSettings.variable(of: SettingName(table.area, setting.key))
                return DeclaredSetting(name: name, defaultValue: Self.defaults[name], isSecret: setting.isSecret)
            }
        }
        let user = DeclaredSetting(name: "DASHBOARD_USERNAME", defaultValue: "supabase")
        return (all + [user]).sorted { $0.name < $1.name }
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

    func endpoint(of leases: Leases) -> ProjectEndpoint? {
        guard let host = PublicHost("127.0.0.1") else { return nil }
        return base.names.roles.ports[.gateway].flatMap { leases.ports[$0] }.map {
            ProjectEndpoint(host: host, port: $0)
        }
    }
}

extension ConnectionData {
    /// Connection data of a project of the sample stack.
    init(_ record: ProjectRecord, _ configuration: ManagementAPIConfiguration) throws {
        try self.init(ProjectStack(record, roles: TemplateNames.sample.roles), configuration.publicHost)
    }
}
