public import ProjectModel

extension ProjectCatalog {
    /// A project's stack as files for other tools, its confidential values in the clear.
    public func export(of ref: ProjectRef) async throws(CatalogError) -> StackExport {
        let record = try await project(ref)
        let values = try await values(of: ref)
        let renderer = try await templates.renderer(for: record)
        do { return try renderer.export(record, values: values) } catch { throw .template(error) }
    }
}
