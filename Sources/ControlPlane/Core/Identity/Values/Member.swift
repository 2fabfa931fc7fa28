public import ProjectModel

/// An account as part of an organization.
public struct Member: Sendable, Equatable {
    /// The account.
    public var account: Account
    /// Its roles there, by number; at least one.
    public var roles: [Role]

    /// A member.
    public init(account: Account, roles: [Role]) {
        self.account = account
        self.roles = roles
    }
}

/// A role that is limited to some projects, as a list of roles shows it.
public struct ProjectScopedRole: Sendable, Equatable {
    /// The role.
    public var role: Role
    /// Its projects that are not deleted, by name.
    public var projects: [NamedProject]

    /// A project and what people call it.
    public struct NamedProject: Sendable, Equatable {
        /// The project.
        public var ref: ProjectRef
        /// Its name.
        public var name: String

        /// A project and its name.
        public init(ref: ProjectRef, name: String) {
            self.ref = ref
            self.name = name
        }
    }

    /// A role and its projects.
    public init(role: Role, projects: [NamedProject]) {
        self.role = role
        self.projects = projects
    }
}
