/// A backup of a project's database.
public struct Backup: Codable, Sendable, Equatable {
    /// Number that it is asked for by.
    public var id: Int64
    /// `pending`, `stored`, `verified`, `unsound`, `failed` or `removed`.
    public var state: String
    /// Why it was made: `request`, `schedule` or `restore`.
    public var reason: String
    /// When it was asked for, in RFC 3339; likewise the other times.
    public var insertedAt: String
    public var takenAt: String?
    public var verifiedAt: String?
    public var storedBytes: Int64?
    public var failure: String?

    /// Whether nothing more happens to it by itself.
    public var isSettled: Bool { state != "pending" && state != "stored" }

    enum CodingKeys: String, CodingKey {
        case id, state, reason, failure
        case insertedAt = "inserted_at"
        case takenAt = "taken_at"
        case verifiedAt = "verified_at"
        case storedBytes = "stored_bytes"
    }
}

struct BackupList: Decodable {
    let backups: [Backup]
}
