public import ProjectModel
public import Reconciler

/// A project's database as a backup and a restore see it.
public struct DatabaseInUse: Sendable, Equatable {
    public var record: ProjectRecord
    /// The stack, with the volumes that the project has.
    public var stack: DesiredStack
    public var service: DesiredService
    public var roles: DatabaseRoles
    public var access: ReplicationAccess
    /// The volume that the cluster lies in.
    public var volume: DesiredVolume
    /// Where the service mounts it.
    public var folder: String
    /// Variable of the database's port.
    public var port: String
}

extension ProjectCatalog {
    /// What is known of a project's database; the stack is rendered for it.
    ///
    /// - Throws: ``CatalogError/unsupported(_:_:)`` where the stack says nothing about replication.
    public func databaseInUse(of ref: ProjectRef) async throws(CatalogError) -> DatabaseInUse {
        let record = try await project(ref).inForce
        let declared = try await stack(of: record)
        let roles = try declared.database()
        guard let access = roles.replication else { throw .unsupported(ref, .replication) }
        let name = try declared.required(.database)
        let renderer = try await templates.renderer(for: record)
        let values = try await values(of: ref)
        let rendered: DesiredStack
        do { rendered = try renderer.render(record, values: values) } catch {
            throw .template(.broken(values.withoutValues("\(error)")))
        }
        let volumes = try await stored { () async throws(StoreError) in try await custody.volumes(of: ref) }
        let stack = rendered.using(volumes, of: ref)
        guard let service = stack.services[name],
            let volume = stack.volumes.values.first(where: { $0.composeName == access.volume }),
            let mount = service.spec.mounts.first(where: { $0.source == .volume(name: volume.name) })
        else { throw .unsupported(ref, .replication) }
        return DatabaseInUse(
            record: record, stack: stack, service: service, roles: roles, access: access, volume: volume,
            folder: mount.target, port: try declared.variable(.database))
    }

    /// The password that the login roles of a project's database share.
    public func databasePassword(of record: ProjectRecord) async throws(CatalogError) -> Secret<String> {
        let variable = try await stack(of: record).variable(SecretPurpose.databasePassword)
        guard let password = try await secrets(of: record.ref)[variable] else {
            throw .unsupported(record.ref, .secret(.databasePassword))
        }
        return password
    }
}
