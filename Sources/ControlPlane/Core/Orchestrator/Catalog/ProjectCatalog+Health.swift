public import ProjectModel

extension ProjectCatalog {
    /// States of all services of a project, from the last pass and the latest probe results.
    public func health(of ref: ProjectRef) async throws(CatalogError) -> [ServiceReport] {
        await observer.services(of: try await project(ref))
    }

    /// The same of a record that was read before.
    public func health(of record: ProjectRecord) async -> [ServiceReport] { await observer.services(of: record) }
}
