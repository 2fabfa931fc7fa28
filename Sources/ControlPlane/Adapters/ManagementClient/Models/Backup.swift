/// A backup of a project's database.
public struct Backup: Codable, Sendable, Equatable {
    /// Number that it is asked for by.
    public var id: Int64
    /// `pending`, `stored`, `verified`, `unsound`, `failed` or `removed`.
    public var state: String
    /// Why it was made: `request`, `schedule`, `restore` or `point_in_time`.
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
    let log: LogCopyReport?
}

/// The continuous copy of a project's log.
public struct LogCopyReport: Codable, Sendable, Equatable {
    /// `waiting`, `receiving`, `delayed` or `failing`.
    public var state: String
    /// Why nothing is received, or stored, at the moment.
    public var failure: String?
    /// When a stretch of the log was found to be lost, in RFC 3339.
    public var gapSeenAt: String?
    /// The stretches of time of which every moment can be restored.
    public var windows: [Window]

    /// A stretch of time, in RFC 3339.
    public struct Window: Codable, Sendable, Equatable {
        public var earliest: String
        public var latest: String
    }

    enum CodingKeys: String, CodingKey {
        case state, failure, windows
        case gapSeenAt = "gap_seen_at"
    }
}

/// When a project is backed up every day.
public struct BackupTimes: Codable, Sendable, Equatable {
    /// The time of day in UTC, `HH:MM:SS`.
    public var scheduleFor: String
    /// Since when, in RFC 3339.
    public var updatedAt: String
    /// Whether its log is copied in between; nil where the manager does not know that.
    public var pointInTime: Bool?

    enum CodingKeys: String, CodingKey {
        case scheduleFor = "schedule_for"
        case updatedAt = "updated_at"
        case pointInTime = "point_in_time"
    }
}

struct BackupTimesChange: Encodable {
    let scheduleFor: String?
    let pointInTime: Bool?

    enum CodingKeys: String, CodingKey {
        case scheduleFor = "schedule_for"
        case pointInTime = "point_in_time"
    }
}
