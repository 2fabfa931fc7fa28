/// A place in the write-ahead log of a cluster: bytes since its beginning.
public struct WALPosition: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Bytes since the log's beginning.
    public let value: UInt64

    /// The position of so many bytes.
    public init(_ value: UInt64) { self.value = value }

    /// Reads PostgreSQL's text form, such as `0/1A2B`; nil for any other text.
    public init?(text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let high = Self.half(parts[0]), let low = Self.half(parts[1]) else { return nil }
        value = high << 32 | low
    }

    private static func half(_ text: Substring) -> UInt64? {
        guard (1...8).contains(text.utf8.count), text.allSatisfy(\.isHexDigit) else { return nil }
        return UInt64(text, radix: 16)
    }

    /// Orders by place.
    public static func < (one: Self, other: Self) -> Bool { one.value < other.value }

    /// PostgreSQL's text form, such as `0/1A2B`.
    public var description: String {
        String(value >> 32, radix: 16, uppercase: true) + "/" + String(value & 0xffff_ffff, radix: 16, uppercase: true)
    }
}

/// A time line of a cluster: 1 after `initdb`, a new one after each recovery that ends in a promotion.
public struct TimelineID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The number, from 1 on.
    public let value: UInt32

    /// The time line of a number.
    public init(_ value: UInt32) { self.value = value }

    /// Orders by number.
    public static func < (one: Self, other: Self) -> Bool { one.value < other.value }

    /// The decimal number.
    public var description: String { String(value) }
}
