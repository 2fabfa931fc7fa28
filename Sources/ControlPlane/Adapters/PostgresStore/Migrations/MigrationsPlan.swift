public import PostgresKit

/// A row of `schema_migrations`.
struct MigrationRecord: Sendable, Hashable {
    let number: Int
    let name: String
    let checksum: String
}

/// Which migration comes next, as a function of the known and the applied ones.
enum MigrationPlan {
    /// Refuses a list that is not in order.
    static func check(_ migrations: [Migration]) throws(MigrationError) {
        for (position, migration) in migrations.enumerated() where migration.number != position + 1 {
            throw .badList(number: migration.number, expected: position + 1)
        }
    }

    /// The first migration that was not applied; nil when the database is up to date.
    ///
    /// - Throws: when the database has migrations that the program does not know, knows in another wording, or has
    ///   applied out of order.
    static func next(
        _ migrations: [Migration], checksums: [Int: String], applied: [MigrationRecord]
    ) throws(MigrationError) -> Migration? {
        let records = Dictionary(applied.map { ($0.number, $0) }) { first, _ in first }
        if let unknown = applied.filter({ $0.number > migrations.count }).max(by: { $0.number < $1.number }) {
            throw .databaseIsNewer(number: unknown.number, name: unknown.name, known: migrations.count)
        }
        var missing: Migration?
        for migration in migrations {
            guard let record = records[migration.number] else {
                missing = missing ?? migration
                continue
            }
            guard record.checksum == checksums[migration.number] else {
                throw .changed(number: migration.number, name: migration.name)
            }
            if let missing { throw .gap(number: missing.number, name: missing.name) }
        }
        return missing
    }
}

/// Why a schema was not brought up to date.
public enum MigrationError: Error, Sendable, Equatable {
    /// The program's own list is not numbered 1, 2, 3 ….
    case badList(number: Int, expected: Int)

    /// The database was used by a newer program: its newest migration, and the newest that this program knows.
    case databaseIsNewer(number: Int, name: String, known: Int)

    /// An applied migration has another text now.
    case changed(number: Int, name: String)

    /// A later migration was applied, but not this one.
    case gap(number: Int, name: String)

    /// A migration's SQL failed.
    case failed(number: Int, name: String, PostgresError)

    /// The database failed otherwise.
    case database(PostgresError)
}

extension MigrationError: CustomStringConvertible {
    /// The message: what is wrong and what to do.
    public var description: String {
        switch self {
        case .badList(let number, let expected):
            "the list of migrations is out of order: number \(number) stands in place \(expected)"
        case .databaseIsNewer(let number, let name, let known):
            "the database has migration \(number) (\(name)), this program knows \(known); use the newer program"
        case .changed(let number, let name):
            "migration \(number) (\(name)) was applied with another text than this program's; use the program that the"
                + " database was made with, or a later release"
        case .gap(let number, let name):
            "migration \(number) (\(name)) is missing, though later ones were applied; restore the database's backup"
        case .failed(let number, let name, let error): "migration \(number) (\(name)) failed: \(error)"
        case .database(let error): "the schema could not be brought up to date: \(error)"
        }
    }
}
