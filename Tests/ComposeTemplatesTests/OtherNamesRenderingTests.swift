import Foundation
import Orchestrator
import ProjectModel
import Reconciler
import Testing

@testable import ComposeTemplates

/// A template whose services, variables and SQL roles have other names than those of the Supabase template.
@Suite("Rendering a stack with other names")
struct OtherNamesRenderingTests {
    private static let text = """
        x-supamanager:
          roles: { database: store, gateway: door, auth: server, rest: server }
          health-names: { db: database, auth: auth, rest: rest }
          database: { name: rows, owner: keeper, administrator: chief }
          token-claims: { anon: visitor }
          ports: { DOOR_AT: { purpose: gateway }, STORE_AT: { purpose: database } }
          secrets:
            MASTER: { alphabet: alphanumeric, length: 16, purpose: database-password }
            SIGNING: { alphabet: alphanumeric, length: 40, purpose: token-signing }
          tokens: { OPEN_TOKEN: { role: anon } }
          api-keys: { ALL_OPEN: publishable-list, OWN: manager, DESK: manager-without-legacy, PROOF: token-key-set }
          variables: { HOME_PAGE: { default: "http://localhost:1" } }
          settings: { auth: { site_url: HOME_PAGE } }
        services:
          store:
            image: registry.example:5000/rows/store:17.2
            environment: { PASSWORD: "${MASTER}" }
            ports: ["127.0.0.1:${STORE_AT}:5432"]
            volumes: ["rows:/data"]
          server:
            image: one/server:1
            environment: { HOME: "${HOME_PAGE}", OPEN: "${OPEN_TOKEN}" }
            x-supamanager:
              probes:
                auth: { http: { port: 9000, path: /auth } }
                rest: { tcp: { port: 9001 } }
          door:
            image: one/door:1
            environment: { KEYS: "${ALL_OPEN:-}", OWN: "${OWN:-}", DESK: "${DESK:-none}", PROOF: "${PROOF}" }
            ports: ["127.0.0.1:${DOOR_AT}:80"]
        volumes: { rows: }
        """

    private let renderer: ComposeStackRenderer
    private let record: ProjectRecord

    init() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "stack-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(Self.text.utf8).write(to: folder.appending(path: "compose.yaml"))
        renderer = ComposeStackRenderer(
            template: try StackTemplate(folder: folder.path),
            settings: .init(
                bindAddress: "127.0.0.1", publicHost: "127.0.0.1", imageRegistry: nil, projectsFolder: "/projects"))
        let now = Timestamp(milliseconds: 0)
        record = ProjectRecord(
            number: 1, ref: try #require(ProjectRef("abcdefghijklmnopqrst")), name: try ProjectName("demo"),
            organizationSlug: "default", region: "local", cloudProvider: "AWS", status: .active,
            services: ["door", "server", "store"].compactMap { ServiceName($0) },
            leases: Leases(
                ports: ["DOOR_AT": 61_000, "STORE_AT": 61_001], subnet: try #require(IPv4Network("10.201.0.64/27"))),
            insertedAt: now, updatedAt: now, statusChangedAt: now)
    }

    private func service(_ name: String, _ change: (inout ProjectValues) -> Void = { _ in }) throws -> DesiredService {
        let minted = ["MASTER": "m", "SIGNING": "s", "OPEN_TOKEN": "t", "OWN": "own"].mapValues { Secret($0) }
        var values = ProjectValues(secrets: minted)
        change(&values)
        let service = try #require(ServiceName(name))
        return try #require(try renderer.render(record, values: values).services[service])
    }

    @Test("what it needs has its names, and tokens name its SQL roles")
    func requirements() throws {
        let needs = try renderer.requirements(services: nil)
        #expect(needs.ports == ["DOOR_AT", "STORE_AT"] && needs.tokenSecret == "SIGNING")
        #expect(needs.secrets.map(\.name) == ["MASTER", "SIGNING"])
        #expect(needs.tokens == [TokenRequirement(name: "OPEN_TOKEN", role: "visitor")])
        #expect(renderer.endpoint(of: try #require(record.leases))?.url == "http://127.0.0.1:61000")
        let roles = try renderer.roles()
        #expect(roles.databaseVersion == "17.2" && roles.database?.readOnly == nil)
    }

    @Test("services know their roles, and one with several is asked about each")
    func services() throws {
        #expect(try service("store").roles == [.database] && service("store").isDatabase)
        let server = try service("server")
        #expect(server.roles == [.auth, .rest] && !server.isDatabase)
        #expect(
            server.probe
                == .several([
                    .auth: .http(port: 9_000, path: "/auth", status: nil, headers: [:]), .rest: .tcp(port: 9_001),
                ]))
    }

    @Test("API keys come in the forms and under the variables that it asks for")
    func keys() throws {
        var environment = try service("door").spec.environment.reveal()
        #expect(environment["OWN"] == "own" && environment["DESK"] == "none")
        #expect(environment["PROOF"] == #"{"keys":[{"kty":"oct","alg":"HS256","k":"cw"}]}"#)
        environment = try service("door") { $0.acceptsLegacyKeys = false }.spec.environment.reveal()
        #expect(environment["DESK"] == "own")
    }
}
