import DataPlaneCore
import PostgresKit

/// A change as clients of one role see it.
struct ChangeMessage: Sendable {
    /// Bytes of a value that stays when a record is too large.
    private static let smallValueBytes = 64

    let change: RowChange
    let facts: TableFacts
    let role: String
    /// Columns that were asked for; nil for all.
    let columns: Set<String>?
    let bytesMax: Int

    private var readable: Set<String> { facts.readable[role] ?? [] }

    /// Whether the role may read all of the key.
    var readsKey: Bool { facts.keys.allSatisfy(readable.contains) }

    /// `{"ids", "data"}`
    func payload(ids: [Int]) -> JSONText {
        .object([.init("ids", .array(ids.map { .number(String($0)) })), .init("data", data)])
    }

    private var data: JSONText {
        if facts.keys.isEmpty { return failure("Error 400: Bad Request, no primary key") }
        if change.kind != .delete, !readsKey { return failure("Error 401: Unauthorized") }
        // Blanks of JSON go away; what is far larger is not even read.
        guard textBytes <= 2 * bytesMax else { return body(valueBytesMax: Self.smallValueBytes) }
        let whole = body(valueBytesMax: nil)
        guard whole.text.utf8.count > bytesMax else { return whole }
        return body(valueBytesMax: Self.smallValueBytes)
    }

    /// Bytes of all values that are shown.
    private var textBytes: Int {
        shown.reduce(0) { sum, name in
            [change.newValue(name), change.oldValue(name)].reduce(sum) { sum, value in
                guard case .known(let text?)? = value else { return sum }
                return sum + text.utf8.count
            }
        }
    }

    private var head: [JSONText.Member] {
        // 2026-01-02 03:04:05.678901+00, of which clients get milliseconds.
        let time = change.time.text.dropLast("901+00".count)
        return [
            .init("schema", .string(change.relation.schema)), .init("table", .string(change.relation.name)),
            .init("commit_timestamp", .string(time.split(separator: " ").joined(separator: "T") + "Z")),
            .init("type", .string(change.kind.rawValue)),
        ]
    }

    private func failure(_ text: String) -> JSONText { .object(head + [.init("errors", .array([.string(text)]))]) }

    /// The columns that are shown, in the table's order. The key is always among them.
    private var shown: [String] {
        change.relation.columns.map(\.name).filter { name in
            readable.contains(name) && (columns.map { $0.contains(name) || facts.keys.contains(name) } ?? true)
        }
    }

    private func body(valueBytesMax: Int?) -> JSONText {
        let described = shown.map { name in
            JSONText.object([
                .init("name", .string(name)), .init("type", .string(facts.columns[name]?.type ?? "text")),
            ])
        }
        var members = head + [.init("columns", .array(described))]
        if change.kind != .delete {
            members.append(.init("record", record(valueBytesMax, change.newValue)))
        }
        if change.kind != .insert {
            let old = record(valueBytesMax) {
                facts.hides($0, of: change.kind) ? nil : change.oldValue($0)
            }
            members.append(.init("old_record", old == .object([]) ? .null : old))
        }
        let errors = valueBytesMax == nil ? JSONText.null : .array([.string("Error 413: Payload Too Large")])
        return .object(members + [.init("errors", errors)])
    }

    private func record(_ valueBytesMax: Int?, _ value: (String) -> RowChange.Value?) -> JSONText {
        .object(
            shown.compactMap { name in
                guard case .known(let text)? = value(name) else { return nil }
                guard let text else { return valueBytesMax == nil ? .init(name, .null) : nil }
                if let valueBytesMax, text.utf8.count > valueBytesMax { return nil }
                return .init(name, ValueJSON.json(text, facts.columns[name]))
            })
    }
}
