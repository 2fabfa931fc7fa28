import Logging
import PostgresStore
import ProjectKeys
import TokenKit

/// This installation's identity, and the key that opens its secrets.
enum Installation {
    /// The row that identifies this installation and the master key that belongs to it. The first start makes both;
    /// later a missing or wrong key ends the program, since a new one could open nothing.
    static func open(
        settings: ServeSettings, database: Database, logger: Logger
    ) async throws -> (InstallationRow, MasterKey) {
        if let row = try await InstallationRow.load(from: database.pool) {
            let master = try MasterKey.load(path: settings.masterKeyFile, sealedDataExists: true)
            do {
                try master.verify(keyCheck: row.keyCheck, installation: row.id)
            } catch { throw ServeSettings.Problem(description: "\(settings.masterKeyFile): \(error)") }
            return (row, master)
        }
        let master = try MasterKey.load(path: settings.masterKeyFile, sealedDataExists: false)
        let id = Hex.encode(try RandomSource.bytes(6))
        let row = try await InstallationRow(id: id, keyCheck: master.keyCheck(installation: id)).store(
            in: database.pool)
        try master.verify(keyCheck: row.keyCheck, installation: row.id)
        logger.notice("this is a new installation", metadata: ["master_key": "\(settings.masterKeyFile)"])
        return (row, master)
    }
}
