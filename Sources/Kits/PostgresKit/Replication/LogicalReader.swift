/// Takes big-endian numbers and texts off the front of a message.
struct LogicalReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var isAtEnd: Bool { position == bytes.endIndex }

    mutating func take(_ count: Int) throws(LogicalDecodingError) -> ArraySlice<UInt8> {
        guard count >= 0, bytes.endIndex - position >= count else { throw .truncated }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) throws(LogicalDecodingError) -> Number {
        try take(MemoryLayout<Number>.size).reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    mutating func byte() throws(LogicalDecodingError) -> UInt8 { try number(UInt8.self) }

    mutating func place() throws(LogicalDecodingError) -> LogPosition { LogPosition(try number(UInt64.self)) }

    mutating func time() throws(LogicalDecodingError) -> PostgresTimestamp {
        let sum = try number(Int64.self).addingReportingOverflow(ReplicationFrame.epochMicroseconds)
        return PostgresTimestamp(microsecondsSinceEpoch: sum.overflow ? .max : sum.partialValue)
    }

    /// A text that ends with a zero.
    mutating func text() throws(LogicalDecodingError) -> String {
        guard let end = bytes[position...].firstIndex(of: 0) else { throw .truncated }
        defer { position = end + 1 }
        return String(decoding: bytes[position..<end], as: UTF8.self)
    }

    /// A count, and so many elements. A count that is larger than what is left is not believed.
    mutating func list<Count: FixedWidthInteger, Element>(
        counted type: Count.Type, _ element: (inout LogicalReader) throws(LogicalDecodingError) -> Element
    ) throws(LogicalDecodingError) -> [Element] {
        let count = Int(try number(type))
        guard count >= 0, count <= bytes.endIndex - position else { throw .truncated }
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try element(&self)) }
        return elements
    }
}
