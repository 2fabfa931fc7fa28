import ProjectModel
import Reconciler

/// Volumes of a deleted project in a new one.
extension ProjectCatalog {
    /// The secrets that open what is in kept volumes: the new project has the same.
    func inheritedSecrets(
        of source: ProjectRef, for request: ProjectRequest, _ needs: StackRequirements
    ) async throws(CatalogError) -> [String: Secret<String>] {
        guard request.databasePassword == nil else {
            throw .badPassword(
                "db_pass cannot be given together with attach_volumes_of: the database in the volume keeps its password,"
                    + " which can be changed once the project runs")
        }
        let (record, volumes) = try await stored { () async throws(StoreError) in
            (try await store.project(source), try await custody.volumes(of: source))
        }
        let kept = volumes.filter { $0.ref == source && $0.keptAt != nil }
        guard let record, record.status == .deleted, record.organizationSlug == request.organizationSlug, !kept.isEmpty
        else {
            throw .notAttachable("this organization has no kept volumes of a deleted project \(source)")
        }
        if let going = kept.first(where: { $0.destructionRequestedAt != nil }) {
            throw .notAttachable("volume \(going.name) of project \(source) is being destroyed")
        }
        if let unused = kept.first(where: { !needs.volumes.contains($0.composeName) }) {
            let services = needs.services.map(\.text).joined(separator: ", ")
            throw .notAttachable(
                "volume \(unused.name) of project \(source) would not be used: none of the services of the new project "
                    + "(\(services)) mounts \(unused.composeName). Add the service that does, or leave out services")
        }
        return try await secrets(of: source)
    }

    /// Attaches kept volumes to a project that was just stored. When another project has taken them meanwhile, this one
    /// must not start on empty ones.
    func attach(_ source: ProjectRef, to ref: ProjectRef) async throws(CatalogError) {
        let attached = try await stored { () async throws(StoreError) in
            try await custody.attach(volumesOf: source, to: ref)
        }
        guard attached.isEmpty else { return }
        // Within a unit of work the project is not stored at all; outside of one it goes again.
        _ = try await request(.deleteRequested, of: ref)
        throw .notAttachable("the volumes of project \(source) were attached to another project at the same moment")
    }

    /// Takes the volumes again that a failed creation gave back.
    func reattach(_ ref: ProjectRef) async throws(CatalogError) {
        let source = try await stored { () async throws(StoreError) in try await custody.attachment(of: ref) }
        guard let source else { return }
        let attached = try await stored { () async throws(StoreError) in
            try await custody.attach(volumesOf: source, to: ref)
        }
        guard !attached.isEmpty else {
            throw .notAttachable(
                "project \(ref) was created on the volumes of project \(source), which are no longer kept:"
                    + " it cannot be tried again without them, delete it")
        }
    }
}
