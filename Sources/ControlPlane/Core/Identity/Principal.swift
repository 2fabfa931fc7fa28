public import ProjectModel

/// The authenticated caller of a request: account, credential and permissions.
public struct Principal: Sendable, Equatable {
    /// The account.
    public var account: Account
    /// The credential of the request.
    public var credential: Credential
    /// The account's memberships and roles.
    public var memberships: [Membership]

    /// The kinds of credentials.
    public enum Credential: Sendable, Equatable {
        /// An access token of a sign-in; the session's identifier.
        case session(String)
        /// A personal access token, by its number.
        case accessToken(Int64)
        /// A scoped access token.
        case scopedToken(TokenScope)
    }

    /// A principal.
    public init(account: Account, credential: Credential, memberships: [Membership]) {
        self.account = account
        self.credential = credential
        self.memberships = memberships
    }

    /// What they may do in an organization, or in one project of it; empty when they see neither.
    public func permissions(in organization: String, project: ProjectRef? = nil) -> Set<Permission> {
        if case .scopedToken(let scope) = credential, !scope.covers(organization, project) { return [] }
        let roles = memberships.filter { $0.organizationSlug == organization }.flatMap(\.roles)
        // Members of single projects of an organization need to see the organization.
        let presence = roles.isEmpty || project != nil ? [] : Self.presence
        let granted = roles.filter { $0.applies(to: project) }.reduce(into: presence) {
            $0.formUnion($1.base.permissions)
        }
        return granted.intersection(ceiling)
    }

    /// What a role for some projects allows in the organization itself: to see it, its members, and those projects in
    /// its list.
    private static let presence: Set<Permission> = [.organizationsRead, .organizationProjectsRead, .membersRead]

    /// The most that the credential allows, before the roles of the account apply.
    public var ceiling: Set<Permission> {
        if case .scopedToken(let scope) = credential { return scope.permissions }
        return Set(Permission.allCases)
    }

    /// Whether they may know that an organization exists.
    public func sees(organization slug: String) -> Bool {
        guard memberships.contains(where: { $0.organizationSlug == slug && !$0.roles.isEmpty }) else { return false }
        if case .scopedToken(let scope) = credential { return scope.reaches(slug) }
        return true
    }

    /// The organizations that they see, by slug.
    public var organizationSlugs: [String] { memberships.map(\.organizationSlug).filter(sees).sorted() }

    /// The projects of an organization that they see: nil stands for all of them.
    public func visibleProjects(in organization: String) -> Set<ProjectRef>? {
        let roles = memberships.filter { $0.organizationSlug == organization }.flatMap(\.roles)
        var visible: Set<ProjectRef>? = roles.contains { $0.projects.isEmpty } ? nil : Set(roles.flatMap(\.projects))
        if case .scopedToken(let scope) = credential, let refs = scope.projectRefs {
            visible = visible?.intersection(refs) ?? refs
        }
        return visible
    }
}

/// One account's part in an organization.
public struct Membership: Sendable, Equatable {
    /// The organization.
    public var organizationSlug: String
    /// Number of the organization.
    public var organizationNumber: Int64
    /// The roles; several add up.
    public var roles: [Role]

    /// A membership.
    public init(organizationSlug: String, organizationNumber: Int64, roles: [Role]) {
        self.organizationSlug = organizationSlug
        self.organizationNumber = organizationNumber
        self.roles = roles
    }
}

/// A member's role in an organization: for all of it, or for some of its projects.
public struct Role: Sendable, Equatable, Hashable {
    /// Its number: that of ``base`` when it is for the whole organization, else one of its own.
    public var number: Int64
    /// The base role, which decides the permissions.
    public var base: BaseRole
    /// Projects that it is limited to; empty when it is for all of them and for the organization itself.
    public var projects: Set<ProjectRef>

    /// A role.
    public init(number: Int64, base: BaseRole, projects: Set<ProjectRef> = []) {
        self.number = number
        self.base = base
        self.projects = projects
    }

    /// The role for the whole organization.
    public init(_ base: BaseRole) { self.init(number: base.rawValue, base: base) }

    /// Whether it counts for a project; one that is limited to projects says nothing about the organization.
    func applies(to project: ProjectRef?) -> Bool {
        projects.isEmpty || project.map(projects.contains) ?? false
    }
}

/// The scope of an access token.
public struct TokenScope: Sendable, Equatable {
    /// Identifier of the token, a UUID.
    public var tokenID: String
    /// Its permissions.
    public var permissions: Set<Permission>
    /// Organizations that it reaches; nil stands for all of its account.
    public var organizationSlugs: Set<String>?
    /// Projects that it reaches; nil stands for all.
    public var projectRefs: Set<ProjectRef>?

    /// A scope.
    public init(
        tokenID: String, permissions: Set<Permission>, organizationSlugs: Set<String>?, projectRefs: Set<ProjectRef>?
    ) {
        self.tokenID = tokenID
        self.permissions = permissions
        self.organizationSlugs = organizationSlugs
        self.projectRefs = projectRefs
    }

    /// Whether the token reaches into an organization at all.
    func reaches(_ organization: String) -> Bool { organizationSlugs?.contains(organization) ?? true }

    /// Whether it covers a project, or, without one, the organization itself; a token for some projects covers no
    /// organization.
    func covers(_ organization: String, _ project: ProjectRef?) -> Bool {
        guard reaches(organization) else { return false }
        guard let projectRefs else { return true }
        return project.map(projectRefs.contains) ?? false
    }
}
