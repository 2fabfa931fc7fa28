/// Texts as pages show them.
enum PageText {
    /// A text of unknown origin without what hides or reorders others: control characters but line feeds and tabs, and
    /// the formatting characters of bidirectional text, become U+FFFD.
    static func visible(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isHiding) else { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { scalars.append(isHiding(scalar) ? "\u{FFFD}" : scalar) }
        return String(scalars)
    }

    private static func isHiding(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A: false
        case 0x00...0x1F, 0x7F...0x9F: true
        // Marks, embeddings, overrides and isolates of the bidirectional algorithm; separators of lines.
        case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        // Invisible: zero width, word joiner, byte order mark, tags.
        case 0x200B, 0x2060...0x2064, 0xFEFF, 0xE0000...0xE007F: true
        default: false
        }
    }

    /// An RFC 3339 time in UTC to the second, `2026-11-29 16:20:00 UTC`; nil for any other text.
    static func time(_ text: String) -> String? {
        guard let found = text.wholeMatch(of: #/(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(\.\d+)?(Z|\+00:00)/#) else {
            return nil
        }
        return "\(found.1) \(found.2) UTC"
    }
}

extension PageText {
    /// A number of bytes as people read it, in units of 1,024.
    static func bytes(_ count: Int64) -> String { bytes(Double(count)) }

    /// The same of a number that may be any.
    static func bytes(_ count: Double) -> String {
        guard count.isFinite else { return "?" }
        guard abs(count) >= 1_024 else { return "\(Int64(count)) B" }
        var (value, unit) = (count, 0)
        while abs(value) >= 1_024, unit < units.count - 1 { (value, unit) = (value / 1_024, unit + 1) }
        return "\(decimal(value)) \(units[unit])"
    }

    private static let units = ["B", "KiB", "MiB", "GiB", "TiB"]

    /// A number with one digit behind the point where that says something.
    static func decimal(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "?" }
        let tenths = Int64((value * 10).rounded())
        let whole = tenths / 10
        return abs(tenths) >= 1_000 || tenths % 10 == 0
            ? "\(Int64(value.rounded()))" : "\(tenths < 0 && whole == 0 ? "-" : "")\(whole).\(abs(tenths % 10))"
    }
}
