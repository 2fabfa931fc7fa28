/// Sizes as Docker writes them: `512`, `64k`, `2gb`, `1.5GiB`. Every unit is a power of 1024.
enum ByteCount {
    /// The number of bytes, or nil where `text` is no size or does not fit 64 bits.
    static func parse(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        guard let number = Double(digits), let factor = factor(unit) else { return nil }
        if let whole = Int(digits) {
            let (product, overflow) = whole.multipliedReportingOverflow(by: factor)
            return overflow ? nil : product
        }
        return Int(exactly: (number * Double(factor)).rounded(.down))
    }

    private static func factor(_ unit: String) -> Int? {
        switch unit {
        case "", "b": 1
        case "k", "kb", "kib": 1 << 10
        case "m", "mb", "mib": 1 << 20
        case "g", "gb", "gib": 1 << 30
        case "t", "tb", "tib": 1 << 40
        case "p", "pb", "pib": 1 << 50
        default: nil
        }
    }
}
