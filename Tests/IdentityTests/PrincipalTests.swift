import Identity
import OrchestratorTesting
import ProjectModel
import Testing

@Suite("What a principal may do where")
struct PrincipalTests {
    private static let account = Account(
        number: 1, id: "00000000-0000-4000-8000-000000000001", email: "a@example.com", username: "a",
        insertedAt: VirtualTime.beginning, updatedAt: VirtualTime.beginning)
    private static let (first, second, third) = (ProjectRef.sample(1), ProjectRef.sample(2), ProjectRef.sample(3))

    private func principal(
        _ roles: [Role], in slug: String = "team", as credential: Principal.Credential = .session("s")
    ) -> Principal {
        let membership = Membership(organizationSlug: slug, organizationNumber: 2, roles: roles)
        return Principal(account: Self.account, credential: credential, memberships: [membership])
    }

    private func scoped(
        _ permissions: Set<Permission> = Set(Permission.allCases), in slugs: Set<String>? = nil,
        of refs: Set<ProjectRef>? = nil
    ) -> Principal.Credential {
        .scopedToken(
            TokenScope(tokenID: "t", permissions: permissions, organizationSlugs: slugs, projectRefs: refs))
    }

    @Test(
        "a role of the organization counts for it and all its projects, and nowhere else", arguments: BaseRole.allCases)
    func organizationRole(role: BaseRole) {
        let principal = principal([Role(role)])
        #expect(principal.permissions(in: "team") == role.permissions)
        #expect(principal.permissions(in: "team", project: Self.first) == role.permissions)
        #expect(principal.permissions(in: "other").isEmpty)
        #expect(principal.permissions(in: "other", project: Self.first).isEmpty)
        #expect(principal.visibleProjects(in: "team") == nil)
        #expect(principal.organizationSlugs == ["team"])
    }

    @Test("a role for projects counts for them alone")
    func projectRole() {
        let principal = principal([Role(number: 1_000, base: .developer, projects: [Self.first, Self.second])])
        #expect(principal.permissions(in: "team", project: Self.first) == BaseRole.developer.permissions)
        #expect(principal.permissions(in: "team", project: Self.third).isEmpty)
        #expect(principal.permissions(in: "team") == [.organizationsRead, .organizationProjectsRead, .membersRead])
        #expect(principal.sees(organization: "team"))
        #expect(principal.visibleProjects(in: "team") == [Self.first, Self.second])
        #expect(principal.visibleProjects(in: "other") == [])
    }

    @Test("several roles add up")
    func sum() {
        let principal = principal([
            Role(.readOnly), Role(number: 1_000, base: .administrator, projects: [Self.first]),
        ])
        #expect(principal.permissions(in: "team", project: Self.first) == BaseRole.administrator.permissions)
        #expect(principal.permissions(in: "team", project: Self.second) == BaseRole.readOnly.permissions)
        #expect(principal.visibleProjects(in: "team") == nil)
    }

    @Test("a membership without roles shows nothing")
    func noRoles() {
        #expect(!principal([]).sees(organization: "team"))
        #expect(principal([]).organizationSlugs.isEmpty)
    }

    @Test("a scoped token allows what it names, as far as the account may")
    func scopedPermissions() {
        let token = scoped([.projectsRead, .membersWrite, .databaseWrite])
        #expect(principal([Role(.developer)], as: token).permissions(in: "team") == [.projectsRead, .databaseWrite])
        #expect(principal([Role(.owner)], as: token).ceiling == [.projectsRead, .membersWrite, .databaseWrite])
    }

    @Test("a scoped token reaches the organizations and projects that it names")
    func scopedPlaces() {
        let elsewhere = principal([Role(.owner)], as: scoped(in: ["other"]))
        #expect(elsewhere.permissions(in: "team").isEmpty && !elsewhere.sees(organization: "team"))
        #expect(elsewhere.organizationSlugs.isEmpty)
        let here = principal([Role(.owner)], as: scoped(in: ["team"]))
        #expect(here.permissions(in: "team") == BaseRole.owner.permissions)
        let one = principal([Role(.owner)], as: scoped(of: [Self.first]))
        #expect(one.permissions(in: "team", project: Self.first) == BaseRole.owner.permissions)
        #expect(one.permissions(in: "team", project: Self.second).isEmpty)
        #expect(one.permissions(in: "team").isEmpty)
        #expect(one.visibleProjects(in: "team") == [Self.first])
        let role = Role(number: 1_000, base: .developer, projects: [Self.first, Self.second])
        #expect(
            principal([role], as: scoped(of: [Self.second, Self.third])).visibleProjects(in: "team") == [Self.second])
    }

    @Test("no credential allows more than the roles, and no further role less", arguments: 0..<200)
    func properties(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let refs = [Self.first, Self.second, Self.third]
        func role() -> Role {
            let base = BaseRole.allCases.randomElement(using: &generator) ?? .owner
            let projects = refs.filter { _ in Bool.random(using: &generator) }
            return Role(number: 1_000, base: base, projects: Set(projects))
        }
        let roles = (0..<3).map { _ in role() }
        let permissions = Set(Permission.allCases.filter { _ in Bool.random(using: &generator) })
        let token = scoped(
            permissions, in: Bool.random(using: &generator) ? nil : ["team"],
            of: Bool.random(using: &generator) ? nil : Set(refs.prefix(2)))
        let further = role()
        for project in [nil] + refs.map(Optional.some) {
            let full = principal(roles).permissions(in: "team", project: project)
            let narrow = principal(roles, as: token).permissions(in: "team", project: project)
            #expect(narrow.isSubset(of: full.intersection(permissions)))
            #expect(principal(roles + [further]).permissions(in: "team", project: project).isSuperset(of: full))
            if let project, !full.isEmpty {
                #expect(principal(roles).visibleProjects(in: "team")?.contains(project) ?? true)
            }
        }
    }
}
