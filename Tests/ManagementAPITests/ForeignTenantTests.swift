import HTTPTypes
import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// What a credential names is not what it sees: refs stand in every anon key and slugs in every address.
@Suite("Foreign tenants")
struct ForeignTenantTests {
    private static let scoped = "/platform/profile/scoped-access-tokens"
    private static let permissions = Permission.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ",")

    @Test("a scoped token that names a foreign project or organization is not made")
    func creation() async throws {
        try await APIHost.run { host in
            let ref = try await host.create("victim")
            for (field, value) in [("project_refs", ref.text), ("organization_slugs", "default")] {
                for other in ["", #","\#(field)":["\#(value)"]"#] {
                    let body = #"{"name":"x","permissions":["projects_read"]\#(other)}"#
                    let answer = try await host.send("POST", Self.scoped, body: body, token: Person.stranger.token)
                    #expect(answer.status == (other.isEmpty ? 201 : 404), "\(field)")
                }
            }
            let unknown = #"{"name":"x","permissions":["projects_read"],"project_refs":["\#(ProjectRef.sample(9))"]}"#
            #expect(try await host.send("POST", Self.scoped, body: unknown).status == 404)
            let own = #"{"name":"x","permissions":["projects_read"],"project_refs":["\#(ref)"]}"#
            #expect(try await host.send("POST", Self.scoped, body: own).status == 201)
        }
    }

    /// As if a version before had made such a token.
    private static func foreignToken(_ ref: ProjectRef, slugs: Set<String>?) -> TokenTable {
        var stranger = Person.stranger.principal
        stranger.credential = .scopedToken(
            TokenScope(
                tokenID: "00000000-0000-4000-8000-000000000001", permissions: Set(Permission.allCases),
                organizationSlugs: slugs, projectRefs: [ref]))
        var table = TokenTable()
        table.principals["sbp_" + String(repeating: "abcde", count: 8)] = stranger
        return table
    }

    @Test(
        "no route that reads shows anything of a foreign project to a token that names it",
        arguments: [nil, ["default"], ["elsewhere", "default"]] as [Set<String>?])
    func lists(slugs: Set<String>?) async throws {
        // The refs of projects are drawn: the table has to know the one that will be there.
        let ref = ProjectRef.sample(77)
        let token = "sbp_" + String(repeating: "abcde", count: 8)
        try await APIHost.run(verifier: Self.foreignToken(ref, slugs: slugs)) { host in
            let made = try await host.create("victim")
            guard let record = try await host.store.project(made), let subnet = IPv4Network("10.91.77.0/27") else {
                throw HostError("there is no project")
            }
            // The same project under the ref that the token names, in the organization of others.
            _ = try await host.store.insert(
                NewProject(
                    ref: ref, name: try ProjectName("the-victim"), organizationSlug: "default", region: record.region,
                    cloudProvider: record.cloudProvider, services: record.services,
                    leases: Leases(ports: ["PORT": 31_077], subnet: subnet),
                    secrets: SealedSecrets(wrappedKey: [1], values: [:]), at: record.insertedAt))
            guard let victim = try await host.store.project(ref) else { throw HostError("there is no victim") }
            try await host.notifications.note(StatusTransitionFixture.failed(ref).event(), of: victim)
            for route in allRoutes() where route.method == .get && route.access != .open {
                let path = route.path.replacing("{ref}", with: ref.text).replacing("{slug}", with: "default")
                    .replacing(/\{\w+\}/, with: "1")
                let answer = try await host.send("GET", path, token: token)
                #expect(!answer.text.contains("the-victim"), "\(route.name)")
                // The permissions are named as the token names them.
                let isAbout =
                    route.path.hasSuffix("/profile/permissions")
                    || route.parameterNames.contains { $0 == "ref" || $0 == "slug" }
                #expect(isAbout || !answer.text.contains(ref.text), "\(route.name)")
            }
        }
    }
}
