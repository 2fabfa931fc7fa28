extension LogicalMessage {
    /// Reads one message of version 1.
    public init(_ bytes: some Collection<UInt8>) throws(LogicalDecodingError) {
        var reader = LogicalReader(Array(bytes)[...])
        self = try Self.message(&reader)
        guard reader.isAtEnd else { throw .excess }
    }

    private static func message(_ reader: inout LogicalReader) throws(LogicalDecodingError) -> LogicalMessage {
        switch try reader.byte() {
        case UInt8(ascii: "B"):
            .begin(
                finalPosition: try reader.place(), time: try reader.time(), transaction: try reader.number(UInt32.self))
        case UInt8(ascii: "C"): try commit(&reader)
        case UInt8(ascii: "R"): .relation(try relation(&reader))
        case UInt8(ascii: "Y"):
            .type(id: try reader.number(UInt32.self), schema: try reader.text(), name: try reader.text())
        case UInt8(ascii: "I"): try insert(&reader)
        case UInt8(ascii: "U"): try update(&reader)
        case UInt8(ascii: "D"): try delete(&reader)
        case UInt8(ascii: "T"): try truncate(&reader)
        case UInt8(ascii: "M"): try emitted(&reader)
        case UInt8(ascii: "O"): .origin(position: try reader.place(), name: try reader.text())
        case let letter: throw .unknown(letter)
        }
    }

    private static func commit(_ reader: inout LogicalReader) throws(LogicalDecodingError) -> LogicalMessage {
        // Flags that have no meaning yet.
        _ = try reader.byte()
        return .commit(position: try reader.place(), end: try reader.place(), time: try reader.time())
    }

    private static func relation(_ reader: inout LogicalReader) throws(LogicalDecodingError) -> LogicalRelation {
        let (id, schema, name) = (try reader.number(UInt32.self), try reader.text(), try reader.text())
        let letter = try reader.byte()
        guard let identity = LogicalRelation.Identity(rawValue: letter) else { throw .unknown(letter) }
        let columns = try reader.list(counted: Int16.self) { reader throws(LogicalDecodingError) in
            LogicalRelation.Column(
                isKey: try reader.byte() & 1 == 1, name: try reader.text(), type: try reader.number(UInt32.self),
                modifier: try reader.number(Int32.self))
        }
        return LogicalRelation(id: id, schema: schema, name: name, identity: identity, columns: columns)
    }

    private static func insert(_ reader: inout LogicalReader) throws(LogicalDecodingError) -> LogicalMessage {
        let relation = try reader.number(UInt32.self)
        return .insert(relation: relation, new: try newRow(try reader.byte(), &reader))
    }

    private static func update(_ reader: inout LogicalReader) throws(LogicalDecodingError) -> LogicalMessage {
        let relation = try reader.number(UInt32.self)
        let letter = try reader.byte()
        guard letter != UInt8(ascii: "N") else {
            return .update(relation: relation, old: nil, new: try newRow(letter, &reader))
        }
        let old = try oldRow(letter, &reader)
        return .update(relation: relation, old: old, new: try newRow(try reader.byte(), &reader))
    }

    private static func delete(_ reader: inout LogicalReader) throws(LogicalDecodingError) -> LogicalMessage {
        let relation = try reader.number(UInt32.self)
        return .delete(relation: relation, old: try oldRow(try reader.byte(), &reader))
    }

    private static func truncate(_ reader: inout LogicalReader) throws(LogicalDecodingError) -> LogicalMessage {
        let count = try reader.number(UInt32.self)
        let options = try reader.byte()
        var relations: [UInt32] = []
        for _ in 0..<count { relations.append(try reader.number(UInt32.self)) }
        return .truncate(relations: relations, cascades: options & 1 != 0, restartsIdentity: options & 2 != 0)
    }

    private static func emitted(_ reader: inout LogicalReader) throws(LogicalDecodingError) -> LogicalMessage {
        let flags = try reader.byte()
        let (position, prefix) = (try reader.place(), try reader.text())
        let count = Int(try reader.number(UInt32.self))
        return .message(
            isTransactional: flags & 1 != 0, position: position, prefix: prefix, content: Array(try reader.take(count)))
    }

    private static func newRow(
        _ letter: UInt8, _ reader: inout LogicalReader
    ) throws(LogicalDecodingError) -> [LogicalValue] {
        guard letter == UInt8(ascii: "N") else { throw .unknown(letter) }
        return try row(&reader)
    }

    private static func oldRow(
        _ letter: UInt8, _ reader: inout LogicalReader
    ) throws(LogicalDecodingError) -> LogicalOldRow {
        switch letter {
        case UInt8(ascii: "K"): .key(try row(&reader))
        case UInt8(ascii: "O"): .full(try row(&reader))
        default: throw .unknown(letter)
        }
    }

    private static func row(_ reader: inout LogicalReader) throws(LogicalDecodingError) -> [LogicalValue] {
        try reader.list(counted: Int16.self) { reader throws(LogicalDecodingError) in
            switch try reader.byte() {
            case UInt8(ascii: "n"): return .null
            case UInt8(ascii: "u"): return .unchanged
            case UInt8(ascii: "t"):
                let count = Int(try reader.number(Int32.self))
                return .text(String(decoding: try reader.take(count), as: UTF8.self))
            case UInt8(ascii: "b"):
                let count = Int(try reader.number(Int32.self))
                return .binary(Array(try reader.take(count)))
            case let letter: throw .unknown(letter)
            }
        }
    }
}
