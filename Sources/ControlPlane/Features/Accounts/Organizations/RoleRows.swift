import APIKit
import HTTPTypes
import Identity
import ProjectModel

/// A role that members of an organization have or could have.
struct RoleRow: Encodable, Sendable, Documented {
    let id: Int64
    let baseRoleID: Int64
    let name: String
    let description: Nullable<String>
    let projects: [Project]

    /// A project that a role is limited to.
    struct Project: Encodable, Sendable {
        let name: String
        let ref: String
    }

    init(_ role: ProjectScopedRole) {
        self.init(role.role, projects: role.projects.map { Project(name: $0.name, ref: $0.ref.text) })
    }

    init(_ role: Role, projects: [Project] = []) {
        id = role.number
        baseRoleID = role.base.rawValue
        name = role.base.name
        description = Nullable(role.base.summary)
        self.projects = projects
    }

    static let schema = Schema.named(
        "Role",
        .fields(
            .init("id", .integer()), .init("base_role_id", .integer(1...4)), .init("name", .text),
            .init("description", .nullable(.text)),
            .init("projects", .array(.fields(.init("name", .text), .init("ref", .ref))))))

    enum CodingKeys: String, CodingKey {
        case id, name, description, projects
        case baseRoleID = "base_role_id"
    }
}

extension BaseRole {
    /// The role's description, as users see it.
    fileprivate var summary: String {
        switch self {
        case .owner: "Everything, including deleting the organization"
        case .administrator: "Everything but the organization itself and its owners"
        case .developer: "Works inside projects; changes no members and creates or deletes no projects"
        case .readOnly: "Looks, without keys that would allow more"
        }
    }
}

/// The roles of an organization.
struct RolesBody: Encodable, Sendable, Documented {
    let organizationScoped: [RoleRow]
    let projectScoped: [RoleRow]

    static let schema = Schema.fields(
        .init("org_scoped_roles", .array(RoleRow.schema)), .init("project_scoped_roles", .array(RoleRow.schema)))

    enum CodingKeys: String, CodingKey {
        case organizationScoped = "org_scoped_roles"
        case projectScoped = "project_scoped_roles"
    }
}

/// A role to assign, and the projects that it is for.
struct RoleBody: Decodable, Sendable {
    let roleID: Int64?
    let projects: [String]?

    static let schema = Schema.named(
        "RoleAssignment", .fields(.init("role_id", .integer()), .optional("role_scoped_projects", .array(.ref))))
    static let projectsSchema = Schema.named(
        "RoleProjects",
        .fields(
            .init("role_scoped_projects", .array(.ref)), .optional("name", .text), .optional("description", .text)))

    enum CodingKeys: String, CodingKey {
        case roleID = "role_id"
        case projects = "role_scoped_projects"
    }

    /// The role that is named; 400 without one.
    func role() throws(APIError) -> Int64 {
        guard let roleID else { throw APIError(.badRequest, "role_id is missing") }
        return roleID
    }

    /// The projects that are named; nothing stands for the whole organization.
    func refs() throws(APIError) -> [ProjectRef]? {
        guard let projects, !projects.isEmpty else { return nil }
        guard projects.count <= CreateScopedTokenBody.namesMax else {
            throw APIError(
                .badRequest, "role_scoped_projects must name at most \(CreateScopedTokenBody.namesMax) projects")
        }
        return try ProjectRef.list(projects, field: "role_scoped_projects")
    }
}
