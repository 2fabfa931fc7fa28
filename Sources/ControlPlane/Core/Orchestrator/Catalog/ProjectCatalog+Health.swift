public import ProjectModel

extension ProjectCatalog {
    /// States of all services of a project, from the last pass and the latest probe results.
    public func health(of ref: ProjectRef) async throws(CatalogError) -> [ServiceReport] {
        await observer.services(of: try await project(ref))
    }
}
