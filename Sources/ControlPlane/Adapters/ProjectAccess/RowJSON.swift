import Orchestrator
import PostgresKit

/// Writes rows as a JSON array of objects while they come, and keeps those of the last result that has any.
///
/// Of columns with the same name the last one's value counts, at the place of the first, as in a JavaScript object.
struct RowJSON: PostgresRowSink {
    private let maximumRows: Int
    private let maximumBytes: Int

    /// The key of each member of a row's object, `"name":`, and the column that has its value.
    private var members: [(key: [UInt8], column: Int)] = []
    private var forms: [ValueForm] = []

    /// The values of the present row, one after the other, and where each ends.
    private var values: [UInt8] = []
    private var ends: [Int] = []
    private var cell: [UInt8] = []

    private var rows: [UInt8] = []
    private var rowCount = 0

    /// The answer so far.
    private(set) var answer = RowJSON.empty

    /// Why reading stopped.
    private(set) var refusal: ProjectDatabaseError?

    private static let empty = QueryAnswer(json: Array("[]".utf8), rowCount: 0)

    init(limits: ProjectDatabaseLimits) {
        maximumRows = limits.maximumRows
        maximumBytes = limits.maximumAnswerBytes
    }

    mutating func begin(_ columns: [PostgresColumn]) {
        forms = columns.map { ValueForm(type: $0.type) }
        members = []
        var places: [String: Int] = [:]
        for (column, name) in columns.map(\.name).enumerated() {
            if let place = places[name] {
                members[place].column = column
            } else {
                places[name] = members.count
                var key: [UInt8] = []
                JSONText.append(name, to: &key)
                members.append((key + [UInt8(ascii: ":")], column))
            }
        }
        (rows, rowCount) = ([], 0)
    }

    mutating func null() {
        values += Array("null".utf8)
        ends.append(values.count)
    }

    mutating func value(_ bytes: Span<UInt8>) {
        guard hasRoom(for: bytes) else {
            refusal = .tooLarge(limitBytes: maximumBytes)
            return null()
        }
        cell.removeAll(keepingCapacity: true)
        cell.reserveCapacity(bytes.count)
        for index in bytes.indices { cell.append(bytes[index]) }
        forms[ends.count].append(cell, to: &values)
        ends.append(values.count)
    }

    /// Whether a value may be written: as JSON it can be six times as long, and a row is measured only at its end.
    private func hasRoom(for bytes: Span<UInt8>) -> Bool {
        guard refusal == nil else { return false }
        let left = maximumBytes - values.count
        guard bytes.count > left / Self.escapedBytesMax else { return true }
        var count = 0
        for index in bytes.indices where count <= left {
            switch bytes[index] {
            case 0..<0x20: count += Self.escapedBytesMax
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): count += 2
            default: count += 1
            }
        }
        return count <= left
    }

    /// Bytes of a control character in JSON: `\u0000`.
    private static let escapedBytesMax = 6

    mutating func endRow() -> Bool {
        // Memory holds the rows of one result, not of all that a script may have.
        if rowCount == 0 { answer = Self.empty }
        rows.append(UInt8(ascii: rowCount == 0 ? "[" : ","))
        rows.append(UInt8(ascii: "{"))
        for (position, member) in members.enumerated() {
            if position > 0 { rows.append(UInt8(ascii: ",")) }
            rows += member.key
            rows += values[(member.column == 0 ? 0 : ends[member.column - 1])..<ends[member.column]]
        }
        rows.append(UInt8(ascii: "}"))
        rowCount += 1
        values.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        if rowCount > maximumRows { refusal = .tooManyRows(limit: maximumRows) }
        if rows.count >= maximumBytes { refusal = .tooLarge(limitBytes: maximumBytes) }
        return refusal == nil
    }

    mutating func end(commandTag: String) {
        if rowCount > 0 { answer = QueryAnswer(json: rows + [UInt8(ascii: "]")], rowCount: rowCount) }
        (rows, rowCount) = ([], 0)
    }
}
