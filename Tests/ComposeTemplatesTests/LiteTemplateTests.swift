import Foundation
import Orchestrator
import ProjectModel
import Reconciler
import SettingTables
import Testing

@testable import ComposeTemplates

/// The stack of PostgreSQL and our own server, rendered without an engine.
@Suite("Rendering the lite template")
struct LiteTemplateTests {
    private static let folder =
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path + "/Templates/lite"

    private func renderer() throws -> ComposeStackRenderer {
        ComposeStackRenderer(
            template: try StackTemplate(folder: Self.folder),
            settings: .init(
                bindAddress: "127.0.0.1", publicHost: "127.0.0.1", imageRegistry: "mirror.example.com",
                projectsFolder: "/data/projects"))
    }

    private func stack(_ settings: [String: String] = [:]) throws -> DesiredStack {
        let renderer = try renderer()
        let now = Timestamp(milliseconds: 0)
        let record = ProjectRecord(
            number: 1, ref: try #require(ProjectRef("abcdefghijklmnopqrst")), name: try ProjectName("demo"),
            organizationSlug: "default", region: "local", cloudProvider: "AWS", status: .provisioning,
            stack: try #require(StackName("lite")),
            services: ["api", "db", "functions"].compactMap { ServiceName($0) },
            leases: Leases(
                ports: ["GATEWAY_PORT": 61_000, "POSTGRES_PORT": 61_001],
                subnet: try #require(IPv4Network("10.201.0.64/27"))),
            insertedAt: now, updatedAt: now, statusChangedAt: now)
        let needs = try renderer.requirements(services: nil)
        let names = needs.secrets.map(\.name) + needs.tokens.map(\.name)
        var values = ProjectValues(secrets: Dictionary(uniqueKeysWithValues: names.map { ($0, Secret("S3cret\($0)")) }))
        values.settings = settings.mapValues { Secret($0) }
        return try renderer.render(record, values: values)
    }

    private func service(_ name: String, of stack: DesiredStack) throws -> DesiredService {
        let name = try #require(ServiceName(name))
        return try #require(stack.services[name])
    }

    @Test("a project has three services and two ports, and passes the check that the manager makes")
    func services() throws {
        _ = try TemplateValidation(try StackTemplate(folder: Self.folder))
        let needs = try renderer().requirements(services: nil)
        #expect(needs.services.map(\.text) == ["api", "db", "functions"])
        #expect(needs.ports == ["GATEWAY_PORT", "POSTGRES_PORT"])
        #expect(needs.volumes == ["db-data", "storage-data"])
        #expect(try renderer().requirements(services: ["db"]).ports == ["POSTGRES_PORT"])
    }

    @Test("its images are made on the host: no registry stands before them, and they are never pulled")
    func images() throws {
        let images = try renderer().images()
        #expect(
            images.map(\.name).sorted() == [
                "supamanager/functions:unbuilt", "supamanager/lite-db:15.0-unbuilt", "supamanager/projectd:unbuilt",
            ])
        #expect(images.allSatisfy { !$0.isPulled })
        let stack = try stack()
        #expect(stack.services.values.allSatisfy { !$0.spec.pullsImage })
        #expect(Set(stack.services.values.map(\.spec.image)) == Set(images.map(\.name)))
        #expect(postgresMajor(ofImage: try service("db", of: stack).spec.image) == 15)
    }

    @Test("bodies in hand, ten times their size, fit into the memory of api")
    func bodies() throws {
        let spec = try service("api", of: stack()).spec
        let environment = spec.environment.reveal()
        let one = try #require(environment["PROJECTD_BODY_BYTES_MAX"].flatMap { Int64($0) })
        let all = try #require(environment["PROJECTD_BODIES_BYTES_MAX"].flatMap { Int64($0) })
        let memory = try #require(spec.resources.memoryBytes)
        #expect(one <= all && all * 10 < memory)
    }

    @Test("no service runs as root, writes its own files, or has a right to lose")
    func confinement() throws {
        for service in try stack().services.values {
            let spec = service.spec
            #expect(spec.user?.hasPrefix("0") == false && spec.isReadOnly, "\(service.name)")
            #expect(spec.droppedCapabilities == ["ALL"] && spec.addedCapabilities.isEmpty, "\(service.name)")
            #expect(spec.securityOptions == ["no-new-privileges:true"], "\(service.name)")
            #expect(spec.resources.memoryBytes != nil && spec.resources.processesMax != nil, "\(service.name)")
            #expect(service.probe != nil, "\(service.name)")
        }
    }

    @Test("only the database gets the owner's password as such; each API logs in as the role that can do least for it")
    func secrets() throws {
        let stack = try stack()
        let api = try service("api", of: stack).spec.environment.reveal()
        #expect(api["PGRST_DB_URI"]?.contains("//authenticator:") == true)
        #expect(api["GOTRUE_DB_DATABASE_URL"]?.contains("//supabase_auth_admin:") == true)
        #expect(api["STORAGE_DATABASE_URL"]?.contains("//supabase_storage_admin:") == true)
        let administrating = api.filter { $0.value.contains("supabase_admin") || $0.value.contains("//postgres:") }
        #expect(administrating.keys.sorted() == ["REALTIME_DB_URI"], "it reads the log, and rows as any client's role")
        #expect(Set(try service("db", of: stack).spec.environment.reveal().keys) == ["POSTGRES_PASSWORD"])
    }

    @Test("functions get no password of the database, and reach nothing but the gateway")
    func functions() throws {
        let stack = try stack()
        let spec = try service("functions", of: stack).spec
        let environment = spec.environment.reveal()
        #expect(!environment.values.contains { $0.contains("POSTGRES_PASSWORD") })
        #expect(environment["SUPABASE_URL"] == "http://api:8000" && environment["SUPABASE_DB_URL"] == nil)
        #expect(environment["SUPABASE_SECRET_KEYS"] == "{}")
        let inside = stack.networks.filter(\.isInternal)
        #expect(inside.map(\.composeName) == ["functions"])
        #expect(inside.map(\.subnet.description) == ["10.201.0.80/28"])
        #expect(stack.functionsFolder == "volumes/functions")
    }

    @Test("addresses count as confirmed until there is a mail server, and the settings say so")
    func autoconfirm() throws {
        func effective(_ settings: [String: String]) throws -> String? {
            try service("api", of: stack(settings)).spec.environment.reveal()["GOTRUE_MAILER_AUTOCONFIRM"]
        }
        func shown(_ settings: [String: String]) throws -> SettingValue? {
            let own = settings.mapValues { Secret($0) }
            let renderer = try renderer()
            return AuthSettings.table.values(
                ProjectSettingsValues(
                    values: own, declared: try renderer.declaredSettings(given: own),
                    apiNames: try renderer.roles().settingNames))["mailer_autoconfirm"]
        }
        let server = ["SMTP_HOST": "mail.example.com"]
        for (settings, value) in [
            ([:], true), (server, false), (server.merging(["ENABLE_EMAIL_AUTOCONFIRM": "true"]) { $1 }, true),
            (["ENABLE_EMAIL_AUTOCONFIRM": "false"], false),
        ] {
            #expect(try effective(settings) == "\(value)", "\(settings)")
            #expect(try shown(settings) == .flag(value), "\(settings)")
        }
    }

    @Test("what the API may set of auth has a variable that the server reads")
    func authSettings() throws {
        let names = try renderer().roles().settingNames
        let wanted = [
            "site_url": "SITE_URL", "disable_signup": "DISABLE_SIGNUP", "smtp_host": "SMTP_HOST",
            "jwt_exp": "JWT_EXPIRY", "external_google_client_id": "GOTRUE_EXTERNAL_GOOGLE_CLIENT_ID",
            "external_google_additional_client_ids": "GOTRUE_EXTERNAL_GOOGLE_ADDITIONAL_CLIENT_IDS",
            "external_keycloak_url": "GOTRUE_EXTERNAL_KEYCLOAK_URL",
            "external_zoom_secret": "GOTRUE_EXTERNAL_ZOOM_SECRET",
        ]
        for (key, variable) in wanted { #expect(names[SettingName(.auth, key)] == variable) }
        let values = Dictionary(uniqueKeysWithValues: wanted.values.map { ($0, "v-\($0)") })
        let environment = try service("api", of: stack(values)).spec.environment.reveal()
        for value in values.values { #expect(environment.values.contains(value), "\(value)") }
    }

    @Test("a setting reaches its service, and replaces the container of that service alone")
    func settings() throws {
        let (before, after) = (try stack(), try stack(["POSTGRES_WORK_MEM": "8MB", "PGRST_DB_MAX_ROWS": "1000"]))
        let command = try service("db", of: after).spec.command ?? []
        #expect(command.contains("work_mem=8MB"))
        #expect(try service("api", of: before).configHash == service("api", of: after).configHash)
        #expect(try service("db", of: before).configHash != service("db", of: after).configHash)
    }
}
