import ProjectModel

/// A day of the Gregorian calendar in UTC, and a place in it.
struct CivilDay: Sendable, Hashable {
    /// Days since 1970-01-01.
    let number: Int64
    let millisecondsIntoDay: Int64

    static let milliseconds: Int64 = 86_400_000

    init(_ time: Timestamp) {
        let (quotient, rest) = time.milliseconds.quotientAndRemainder(dividingBy: Self.milliseconds)
        number = rest < 0 ? quotient - 1 : quotient
        millisecondsIntoDay = rest < 0 ? rest + Self.milliseconds : rest
    }

    /// Weeks since the Monday before 1970-01-01, which was a Thursday.
    var week: Int64 { (number + 3) >= 0 ? (number + 3) / 7 : (number - 3) / 7 }

    var year: Int64 { parts.year }
    var month: Int64 { parts.month }
    var day: Int64 { parts.day }

    /// The calendar repeats every 400 years of 146,097 days; counted from a March 1st, leap days come last.
    private var parts: (year: Int64, month: Int64, day: Int64) {
        let shifted = number + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}
