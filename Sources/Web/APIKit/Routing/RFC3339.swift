package import ProjectModel

extension Timestamp {
    /// The time in UTC in RFC 3339, with milliseconds: `2026-01-01T00:00:00.000Z`. Integer arithmetic, so that a stored
    /// time is reproduced exactly.
    package var rfc3339: String {
        let days = milliseconds.flooredQuotient(by: Self.dayMilliseconds)
        let time = milliseconds - days * Self.dayMilliseconds
        let date = Self.civil(daysSinceEpoch: days)
        let clock = [time / 3_600_000, time / 60_000 % 60, time / 1_000 % 60].map { Self.padded($0, 2) }
        return "\(Self.padded(date.year, 4))-\(Self.padded(date.month, 2))-\(Self.padded(date.day, 2))"
            + "T\(clock.joined(separator: ":")).\(Self.padded(time % 1_000, 3))Z"
    }

    private static let dayMilliseconds: Int64 = 86_400_000

    /// Date in the proleptic Gregorian calendar: counted in eras of 400 years that begin on 1 March, so that the leap
    /// day is the last of its year.
    private static func civil(daysSinceEpoch days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Int64 {
    /// The quotient rounded towards minus infinity.
    fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
