package import APIKit
package import Orchestrator
package import ProjectModel

extension ProjectRecord: PathProject {}

extension ProjectCatalog: PathProjects {
    package func project(_ ref: ProjectRef, orDeleted: Bool) async throws(APIError) -> any PathProject {
        do { return try await orDeleted ? projectOrTombstone(ref) : project(ref) } catch { throw APIError(error) }
    }
}

extension Schema {
    /// A status of a project in Studio's words.
    package static let projectStatus = Schema.choice(StudioStatus.allCases.map(\.rawValue))
}

extension APIRequest {
    /// The project that the path names, as it was when the request was admitted.
    package func project() throws(APIError) -> ProjectRecord {
        guard let project = admitted as? ProjectRecord else { throw .noProject(try ref()) }
        return project
    }
}
