import PostgresKit

/// A change of one row.
struct RowChange: Sendable, Equatable {
    let relation: LogicalRelation
    let kind: ChangeKind
    /// Nil for a delete.
    let new: [LogicalValue]?
    let old: LogicalOldRow?
    /// Of the commit.
    let time: PostgresTimestamp
    /// What changed the row.
    var transaction: UInt32 = 0

    /// A column's value after the change, or before it where that is known.
    enum Value: Sendable, Equatable {
        /// Nil for null.
        case known(String?)
        /// A large value that the change left alone.
        case unknown
    }

    private func index(of column: String) -> Int? { relation.columns.firstIndex { $0.name == column } }

    private static func value(_ value: LogicalValue?) -> Value {
        switch value {
        case .text(let text)?: .known(text)
        case .null?: .known(nil)
        default: .unknown
        }
    }

    /// The value after the change; one that was not sent is taken from the whole old row.
    func newValue(_ column: String) -> Value? {
        guard let new, let index = index(of: column), new.indices.contains(index) else { return nil }
        if new[index] == .unchanged, case .full(let values)? = old, values.indices.contains(index) {
            return Self.value(values[index])
        }
        return Self.value(new[index])
    }

    /// The value before the change: known of the replica identity's columns alone. A key that did not change is not sent.
    func oldValue(_ column: String) -> Value? {
        guard let index = index(of: column) else { return nil }
        let isKey = relation.columns[index].isKey
        switch old {
        case .full(let values)?: return values.indices.contains(index) ? Self.value(values[index]) : nil
        case .key(let values)?: return isKey && values.indices.contains(index) ? Self.value(values[index]) : nil
        case nil: return isKey ? newValue(column) : nil
        }
    }

    /// What a filter looks at: the new row, or what is left of the old one.
    func filtered(_ column: String) -> Value? { kind == .delete ? oldValue(column) : newValue(column) }
}

/// Puts the messages of a replication together.
struct ChangeReader: Sendable {
    private var relations: [UInt32: LogicalRelation] = [:]
    private var time: PostgresTimestamp?
    private var transaction: UInt32 = 0
    /// Everything before this has been seen.
    private(set) var position = LogPosition(0)
    /// Relations that were described again, and whose facts may have changed.
    private var described: Set<UInt32> = []
    /// Whether one of them looks different now.
    private(set) var hasChangedRelation = false

    private var isInTransaction: Bool { time != nil }

    /// A change, if the message is one.
    mutating func take(_ message: LogicalMessage) -> RowChange? {
        switch message {
        case .begin(_, let time, let transaction): (self.time, self.transaction) = (time, transaction)
        case .commit(_, let end, _):
            time = nil
            position = max(position, end)
        case .relation(let relation):
            if let known = relations[relation.id], known != relation { hasChangedRelation = true }
            relations[relation.id] = relation
            described.insert(relation.id)
        case .insert(let id, let new): return change(id, .insert, new: new, old: nil)
        case .update(let id, let old, let new): return change(id, .update, new: new, old: old)
        case .delete(let id, let old): return change(id, .delete, new: nil, old: old)
        case .type, .truncate, .message, .origin: break
        }
        return nil
    }

    /// The end of the log, while nothing is under way: an idle database must not keep what is long past.
    mutating func take(end: LogPosition) {
        if !isInTransaction { position = max(position, end) }
    }

    /// Relations that were described since the last call.
    mutating func takeDescribed() -> Set<UInt32> {
        defer { described = [] }
        return described
    }

    mutating func forgetChangedRelation() { hasChangedRelation = false }

    private func change(
        _ id: UInt32, _ kind: ChangeKind, new: [LogicalValue]?, old: LogicalOldRow?
    ) -> RowChange? {
        guard let relation = relations[id], let time else { return nil }
        return RowChange(
            relation: relation, kind: kind, new: new, old: old, time: time, transaction: transaction)
    }
}
