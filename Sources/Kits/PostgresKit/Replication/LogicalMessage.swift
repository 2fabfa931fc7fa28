/// A message of logical decoding, as the plugin `pgoutput` sends it in its protocol's version 1 (PostgreSQL manual,
/// "Logical Replication Message Formats").
public enum LogicalMessage: Sendable, Equatable {
    /// A transaction begins.
    ///
    /// - Parameter time: of its commit.
    case begin(finalPosition: LogPosition, time: PostgresTimestamp, transaction: UInt32)
    /// A transaction ends; `end` is the position after it.
    case commit(position: LogPosition, end: LogPosition, time: PostgresTimestamp)
    /// What a table looks like from here on.
    case relation(LogicalRelation)
    /// A type that is not built in.
    case type(id: UInt32, schema: String, name: String)
    case insert(relation: UInt32, new: [LogicalValue])
    /// `old` is there where the key has changed, or where the whole row is the replica identity.
    case update(relation: UInt32, old: LogicalOldRow?, new: [LogicalValue])
    case delete(relation: UInt32, old: LogicalOldRow)
    case truncate(relations: [UInt32], cascades: Bool, restartsIdentity: Bool)
    /// What `pg_logical_emit_message` wrote.
    case message(isTransactional: Bool, position: LogPosition, prefix: String, content: [UInt8])
    /// The server on which the transaction was first.
    case origin(position: LogPosition, name: String)
}

/// A place in the write-ahead log.
public struct LogPosition: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Bytes since the log's beginning.
    public let value: UInt64

    /// A place.
    public init(_ value: UInt64) { self.value = value }

    /// Whether one place is before another.
    public static func < (one: Self, other: Self) -> Bool { one.value < other.value }

    /// As PostgreSQL writes it, such as `0/16B3748`.
    public var description: String {
        String(value >> 32, radix: 16, uppercase: true) + "/" + String(value & 0xffff_ffff, radix: 16, uppercase: true)
    }
}

/// A table of the publication.
public struct LogicalRelation: Sendable, Equatable {
    /// What identifies a row that is changed or deleted.
    public enum Identity: UInt8, Sendable {
        /// The primary key.
        case key = 0x64
        case nothing = 0x6e
        /// The whole row.
        case full = 0x66
        /// A chosen index.
        case index = 0x69
    }

    /// A column in the order of the rows' values.
    public struct Column: Sendable, Equatable {
        /// Whether it is part of the replica identity.
        public var isKey: Bool
        /// The name.
        public var name: String
        /// The type's object id.
        public var type: UInt32
        /// The type's modifier; -1 without one.
        public var modifier: Int32
    }

    /// The table's object id.
    public var id: UInt32
    /// Empty for `pg_catalog`.
    public var schema: String
    /// The name.
    public var name: String
    /// What identifies a row.
    public var identity: Identity
    /// The columns.
    public var columns: [Column]
}

/// A value of a row.
public enum LogicalValue: Sendable, Equatable {
    case null
    /// A large value that the change left alone: it is not sent.
    case unchanged
    /// The text form.
    case text(String)
    /// The binary form, where it was asked for.
    case binary([UInt8])
}

/// What is known of a row before a change.
public enum LogicalOldRow: Sendable, Equatable {
    /// The identity's columns have their values; all others are null.
    case key([LogicalValue])
    case full([LogicalValue])

    /// One value for each column.
    public var values: [LogicalValue] {
        switch self {
        case .key(let values), .full(let values): values
        }
    }
}

/// Why bytes are no message.
public enum LogicalDecodingError: Error, Sendable, Equatable {
    /// They end too early, or a count does not fit.
    case truncated
    /// A letter that version 1 does not have.
    case unknown(UInt8)
    /// More follows than belongs to the message.
    case excess
}
