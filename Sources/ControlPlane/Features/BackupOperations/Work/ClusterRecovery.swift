import BackupModel
import Orchestrator
import ProjectModel
import Reconciler

/// Makes a volume that holds a project's cluster as it was, and proves it: a server recovers in it, without a network,
/// and ends as it should. Repeated after a crash it begins again from nothing.
struct ClusterRecovery: Sendable {
    let engine: any ContainerEngine
    let files: any ContainerFiles
    let archive: any BackupArchive
    let time: any TimeSource
    /// Asked right before each change on the engine.
    let check: @Sendable () async throws -> Void

    /// Time between two looks at a server that recovers.
    static let lookInterval: Duration = .milliseconds(200)
    /// Longest recovery, from the start to the promotion.
    static let recoveryMax: Duration = .seconds(3_600)
    /// Lines of the log that are read.
    static let logLines = 400
    /// Longest time that the server may take to end.
    static let stopGrace: Duration = .seconds(120)

    /// Fills a new volume and proves it.
    ///
    /// - Parameters:
    ///   - volume: The volume to make. One of this name and mark that is there is removed; one of another mark is not.
    ///   - progress: What is done, in words.
    func recover(
        _ plan: RestorePlan, of access: ArchiveAccess, for database: DatabaseInUse, into volume: DesiredVolume,
        progress: @Sendable (String) async throws -> Void
    ) async throws {
        let ref = database.record.ref
        guard let owner = database.service.spec.owner else {
            throw JobFailure(
                "the service \(database.service.name) of the stack says no numeric user and group: a restore does not"
                    + " know whose the files are")
        }
        try await removeRemains(of: ref, volume)
        try await change(.createVolume(volume), ref)
        let helper = database.helper(on: volume, settings: plan.recoverySettings)
        try await change(.createContainer(helper), ref)
        try await progress("unpacking the backup \(plan.base.id)")
        try await unpack(archive.baseTar(of: plan, in: access), into: database.folder, of: helper)
        try await require("PG_VERSION", in: database.folder, helper)
        try await progress("unpacking the log")
        try await unpack(archive.walTar(of: plan, in: access, owner: owner), into: database.folder, of: helper)
        try await require("recovery.signal", in: database.folder, helper)
        try await progress("recovering")
        try await run(helper, plan: plan, database, on: volume)
        try await removeHelpers(of: ref)
    }

    /// Removes what an earlier try has left, and nothing else: a volume of the same name may be one that a manager made
    /// of which this one has forgotten it.
    func removeRemains(of ref: ProjectRef, _ volume: DesiredVolume) async throws {
        try await removeHelpers(of: ref)
        let observed = try await engine.observe(ref)
        guard let present = observed.volumes.first(where: { $0.name == volume.name }) else { return }
        guard let identity = volume.identity, present.identity == identity else {
            throw JobFailure(
                "the engine has a volume \(volume.name) that this work did not make: it is left alone. Remove it if it is"
                    + " not needed, and try again")
        }
        try await change(.removeVolume(name: volume.name), ref)
    }

    func removeHelpers(of ref: ProjectRef) async throws {
        for container in try await engine.observe(ref).containers where container.isHelper {
            try await change(.removeContainer(id: container.id, service: nil), ref)
        }
    }

    // MARK: The server

    /// Runs the server until it has recovered, and ends it. Where nothing was committed after the moment that is asked
    /// for, it is run once more, to the end of the log.
    private func run(
        _ helper: DesiredService, plan: RestorePlan, _ database: DatabaseInUse, on volume: DesiredVolume
    ) async throws {
        let ref = database.record.ref
        if try await start(helper, ref) { return }
        guard let settings = plan.settingsWithoutTarget else {
            throw UnsoundBackup("the log of the backup ends before the moment that was asked for")
        }
        try await removeHelpers(of: ref)
        let second = database.helper(on: volume, settings: settings)
        try await change(.createContainer(second), ref)
        guard try await start(second, ref) else {
            throw UnsoundBackup("the recovery ended twice before it was complete")
        }
    }

    /// False when recovery ended before its target.
    private func start(_ helper: DesiredService, _ ref: ProjectRef) async throws -> Bool {
        try await change(.startContainer(name: helper.containerName, service: helper.name), ref)
        let deadline = time.uptime() + Self.recoveryMax
        while true {
            try await check()
            let container = try await container(helper, ref)
            let log = try await engine.logTail(ofContainer: container.id, lines: Self.logLines)
            switch RecoveryLog.verdict(
                log.parts.joined(separator: "\n"), isRunning: container.state.isUp || container.state == .created)
            {
            case .complete:
                try await stop(helper, ref)
                return true
            case .endedBeforeTarget: return false
            case .failed(let reason):
                let words = "PostgreSQL could not recover from the backup: \(reason)"
                throw RecoveryLog.isOfHost(reason) ? JobFailure(words) : UnsoundBackup(words)
            case .underWay: break
            }
            guard time.uptime() < deadline else {
                throw JobFailure("PostgreSQL did not recover from the backup within \(Self.recoveryMax)")
            }
            try await time.sleep(for: Self.lookInterval)
        }
    }

    /// A cluster counts when its server has ended as asked, with everything written.
    private func stop(_ helper: DesiredService, _ ref: ProjectRef) async throws {
        let running = try await container(helper, ref)
        try await change(.stopContainer(id: running.id, service: helper.name, gracePeriod: Self.stopGrace), ref)
        let ended = try await container(helper, ref)
        guard ended.exitCode == 0 else {
            throw JobFailure(
                "PostgreSQL recovered from the backup and did not end properly: exit code"
                    + " \(ended.exitCode.map(String.init) ?? "unknown")")
        }
    }

    private func container(_ helper: DesiredService, _ ref: ProjectRef) async throws -> ObservedContainer {
        let found = try await engine.observe(ref).containers.first { $0.name == helper.containerName }
        guard let found else { throw EngineError.notFound(message: "the container of the restore is gone") }
        return found
    }

    // MARK: Calls

    private func unpack(_ bytes: ArchiveBytes, into folder: String, of helper: DesiredService) async throws {
        try await check()
        try await files.unpack(into: folder, ofContainer: helper.containerName) { write in
            for try await piece in bytes { try await write(piece) }
        }
    }

    /// The engine's answer alone proves nothing: it has been seen to accept an archive and unpack none of it.
    private func require(_ name: String, in folder: String, _ helper: DesiredService) async throws {
        guard try await files.hasFile(at: "\(folder)/\(name)", inContainer: helper.containerName) else {
            throw UnsoundBackup("the engine has unpacked the backup, and there is no \(name) in the volume")
        }
    }

    private func change(_ operation: EngineOperation, _ ref: ProjectRef) async throws {
        try await check()
        try await engine.perform(operation, for: ref)
    }
}

/// A finding about a backup itself: it cannot be restored, and no further try will. What the host lacks is none.
struct UnsoundBackup: Error, Sendable, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension ContainerSpec {
    /// The user and group of its process, where they are numbers.
    var owner: TarOwner? {
        guard let parts = user?.split(separator: ":", omittingEmptySubsequences: false), parts.count == 2,
            let user = UInt32(parts[0]), let group = UInt32(parts[1])
        else { return nil }
        return TarOwner(user: user, group: group)
    }
}

extension DatabaseInUse {
    /// A container that is the database's but for its network, its volume and further settings. It is made, filled and
    /// started for a restore, and no part of the stack.
    func helper(on volume: DesiredVolume, settings: [(name: String, value: String)]) -> DesiredService {
        var helper = service
        helper.containerName = "\(record.ref)-restore"
        helper.configHash = "restore"
        helper.spec.labels[DesiredService.helperLabel] = "restore"
        helper.spec.isOffline = true
        helper.spec.networks = []
        helper.spec.ports = []
        helper.spec.restartPolicy = .no
        // What an archive may be unpacked into is then not only the volume.
        helper.spec.isReadOnly = false
        helper.spec.mounts = helper.spec.mounts.map { mount in
            guard mount.source == .volume(name: self.volume.name) else { return mount }
            return .init(source: .volume(name: volume.name), target: mount.target)
        }
        for setting in settings + RecoveryLog.settings {
            helper.spec.command = (helper.spec.command ?? []) + ["-c", "\(setting.name)=\(setting.value)"]
        }
        return helper
    }
}
