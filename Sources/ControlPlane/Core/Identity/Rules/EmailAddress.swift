/// E-mail addresses as this installation knows them: lower-case ASCII, so that one mailbox is one account.
enum EmailAddress {
    /// Most bytes that an address can have (RFC 5321, by the length of a path).
    static let bytesMax = 254

    /// The address in the form in which it is stored.
    static func normalized(_ text: String) throws(IdentityError) -> String {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty else { throw .badEmail("it is empty") }
        guard bytes.count <= bytesMax else { throw .badEmail("it is longer than \(bytesMax) bytes") }
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .badEmail("it may hold printable ASCII characters only, and no space")
        }
        let parts = bytes.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw .badEmail("it must hold exactly one @") }
        guard !parts[0].isEmpty, !parts[1].isEmpty else {
            throw .badEmail("something must stand before and after the @")
        }
        return String(decoding: bytes.map(lowered), as: UTF8.self)
    }

    private static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte + 0x20 : byte }

    /// What stands before the @: a first username.
    static func mailbox(_ address: String) -> String { String(address.prefix { $0 != "@" }) }
}

/// What texts of people must keep to.
enum IdentityText {
    /// Most characters of a name.
    static let nameMax = 256

    /// The text without white space around it, provided that it is a name of 1 to ``nameMax`` characters.
    static func name(_ text: String, of what: String) throws(IdentityError) -> String {
        let trimmed = trimming(text)
        guard !trimmed.isEmpty else { throw .invalid("the name of \(what) must not be empty") }
        guard trimmed.count <= nameMax, trimmed.utf8.count <= nameMax * 4 else {
            throw .invalid("the name of \(what) must not be longer than \(nameMax) characters")
        }
        guard !trimmed.unicodeScalars.contains(where: isControl) else {
            throw .invalid("the name of \(what) must not hold control characters")
        }
        return trimmed
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control || scalar.value == 0x2028 || scalar.value == 0x2029
    }

    private static func trimming(_ text: String) -> String {
        let rest = text.drop { $0.isWhitespace }
        return String(rest.reversed().drop { $0.isWhitespace }.reversed())
    }
}
