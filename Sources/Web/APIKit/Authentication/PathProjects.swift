package import ProjectModel

/// A project that a path names, as far as authorization and the audit trail have to know it.
package protocol PathProject: Sendable {
    /// The organization that owns it.
    var organizationSlug: String { get }
}

/// Finds the project that a path names.
package protocol PathProjects: Sendable {
    /// The project; a deleted one only where the route may be about it. 404 when there is none.
    func project(_ ref: ProjectRef, orDeleted: Bool) async throws(APIError) -> any PathProject
}
