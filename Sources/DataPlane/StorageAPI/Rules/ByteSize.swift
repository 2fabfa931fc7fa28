import DataPlaneCore

/// Sizes as settings of buckets have them: a number of bytes, or a text with a decimal unit.
enum ByteSize {
    private static let units: [(suffix: String, bytes: Int64)] = [
        ("gb", 1_000_000_000), ("mb", 1_000_000), ("kb", 1_000), ("b", 1),
    ]
    private static let fractionDigitsMax = 3

    /// The bytes of a JSON value; nil where it is no size.
    static func bytes(_ json: JSONText) -> Int64? {
        switch json {
        case .number(let digits): Int64(digits).flatMap { $0 >= 0 ? $0 : nil }
        case .string(let text): bytes(text)
        default: nil
        }
    }

    /// The bytes of a text such as `20MB`, `1.5gb` or `1024`.
    static func bytes(_ text: String) -> Int64? {
        let text = text.trimmed.lowercased()
        let unit = units.first { text.hasSuffix($0.suffix) }
        let number = text.dropLast(unit?.suffix.count ?? 0).trimmed
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isDigit) }),
            let whole = Int64(parts[0])
        else { return nil }
        let factor = unit?.bytes ?? 1
        let (large, isTooLarge) = whole.multipliedReportingOverflow(by: factor)
        guard !isTooLarge else { return nil }
        guard parts.count == 2 else { return large }
        guard parts[1].count <= fractionDigitsMax, unit != nil, let fraction = Int64(parts[1]) else { return nil }
        let scale = parts[1].reduce(Int64(1)) { scale, _ in scale * 10 }
        let (sum, isTooMuch) = large.addingReportingOverflow(fraction * factor / scale)
        return isTooMuch ? nil : sum
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
