/// One row of a result. Values are read by column name and checked against the column's SQL type.
///
/// Each reader throws ``PostgresError/column(name:problem:)`` with the column's name and what is wrong with it; the
/// value itself is never part of the error.
public struct PostgresRow: Sendable {
    let columns: PostgresColumns
    let cells: ArraySlice<String?>

    /// A column of any type except `bytea`, in its text form.
    public func string(_ name: String) throws(PostgresError) -> String {
        try present(optionalString(name), name)
    }

    /// A column of any type except `bytea`, in its text form, or nil for NULL.
    public func optionalString(_ name: String) throws(PostgresError) -> String? {
        let (text, type) = try cell(name)
        guard type != .bytea else { throw .column(name: name, problem: .type(expected: "text", found: type.name)) }
        return text
    }

    /// A `smallint`, `integer`, `bigint` or `oid`.
    public func int64(_ name: String) throws(PostgresError) -> Int64 {
        try present(optionalInt64(name), name)
    }

    /// A `smallint`, `integer`, `bigint` or `oid`, or nil for NULL.
    public func optionalInt64(_ name: String) throws(PostgresError) -> Int64? {
        try read(name, as: "bigint", from: [.int8, .int4, .int2, .oid]) { Int64($0) }
    }

    /// A whole number as `Int`.
    public func int(_ name: String) throws(PostgresError) -> Int {
        try present(optionalInt(name), name)
    }

    /// A whole number as `Int`, or nil for NULL.
    public func optionalInt(_ name: String) throws(PostgresError) -> Int? {
        try read(name, as: "bigint", from: [.int8, .int4, .int2, .oid]) { Int($0) }
    }

    /// A `real`, `double precision` or whole number.
    public func double(_ name: String) throws(PostgresError) -> Double {
        try present(optionalDouble(name), name)
    }

    /// A `real`, `double precision` or whole number, or nil for NULL.
    public func optionalDouble(_ name: String) throws(PostgresError) -> Double? {
        try read(name, as: "double precision", from: [.float8, .float4, .int8, .int4, .int2]) { Double($0) }
    }

    /// A `boolean`.
    public func bool(_ name: String) throws(PostgresError) -> Bool {
        try present(optionalBool(name), name)
    }

    /// A `boolean`, or nil for NULL.
    public func optionalBool(_ name: String) throws(PostgresError) -> Bool? {
        try read(name, as: "boolean", from: [.bool]) { $0 == "t" ? true : $0 == "f" ? false : nil }
    }

    /// A `bytea`.
    public func bytes(_ name: String) throws(PostgresError) -> [UInt8] {
        try present(optionalBytes(name), name)
    }

    /// A `bytea`, or nil for NULL.
    public func optionalBytes(_ name: String) throws(PostgresError) -> [UInt8]? {
        try read(name, as: "bytea", from: [.bytea]) { PostgresText.bytes(hexBytea: $0) }
    }

    /// A `timestamptz`.
    public func timestamp(_ name: String) throws(PostgresError) -> PostgresTimestamp {
        try present(optionalTimestamp(name), name)
    }

    /// A `timestamptz`, or nil for NULL.
    public func optionalTimestamp(_ name: String) throws(PostgresError) -> PostgresTimestamp? {
        try read(name, as: "timestamptz", from: [.timestamptz]) { PostgresTimestamp(text: $0) }
    }

    /// A one-dimensional `text[]` or `varchar[]` without NULL elements.
    public func textArray(_ name: String) throws(PostgresError) -> [String] {
        let elements = try read(name, as: "text[]", from: [.textArray, .varcharArray]) {
            PostgresText.elements(array: $0)
        }
        return try present(elements, name)
    }

    private func cell(_ name: String) throws(PostgresError) -> (text: String?, type: PostgresTypeID) {
        let position = try columns.position(of: name)
        return (cells[cells.startIndex + position], columns.types[position])
    }

    private func present<Value>(_ value: Value?, _ name: String) throws(PostgresError) -> Value {
        guard let value else { throw .column(name: name, problem: .null) }
        return value
    }

    private func read<Value>(
        _ name: String, as expected: String, from types: [PostgresTypeID], _ parse: (String) -> Value?
    ) throws(PostgresError) -> Value? {
        let (text, type) = try cell(name)
        guard types.contains(type) else {
            throw .column(name: name, problem: .type(expected: expected, found: type.name))
        }
        guard let text else { return nil }
        guard let value = parse(text) else { throw .column(name: name, problem: .range(expected: expected)) }
        return value
    }
}

extension PostgresRow: CustomStringConvertible, CustomReflectable {
    /// The names of the columns; values may be secret and are not shown.
    public var description: String { "PostgresRow(\(columns.names.joined(separator: ", ")))" }

    /// A mirror without the values.
    public var customMirror: Mirror { Mirror(self, children: ["columns": columns.names]) }
}

extension PostgresRows: CustomStringConvertible, CustomReflectable {
    /// The number of rows and the names of the columns.
    public var description: String { "PostgresRows(\(count): \(columns.names.joined(separator: ", ")))" }

    /// A mirror without the values.
    public var customMirror: Mirror { Mirror(self, children: ["count": count, "columns": columns.names]) }
}
