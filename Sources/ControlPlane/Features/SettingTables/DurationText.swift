/// Durations as Go and PostgreSQL write them: numbers with units.
enum DurationText {
    private static let secondsOfUnit: [String: Double] = [
        "ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400,
    ]

    /// Seconds of `1h30m`, `60s`, `200ms`; nil for any other text.
    static func seconds(_ text: String) -> Double? {
        var rest = Substring(text)
        var sum = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let number = Double(digits), let factor = secondsOfUnit[String(unit)] else { return nil }
            sum += number * factor
        }
        return sum
    }

    /// Whether a text is one number, with one of `units` behind it or none.
    static func isQuantity(_ text: String, units: Set<String>, allowsSign: Bool, allowsFraction: Bool) -> Bool {
        var rest = Substring(text)
        if allowsSign, rest.first == "-" { rest = rest.dropFirst() }
        let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = rest.dropFirst(number.count)
        let isNumber = allowsFraction ? Double(number) != nil : UInt64(number) != nil
        return isNumber && number.first?.isNumber == true && number.last?.isNumber == true
            && (unit.isEmpty || units.contains(String(unit)))
    }
}
