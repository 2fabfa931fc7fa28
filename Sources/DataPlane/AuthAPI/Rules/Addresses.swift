/// An e-mail address in the form in which it is stored: lower case.
struct EmailAddress: Sendable, Hashable {
    /// Longest address (RFC 5321 §4.5.3.1.3).
    static let bytesMax = 254
    /// Longest part before the `@` (RFC 5321 §4.5.3.1.1).
    static let localBytesMax = 64
    private static let labelBytesMax = 63

    let text: String

    /// Reads what HTML's `<input type=email>` takes, within the bounds of RFC 5321; nil for anything else.
    init?(_ text: String) {
        let text = text.trimmed.lowercased()
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count <= Self.bytesMax, Self.isLocal(parts[0]), Self.isDomain(parts[1]) else {
            return nil
        }
        self.text = text
    }

    private static func isLocal(_ text: Substring) -> Bool {
        guard (1...localBytesMax).contains(text.utf8.count), !text.hasPrefix("."), !text.hasSuffix("."),
            !text.contains("..")
        else { return false }
        return text.unicodeScalars.allSatisfy {
            isLetterOrDigit($0) || ".!#$%&'*+/=?^_`{|}~-".unicodeScalars.contains($0)
        }
    }

    private static func isDomain(_ text: Substring) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...labelBytesMax).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.unicodeScalars.allSatisfy { isLetterOrDigit($0) || $0 == "-" }
        }
    }

    /// Letters of other scripts are those of internationalized addresses (RFC 6531); no blank and no control is one.
    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "0"..."9": true
        default: scalar.value >= 0x80 && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        }
    }
}

/// A phone number in the form in which it is stored: E.164 without its plus sign.
struct PhoneNumber: Sendable, Hashable {
    let digits: String

    /// Reads digits with or without a plus sign, blanks among them do not count; nil for anything else.
    init?(_ text: String) {
        let digits = text.filter { $0 != " " }.drop { $0 == "+" }
        guard (2...15).contains(digits.utf8.count), digits.first != "0",
            digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        self.digits = String(digits)
    }
}
