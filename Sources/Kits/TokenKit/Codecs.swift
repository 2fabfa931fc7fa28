/// Hexadecimal text, two lower-case digits a byte.
public enum Hex {
    private static let digits = Array("0123456789abcdef".utf8)

    /// The bytes as text.
    public static func encode(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The bytes of a text in upper or lower case; nil if it is anything else.
    public static func decode(_ text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count / 2)
        for index in stride(from: 0, to: characters.count, by: 2) {
            guard let high = value(characters[index]), let low = value(characters[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// Base32 without padding (RFC 4648 §6).
public enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    /// The bytes as text.
    public static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var accumulator: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            accumulator = accumulator << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(alphabet[Int(accumulator >> bits & 31)])
            }
            accumulator &= (1 << bits) - 1
        }
        if bits > 0 { text.append(alphabet[Int(accumulator << (5 - bits) & 31)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text in upper case, with or without padding; nil if it is anything else.
    public static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var accumulator: UInt32 = 0
        var bits: UInt32 = 0
        for character in text.utf8 where character != UInt8(ascii: "=") {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            accumulator = accumulator << 5 | UInt32(value)
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(accumulator >> bits & 255))
                accumulator &= (1 << bits) - 1
            }
        }
        return bytes
    }
}

/// Base64 with padding (RFC 4648 §4).
public enum Base64 {
    private static let alphabet = Base64Alphabet(special: "+/")

    /// The bytes as text.
    public static func encode(_ bytes: [UInt8]) -> String {
        let text = alphabet.encode(bytes)
        return text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    }

    /// The bytes of a correctly padded text; nil if it is anything else.
    public static func decode(_ text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count % 4 == 0 else { return nil }
        let padding = characters.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2 else { return nil }
        return alphabet.decode(characters.dropLast(padding))
    }
}

/// Base64 for URLs and file names, without padding (RFC 4648 §5, RFC 7515 §2).
public enum Base64URL {
    private static let alphabet = Base64Alphabet(special: "-_")

    /// The bytes as text.
    public static func encode(_ bytes: [UInt8]) -> String { alphabet.encode(bytes) }

    /// The bytes of an unpadded text; nil if it is anything else.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? { alphabet.decode(Array(text.utf8)[...]) }
}

/// The common part of the two Base64 forms: six bits a character, no padding.
private struct Base64Alphabet: Sendable {
    private let characters: [UInt8]
    private let values: [UInt8?]

    init(special: String) {
        characters =
            Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8) + Array(special.utf8)
        var values = [UInt8?](repeating: nil, count: 256)
        for (value, character) in characters.enumerated() { values[Int(character)] = UInt8(value) }
        self.values = values
    }

    func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var accumulator: UInt32 = 0
        var bitCount: UInt32 = 0
        for byte in bytes {
            accumulator = accumulator << 8 | UInt32(byte)
            bitCount += 8
            while bitCount >= 6 {
                bitCount -= 6
                text.append(characters[Int(accumulator >> bitCount & 63)])
            }
            accumulator &= (1 << bitCount) - 1
        }
        if bitCount > 0 { text.append(characters[Int(accumulator << (6 - bitCount) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Accepts the canonical form only: two texts never stand for the same bytes.
    func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var accumulator: UInt32 = 0
        var bitCount: UInt32 = 0
        for character in text {
            guard let value = values[Int(character)] else { return nil }
            accumulator = accumulator << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(accumulator >> bitCount & 255))
                accumulator &= (1 << bitCount) - 1
            }
        }
        return accumulator == 0 ? bytes : nil
    }
}
