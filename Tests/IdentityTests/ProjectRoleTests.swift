import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@Suite("Roles for some projects")
struct ProjectRoleTests {
    private static let slug = IdentityHost.slug

    private func setRole(
        _ host: IdentityHost, _ role: Int64, of account: Principal, projects: [ProjectRef]?
    ) async throws -> IdentityError? {
        let owner = try await host.owner
        return await refusal { () async throws(IdentityError) in
            try await host.directory.setRole(
                of: account.account.id, in: Self.slug, role: role, projects: projects, by: owner)
        }
    }

    /// All roles that there are.
    private func roles(_ host: IdentityHost) async throws -> (organization: [Role], projectScoped: [ProjectScopedRole])
    {
        try await host.directory.roles(of: Self.slug, visibleTo: try await host.owner)
    }

    @Test("a member limited to projects sees those, and of the organization only that it is there")
    func limited() async throws {
        let host = try await IdentityHost()
        let (first, second) = (try await host.addProject(1), try await host.addProject(2))
        let person = try await host.person("one", .readOnly)
        #expect(try await setRole(host, 3, of: person, projects: [first]) == nil)
        let both = try await host.again(person)
        #expect(both.permissions(in: Self.slug, project: first) == BaseRole.developer.permissions)
        #expect(both.permissions(in: Self.slug, project: second) == BaseRole.readOnly.permissions)
        try await host.directory.removeRole(4, of: person.account.id, in: Self.slug, by: try await host.owner)
        let limited = try await host.again(person)
        let presence: Set<Permission> = [.organizationsRead, .organizationProjectsRead, .membersRead]
        #expect(limited.permissions(in: Self.slug) == presence && limited.sees(organization: Self.slug))
        #expect(limited.visibleProjects(in: Self.slug) == [first])
        #expect(try await host.directory.organizations(of: limited).map(\.slug) == [Self.slug])
    }

    @Test("roles are listed with the names of their projects, and disappear with their last member")
    func listed() async throws {
        let host = try await IdentityHost()
        let refs = [try await host.addProject(1), try await host.addProject(2)]
        let (one, other) = (try await host.person("one", .readOnly), try await host.person("other", .readOnly))
        for person in [one, other] { #expect(try await setRole(host, 3, of: person, projects: refs) == nil) }
        let (four, scoped) = try await roles(host)
        #expect(four.map(\.number) == [1, 2, 3, 4] && four.map(\.base) == BaseRole.allCases)
        #expect(scoped.map(\.role.base) == [.developer])
        #expect(scoped.first?.projects.map(\.name) == ["Project 1", "Project 2"])
        let number = try #require(scoped.first?.role.number)
        for person in [one, other] {
            #expect(try await roles(host).projectScoped.count == 1)
            try await host.directory.removeRole(number, of: person.account.id, in: Self.slug, by: try await host.owner)
        }
        #expect(try await roles(host).projectScoped.isEmpty)
    }

    @Test("a member of some projects learns the names of those alone")
    func listedForFew() async throws {
        let host = try await IdentityHost()
        let refs = [try await host.addProject(1), try await host.addProject(2)]
        let (one, other) = (try await host.person("one", .readOnly), try await host.person("other", .readOnly))
        #expect(try await setRole(host, 3, of: one, projects: [refs[0]]) == nil)
        #expect(try await setRole(host, 3, of: other, projects: refs) == nil)
        #expect(try await setRole(host, 2, of: other, projects: [refs[1]]) == nil)
        try await host.directory.removeRole(4, of: one.account.id, in: Self.slug, by: try await host.owner)
        let seen = try await host.directory.roles(of: Self.slug, visibleTo: try await host.again(one)).projectScoped
        #expect(!seen.isEmpty && seen.allSatisfy { $0.projects.map(\.name) == ["Project 1"] })
    }

    @Test("a member can be moved from a role's projects to others, and a role be shared by its number")
    func moved() async throws {
        let host = try await IdentityHost()
        let refs = [try await host.addProject(1), try await host.addProject(2)]
        let (one, other) = (try await host.person("one", .readOnly), try await host.person("other", .readOnly))
        #expect(try await setRole(host, 3, of: one, projects: [refs[0]]) == nil)
        let number = try #require(try await roles(host).projectScoped.first?.role.number)
        #expect(try await setRole(host, number, of: other, projects: nil) == nil)
        #expect(try await setRole(host, number, of: one, projects: [refs[1]]) == nil)
        #expect(try await host.again(one).permissions(in: Self.slug, project: refs[0]) == BaseRole.readOnly.permissions)
        #expect(
            try await host.again(one).permissions(in: Self.slug, project: refs[1]) == BaseRole.developer.permissions)
        #expect(
            try await host.again(other).permissions(in: Self.slug, project: refs[0]) == BaseRole.developer.permissions)
    }

    @Test("projects of elsewhere, too many of them, and owners of some only are refused")
    func refused() async throws {
        let host = try await IdentityHost()
        let ref = try await host.addProject(1)
        let elsewhere = try await host.addProject(2, in: "elsewhere")
        let person = try await host.person("one", .readOnly)
        #expect(try await setRole(host, 3, of: person, projects: [ref, elsewhere])?.isNotFound == true)
        #expect(try await setRole(host, 1, of: person, projects: [ref])?.isInvalid == true)
        let many = (0..<101).map { ProjectRef.sample($0) }
        #expect(try await setRole(host, 3, of: person, projects: many)?.isInvalid == true)
        #expect(try await setRole(host, 1_000, of: person, projects: nil)?.isNotFound == true)
    }

    @Test("an administrator of some projects changes no member")
    func limitedAdministrator() async throws {
        let host = try await IdentityHost()
        let ref = try await host.addProject(1)
        let (one, other) = (try await host.person("one", .readOnly), try await host.person("other", .readOnly))
        #expect(try await setRole(host, 2, of: one, projects: [ref]) == nil)
        let limited = try await host.again(one)
        let refused = await refusal { () async throws(IdentityError) in
            try await host.directory.setRole(
                of: other.account.id, in: Self.slug, role: 3, projects: [ref], by: limited)
        }
        #expect(refused?.isForbidden == true)
    }
}
