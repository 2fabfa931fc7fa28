public import ProjectModel
import Reconciler

/// A volume that is kept of a deleted project, with that project.
public struct KeptVolume: Sendable, Equatable {
    public var volume: VolumeRecord
    /// The project that used it last, deleted by now.
    public var project: ProjectRecord

    public init(volume: VolumeRecord, project: ProjectRecord) {
        self.volume = volume
        self.project = project
    }
}

extension ProjectCatalog {
    /// A project, deleted or not.
    public func projectOrTombstone(_ ref: ProjectRef) async throws(CatalogError) -> ProjectRecord {
        let record = try await stored { () async throws(StoreError) in try await store.project(ref) }
        guard let record else { throw .notFound(ref) }
        return record
    }

    /// Asks for a project to be deleted. What the first request said about the volumes counts; another one that says
    /// otherwise is refused with ``CatalogError/deletionContradicts(_:keepsVolumes:)``.
    ///
    /// - Parameters:
    ///   - keepingVolumes: Whether its volumes stay, for a new project or a later deletion.
    ///   - requester: The requester's e-mail address.
    public func delete(
        _ ref: ProjectRef, keepingVolumes: Bool = false, by requester: String = ""
    ) async throws(CatalogError) -> ProjectRecord {
        _ = try await project(ref)
        let receipt = DeletionReceipt(ref: ref, destroysVolumes: !keepingVolumes, requestedAt: time.now())
        let opened = try await stored { () async throws(StoreError) in try await custody.open(receipt) }
        guard opened.destroysVolumes == receipt.destroysVolumes else {
            throw .deletionContradicts(ref, keepsVolumes: !opened.destroysVolumes)
        }
        return try await request(.deleteRequested, of: ref, by: requester)
    }

    /// The receipt of a deletion; nothing while none was asked for.
    public func deletionReceipt(of ref: ProjectRef) async throws(CatalogError) -> DeletionReceipt? {
        try await stored { () async throws(StoreError) in try await custody.receipt(of: ref) }
    }

    /// The kept volumes of an organization's deleted projects.
    public func keptVolumes(in organization: String) async throws(CatalogError) -> [KeptVolume] {
        try await stored { () async throws(StoreError) in
            var kept: [KeptVolume] = []
            for volume in try await custody.keptVolumes(in: organization) {
                guard let project = try await store.project(volume.ref) else { continue }
                kept.append(KeptVolume(volume: volume, project: project))
            }
            return kept
        }
    }

    /// Asks for a kept volume to be destroyed; the loop does it. Asking again changes nothing.
    ///
    /// - Throws: ``CatalogError/noKeptVolume(_:)``.
    public func destroyKeptVolume(_ name: String, in organization: String) async throws(CatalogError) -> KeptVolume {
        let kept = try await keptVolume(name, in: organization)
        guard kept.volume.destructionRequestedAt == nil else { return kept }
        let now = time.now()
        let isNoted = try await stored { () async throws(StoreError) in
            try await custody.requestDestruction(of: name, at: now)
        }
        // It was attached at the same moment.
        guard isNoted else { throw .noKeptVolume(name) }
        await AfterCommit.run { await observer.wake(kept.volume.owner) }
        return try await keptVolume(name, in: organization)
    }

    /// Lets a project run without the data that a volume held: an existing volume of that name is accepted from now on;
    /// otherwise an empty one is created.
    ///
    /// - Throws: ``CatalogError/noVolume(_:)`` when the project has no such volume, or it holds no data.
    public func acceptVolumeLoss(_ name: String, of ref: ProjectRef) async throws(CatalogError) -> ProjectRecord {
        let record = try await project(ref)
        guard record.status.goal != .absent else { throw .notChangeable(record.status) }
        let volumes = try await stored { () async throws(StoreError) in try await custody.volumes(of: ref) }
        guard var volume = volumes.first(where: { $0.name == name && $0.ref == ref && $0.holdsData }) else {
            throw .noVolume(name)
        }
        volume.holdsData = false
        volume.postgresMajor = nil
        volume.identity = RandomIdentifier.uuid()
        let accepted = volume
        try await stored { () async throws(StoreError) in try await custody.save([accepted]) }
        await AfterCommit.run { await observer.wake(ref) }
        return record
    }

    /// Volumes that hold a project's data, by name.
    public func dataVolumes(of ref: ProjectRef) async throws(CatalogError) -> [VolumeRecord] {
        try await stored { () async throws(StoreError) in
            try await custody.volumes(of: ref).filter { $0.ref == ref && $0.holdsData }
        }
    }

    private func keptVolume(_ name: String, in organization: String) async throws(CatalogError) -> KeptVolume {
        let kept = try await keptVolumes(in: organization).first { $0.volume.name == name }
        guard let kept else { throw .noKeptVolume(name) }
        return kept
    }
}
