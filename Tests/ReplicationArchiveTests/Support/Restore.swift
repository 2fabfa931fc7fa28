import BackupModel
import EmbeddedPostgres
import FileKit
import PostgresKit
import PostgresTestSupport
import ReplicationArchive
import Testing

/// Restores into a new folder and starts the server.
struct Restored: Sendable {
    let folder: TestFolder
    let site: Site

    func end() async throws {
        try await site.stop()
        folder.remove()
    }
}

extension Vault {
    /// The owner of the server's files.
    static var owner: TarOwner {
        let account = SystemAccount.isRoot ? SystemAccount(named: "postgres") : SystemAccount.current
        return TarOwner(user: account?.userID ?? 0, group: account?.groupID ?? 0)
    }

    func restore(_ target: RestoreTarget, known: WALProgress? = nil) async throws -> Restored {
        try await start(try await archive.restorePlan(for: target, in: access, known: known))
    }

    /// The rows of a target.
    func rows(_ target: RestoreTarget, known: WALProgress? = nil) async throws -> [Int] {
        let restored = try await restore(target, known: known)
        let numbers = try await restored.site.numbers()
        try await restored.end()
        return numbers
    }

    func start(_ plan: RestorePlan) async throws -> Restored {
        let folder = TestFolder()
        do {
            return try await start(plan, in: folder, with: plan.recoverySettings)
        } catch EmbeddedClusterError.startFailed(let log) where log.contains("before configured recovery target") {
            folder.remove()
            let settings = try #require(plan.settingsWithoutTarget)
            return try await start(plan, in: TestFolder(), with: settings)
        } catch {
            folder.remove()
            throw error
        }
    }

    private func start(
        _ plan: RestorePlan, in folder: TestFolder, with settings: [(name: String, value: String)]
    ) async throws -> Restored {
        let data = folder.path + "/postgres/data"
        try DiskFolder.make(data)
        try await unpack(archive.baseTar(of: plan, in: access), into: data, options: ["-xz"])
        try await unpack(archive.walTar(of: plan, in: access, owner: Self.owner), into: data, options: ["-x"])
        try await run("/usr/bin/chown", ["-R", "\(Self.owner.user):\(Self.owner.group)", data])
        try await run("/usr/bin/chmod", ["711", folder.path + "/postgres"])
        try await run("/usr/bin/chmod", ["700", data])
        var configuration = EmbeddedClusterConfiguration(folder: folder.path + "/postgres")
        configuration.settings = ["fsync": "off"]
        for setting in settings { configuration.settings[setting.name] = setting.value }
        return Restored(folder: folder, site: try await Site(try await EmbeddedCluster.start(configuration)))
    }

    private func unpack(_ bytes: ArchiveBytes, into data: String, options: [String]) async throws {
        let file = data + "/../archive.tar"
        let disk = try DiskFile.create(file)
        var offset = 0
        for try await piece in bytes {
            try disk.write(piece, at: offset)
            offset += piece.count
        }
        try await run("/usr/bin/tar", options + ["--numeric-owner", "-f", file, "-C", data])
        try DiskFolder.remove(file)
    }

    private func run(_ program: String, _ arguments: [String]) async throws {
        let path = ["PATH": "/usr/bin:/bin"]
        let done = try await ChildProcess.run(program, arguments: arguments, environment: path, within: .seconds(60))
        try #require(done.isSuccess, "\(program) \(arguments): \(done.output)")
    }
}
