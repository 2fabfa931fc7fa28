/// A size or a time span of PostgreSQL: a number with a unit, or in the setting's own unit, within the bounds that
/// PostgreSQL itself has for the setting (`unit`, `min_val` and `max_val` of `pg_settings`).
///
/// A value outside of them keeps the database from starting.
public struct PostgresQuantity: Sendable, Hashable {
    /// The setting's own unit, in which the bounds are.
    public let unit: Unit
    /// The smallest and the largest value; −1 stands for "none" where it is the smallest.
    public let range: ClosedRange<Int64>

    /// A unit of `pg_settings`.
    public enum Unit: String, Sendable, Hashable {
        case byte = "B"
        case kilobyte = "kB"
        case page = "8kB"
        case megabyte = "MB"
        case millisecond = "ms"
        case second = "s"

        /// Bytes, or microseconds.
        var size: Double {
            switch self {
            case .byte: 1
            case .kilobyte: 1_024
            case .page: 8_192
            case .megabyte: 1_048_576
            case .millisecond: 1_000
            case .second: 1_000_000
            }
        }

        fileprivate var isTime: Bool { self == .millisecond || self == .second }
    }

    init(_ unit: Unit, _ range: ClosedRange<Int64>) {
        self.unit = unit
        self.range = range
    }

    /// Bytes of each unit that a size can have, and microseconds of each that a time span can have.
    private static let sizes: [String: Double] = [
        "B": 1, "kB": 1_024, "MB": 1_048_576, "GB": 1_073_741_824, "TB": 1_099_511_627_776,
    ]
    private static let spans: [String: Double] = [
        "us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000,
    ]

    /// The text, in a form that PostgreSQL accepts.
    func checked(_ text: String) throws(SettingProblem) -> String {
        guard let value = value(of: text), value >= Double(range.lowerBound), value <= Double(range.upperBound) else {
            throw SettingProblem(expectation)
        }
        return text
    }

    /// The value in the setting's own unit, rounded as PostgreSQL does; nil for a text that is no quantity.
    func value(of text: String) -> Double? {
        let units = unit.isTime ? Self.spans : Self.sizes
        guard
            DurationText.isQuantity(text, units: Set(units.keys), allowsSign: true, allowsFraction: unit.isTime)
        else { return nil }
        let number = text.prefix { $0 == "-" || $0 == "." || $0.isNumber }
        guard let count = Double(number) else { return nil }
        guard let factor = units[String(text.dropFirst(number.count))] else { return count.rounded() }
        return (count * factor / unit.size).rounded()
    }

    /// The expected form, as a phrase that follows the key.
    var expectation: String {
        let units = (unit.isTime ? Self.spans : Self.sizes).sorted { $0.value < $1.value }.map(\.key)
        return "must be a number of \(unit.rawValue) from \(range.lowerBound) to \(range.upperBound), or the same with "
            + "one of the units \(units.joined(separator: ", "))"
    }
}
