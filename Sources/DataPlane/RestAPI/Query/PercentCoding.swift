/// Percent-encoding of URLs.
enum PercentCoding {
    /// A value of a query string: `+` is a blank.
    static func decodeForm(_ text: some StringProtocol) -> String { decode(text, plusIsBlank: true) }

    /// A path segment.
    static func decodeSegment(_ text: some StringProtocol) -> String { decode(text, plusIsBlank: false) }

    private static func decode(_ text: some StringProtocol, plusIsBlank: Bool) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "+") where plusIsBlank: bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                var copy = iterator
                guard let high = copy.next().flatMap(digit), let low = copy.next().flatMap(digit) else {
                    bytes.append(byte)
                    continue
                }
                bytes.append(high << 4 | low)
                iterator = copy
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
    }

    private static let hexDigits = Array("0123456789ABCDEF".utf8)

    /// Everything but unreserved characters of RFC 3986 is encoded.
    static func encode(_ text: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
