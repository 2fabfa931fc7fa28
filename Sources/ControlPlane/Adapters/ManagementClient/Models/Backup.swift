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

    /// Whether nothing more happens to it without a request.
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

/// When a project is backed up every day.
public struct BackupTimes: Codable, Sendable, Equatable {
    /// The time of day in UTC, `HH:MM:SS`.
    public var scheduleFor: String
    /// Since when, in RFC 3339.
    public var updatedAt: String

    enum CodingKeys: String, CodingKey {
        case scheduleFor = "schedule_for"
        case updatedAt = "updated_at"
    }
}
