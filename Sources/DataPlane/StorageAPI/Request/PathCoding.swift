/// Percent-encoding of URLs, strict: what is no UTF-8 is no text.
enum PathCoding {
    private static let hexDigits = Array("0123456789ABCDEF".utf8)

    /// Decodes a part of a path; nil for bytes that are no UTF-8. A stray percent sign stands for itself.
    static func decode(_ text: some StringProtocol, plusIsBlank: Bool = false) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            if byte == UInt8(ascii: "+"), plusIsBlank {
                bytes.append(UInt8(ascii: " "))
                continue
            }
            var rest = iterator
            guard byte == UInt8(ascii: "%"), let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit)
            else {
                bytes.append(byte)
                continue
            }
            bytes.append(high << 4 | low)
            iterator = rest
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        guard byte < 0x80 else { return nil }
        return Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
    }

    /// Encodes everything but the unreserved characters of RFC 3986 and those that are `kept`.
    static func encode(_ text: some StringProtocol, keeping kept: String = "") -> String {
        let kept = Set(kept.utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                bytes.append(byte)
            case _ where kept.contains(byte): bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Names and values of a query string in their order, decoded.
    static func query(_ text: String) -> [(name: String, value: String)] {
        text.split(separator: "&").compactMap { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decode(parts[0], plusIsBlank: true) else { return nil }
            guard parts.count > 1 else { return (name, "") }
            return decode(parts[1], plusIsBlank: true).map { (name, $0) }
        }
    }
}

extension StringProtocol {
    /// The text without blanks, tabs and line ends around it.
    var trimmed: String {
        let isSpace = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
        guard let first = unicodeScalars.firstIndex(where: { !isSpace($0) }),
            let last = unicodeScalars.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(String.UnicodeScalarView(unicodeScalars[first...last]))
    }

    /// Whether two texts have the same bytes: for Swift, texts are equal that differ in their composition.
    func hasBytes(of other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }
}
