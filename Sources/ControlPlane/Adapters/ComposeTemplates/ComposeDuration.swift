/// Durations as Compose reads them (`1h30m`, `10s`, `500ms`) and writes them (`1m30s`).
enum ComposeDuration {
    private static let nanosecondsPerUnit: [(unit: String, nanoseconds: Int)] = [
        ("ns", 1), ("us", 1_000), ("µs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000),
        ("h", 3_600_000_000_000), ("d", 86_400_000_000_000), ("w", 604_800_000_000_000),
    ]

    /// The duration, or nil where `text` is none: numbers with a unit each, one after the other; `0` alone needs no
    /// unit.
    static func parse(_ text: String) -> Duration? {
        if text == "0" { return .zero }
        var rest = text[...]
        var total = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest[digits.endIndex...]
            let unit = rest.prefix { !($0.isASCII && ($0.isNumber || $0 == ".")) }
            rest = rest[unit.endIndex...]
            guard let number = Double(digits), let factor = nanosecondsPerUnit.first(where: { $0.unit == unit }),
                let nanoseconds = Int(exactly: (number * Double(factor.nanoseconds)).rounded())
            else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(nanoseconds)
            guard !overflow else { return nil }
            total = sum
        }
        return .nanoseconds(total)
    }

    /// The form that Compose writes: `1h0m0s`, `1m30s`, `1.5s`, `500ms`, `0s`.
    static func format(_ duration: Duration) -> String {
        let parts = duration.components
        let nanoseconds = Int(parts.attoseconds / 1_000_000_000)
        if parts.seconds == 0, nanoseconds != 0 { return fraction(nanoseconds) }
        let seconds = parts.seconds % 60
        let tail = decimal(Int(seconds), nanoseconds, digits: 9) + "s"
        if parts.seconds < 60 { return tail }
        let minutes = parts.seconds / 60
        return minutes < 60 ? "\(minutes)m\(tail)" : "\(minutes / 60)h\(minutes % 60)m\(tail)"
    }

    private static func fraction(_ nanoseconds: Int) -> String {
        if nanoseconds >= 1_000_000 {
            return decimal(nanoseconds / 1_000_000, nanoseconds % 1_000_000, digits: 6) + "ms"
        }
        if nanoseconds >= 1_000 { return decimal(nanoseconds / 1_000, nanoseconds % 1_000, digits: 3) + "µs" }
        return "\(nanoseconds)ns"
    }

    private static func decimal(_ whole: Int, _ part: Int, digits: Int) -> String {
        guard part > 0 else { return String(whole) }
        let text = String(part)
        var padded = String(repeating: "0", count: digits - text.count) + text
        while padded.hasSuffix("0") { padded.removeLast() }
        return "\(whole).\(padded)"
    }
}
