/// A line that does not have the kernel's format.
struct MalformedLine: Error, Equatable {
    /// Position in the file, from 1.
    let number: Int
    /// The problem.
    let reason: String
}

/// Splits a file of the kernel's into lines. Each of them, the last one too, ends with a line feed: one that does not
/// was cut off.
enum ProcLines {
    static func forEach(
        in bytes: [UInt8], _ body: (_ line: ArraySlice<UInt8>, _ number: Int) throws(MalformedLine) -> Void
    ) throws(MalformedLine) {
        var rest = bytes[...]
        var number = 1
        while !rest.isEmpty {
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
                throw MalformedLine(number: number, reason: "is cut off")
            }
            try body(rest[..<end], number)
            rest = rest[(end + 1)...]
            number += 1
        }
    }

    /// The first `count` fields of a line, between blanks or tabs; nothing when there are fewer.
    static func fields(_ line: ArraySlice<UInt8>, count: Int) -> [ArraySlice<UInt8>]? {
        let fields = line.split(maxSplits: count) { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        return fields.count < count ? nil : Array(fields.prefix(count))
    }
}

extension FixedWidthInteger {
    /// Reads hexadecimal digits that fill the whole width of the number, as the kernel prints addresses, ports and
    /// flags.
    init?(hexDigits digits: ArraySlice<UInt8>) {
        guard digits.count == Self.bitWidth / 4 else { return nil }
        self = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): self = self << 4 | Self(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "A")...UInt8(ascii: "F"): self = self << 4 | Self(digit - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
    }

    /// Reads an address word: the kernel prints the number that its bytes, in network order, make on this machine.
    init?(networkOrderHexDigits digits: ArraySlice<UInt8>) {
        guard let printed = Self(hexDigits: digits) else { return nil }
        self = Self(bigEndian: printed)
    }
}
