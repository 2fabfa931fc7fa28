import EmbeddedPostgres
import FileKit
import FoundationEssentials
import InstallationArchive
import PostgresKit
import PostgresStore
import ProjectKeys
import TokenKit

/// Brings a manager back from a backup, onto a data folder without one.
struct ManagerRestore {
    let settings: ServeSettings

    /// A restore that was cut short: what it made is no manager's, and the next restore removes it.
    private var marker: String { Self.marker(in: settings.dataFolder) }
    private var work: String { DataFolder.workFolder(in: settings.dataFolder) }

    private static func marker(in folder: String) -> String { folder + "/restore.unfinished" }

    /// Throws when a restore into a folder was cut short: what is there is no manager's state.
    static func checkFinished(in folder: String) throws {
        guard FileManager.default.fileExists(atPath: marker(in: folder)) else { return }
        throw ServeSettings.Problem(
            description:
                "a restore into \(folder) was cut short: run supamanager restore again, which says whether it was"
                + " complete, and start the manager then")
    }

    /// Restores from a backup that was verified. The number of projects.
    func restore(_ archive: ArchiveReader) async throws -> Int {
        try settleUnfinished()
        try checkEmpty()
        try Data().write(to: URL(filePath: marker))
        do {
            let keys = try extract(archive)
            let projects = try await load(archive.header, keys)
            try DataFolder.removeWorkFolder(in: settings.dataFolder)
            try FileManager.default.removeItem(atPath: marker)
            return projects
        } catch {
            try removeRemains()
            throw error
        }
    }

    /// The keys of a backup, in memory until the database is there.
    private struct Keys {
        var master: [UInt8] = []
        var token: [UInt8] = []
    }

    private func checkEmpty() throws {
        let present = DataFolder.state(in: settings.dataFolder)
        guard present.isEmpty, !FileManager.default.fileExists(atPath: settings.masterKeyFile) else {
            let names = present.isEmpty ? settings.masterKeyFile : present.joined(separator: ", ")
            throw ServeSettings.Problem(
                description: "\(settings.dataFolder) holds a manager already (\(names)): stop it and move its files "
                    + "away, or name another folder with --data-dir")
        }
    }

    /// The master key is the last that a restore writes: with it the restore was complete but for its mark, and the
    /// folder holds a manager. Without it what is there is removed.
    private func settleUnfinished() throws {
        guard FileManager.default.fileExists(atPath: marker) else { return }
        guard FileManager.default.fileExists(atPath: settings.masterKeyFile) else { return try removeRemains() }
        try DataFolder.removeWorkFolder(in: settings.dataFolder)
        try FileManager.default.removeItem(atPath: marker)
    }

    private func removeRemains() throws {
        try DataFolder.removeWorkFolder(in: settings.dataFolder)
        for name in DataFolder.state(in: settings.dataFolder) {
            try FileManager.default.removeItem(atPath: settings.dataFolder + "/" + name)
        }
        try FileManager.default.removeItem(atPath: marker)
    }

    private func extract(_ archive: ArchiveReader) throws -> Keys {
        try DiskFolder.make(work)
        var keys = Keys()
        var files = ExtractedFiles(dataFolder: settings.dataFolder, work: work)
        try archive.forEach { name, bytes throws(ArchiveError) in
            switch name {
            case .masterKey: keys.master += bytes
            case .adminToken: keys.token += bytes
            default: try files.append(bytes, to: name)
            }
        }
        guard keys.master.count == MasterKey.byteCount, files.hasDatabase else {
            throw ArchiveError.damaged("it holds no master key or no database")
        }
        return keys
    }

    /// Loads the database, and writes the keys when it is there: a manager without its master key does not start.
    private func load(_ header: ArchiveHeader, _ keys: Keys) async throws -> Int {
        let database = try await ManagerDatabase.open(settings)
        let result: Result<Int, any Error>
        do { result = .success(try await load(header, keys, into: database)) } catch { result = .failure(error) }
        try await database.close()
        let projects = try result.get()
        let folder = try DataFolder(settings.dataFolder)
        try folder.note(installation: header.installation)
        if !keys.token.isEmpty {
            try KeyFile.create(settings.dataFolder + "/" + DataFolder.tokenFileName, holding: KeyBytes(keys.token))
        }
        try KeyFile.create(settings.masterKeyFile, holding: KeyBytes(keys.master))
        return projects
    }

    private func load(_ header: ArchiveHeader, _ keys: Keys, into database: ManagerDatabase) async throws -> Int {
        try await database.withConnection { connection in
            let tables = try await connection.single(
                "select count(*) as n from pg_class c join pg_namespace s on s.oid = c.relnamespace "
                    + "where s.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and c.relkind in ('r', 'p')"
            ).int("n")
            guard tables == 0 else {
                throw ServeSettings.Problem(description: "the database is not empty: it has \(tables) tables")
            }
        }
        try await database.run(
            "pg_restore",
            [
                "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-password",
                "--dbname=\(database.parameters.database)", work + "/database.dump",
            ])
        // Also refuses what a later program made.
        let pool = PostgresPool(database.parameters)
        do {
            try await pool.start()
            _ = try await Migrations.apply(DatabaseSchema.migrations, to: pool)
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
        return try await database.withConnection { connection in
            guard let row = try await InstallationRow.load(from: connection), row.id == header.installation else {
                throw ArchiveError.damaged("its database belongs to another installation")
            }
            try MasterKey(KeyBytes(keys.master)).verify(keyCheck: row.keyCheck, installation: row.id)
            return try await connection.single("select count(*) as n from projects where status <> 'DELETED'").int("n")
        }
    }
}

/// The files of a backup, as they are written one after the other.
private struct ExtractedFiles {
    let dataFolder: String
    let work: String
    private var name: ArchiveName?
    private var file: DiskFile?
    private var written = 0
    private(set) var hasDatabase = false

    init(dataFolder: String, work: String) {
        self.dataFolder = dataFolder
        self.work = work
    }

    mutating func append(_ bytes: ArraySlice<UInt8>, to entry: ArchiveName) throws(ArchiveError) {
        do throws(FileError) {
            if entry != name { try open(entry) }
            try file?.write(Array(bytes), at: written)
            written += bytes.count
        } catch { throw .file(error) }
    }

    /// Files of projects are read by containers, whose users are others; the folder above keeps this host's users out.
    private mutating func open(_ entry: ArchiveName) throws(FileError) {
        (name, file, written) = (entry, nil, 0)
        if entry == .database {
            hasDatabase = true
            file = try DiskFile.create(work + "/database.dump")
        } else if entry.isProjectFile {
            let parts = entry.text.split(separator: "/")
            try DiskFolder.make(dataFolder + "/" + ArchiveName.projects)
            var folder = dataFolder + "/" + ArchiveName.projects
            for part in parts.dropFirst().dropLast() {
                folder += "/" + part
                try DiskFolder.make(folder)
                try DiskFolder.admitReaders(to: folder)
            }
            file = try DiskFile.create(dataFolder + "/" + entry.text)
            try DiskFolder.admitReaders(to: dataFolder + "/" + entry.text)
        }
    }
}
