import APIKit
import HTTPTypes
import Identity
import ProjectModel

/// A role that members of an organization have or could have.
struct RoleRow: EncodableBody {
    let id: Int64
    let baseRoleID: Int64
    let name: String
    let description: Nullable<String>
    let projects: [Project]

    /// A project that a role is limited to.
    struct Project: EncodableBody {
        let name: String
        let ref: String

        static let shape = BodyShape<Self>([
            .init("name", of: \.name),
            .init("ref", .ref, of: \.ref),
        ])
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

    static let shape = BodyShape<Self>(
        "Role",
        [
            .init("id", of: \.id),
            .init("base_role_id", .integer(1...4), of: \.baseRoleID),
            .init("name", of: \.name),
            .init("description", of: \.description),
            .init("projects", of: \.projects),
        ])
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
struct RolesBody: EncodableBody {
    let organizationScoped: [RoleRow]
    let projectScoped: [RoleRow]

    static let shape = BodyShape<Self>([
        .init("org_scoped_roles", of: \.organizationScoped),
        .init("project_scoped_roles", of: \.projectScoped),
    ])
}

/// A role to assign, and the projects that it is for.
struct RoleBody: DecodableBody {
    let roleID: Int64?
    let projects: [String]?

    static let schemaName: String? = "RoleAssignment"

    init(fields: BodyReader) throws {
        roleID = try fields.readLater("role_id")
        projects = try fields.readIfPresent("role_scoped_projects", .array(.ref))
    }

    static let projectsSchema = Schema.named(
        "RoleProjects",
        .fields(
            .init("role_scoped_projects", .array(.ref)), .optional("name", .text), .optional("description", .text)))

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
