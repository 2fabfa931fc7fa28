/// A `timestamptz` as microseconds since 1970-01-01T00:00:00Z, PostgreSQL's own precision.
public struct PostgresTimestamp: Sendable, Hashable, Comparable {
    /// Microseconds since the epoch; negative before it.
    public let microsecondsSinceEpoch: Int64

    /// A time from microseconds since the epoch.
    public init(microsecondsSinceEpoch: Int64) {
        self.microsecondsSinceEpoch = microsecondsSinceEpoch
    }

    /// Whether one time is before another.
    public static func < (left: Self, right: Self) -> Bool {
        left.microsecondsSinceEpoch < right.microsecondsSinceEpoch
    }

    private static let microsecondsPerSecond: Int64 = 1_000_000
    private static let secondsPerDay: Int64 = 86_400
    /// PostgreSQL's last year is 294276; microseconds since the epoch reach into 294247.
    private static let lastYear: Int64 = 294_246

    /// Reads PostgreSQL's ISO form in UTC, `2026-11-21 03:17:00.123456+00`; nothing else, neither BC nor infinity.
    public init?(text: String) {
        guard text.hasSuffix("+00") else { return nil }
        let parts = text.dropLast(3).split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let dateParts = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        let date = dateParts.compactMap { Int64($0) }
        let clock = parts[1].split(separator: ":", omittingEmptySubsequences: false)
        guard dateParts.count == 3, date.count == 3, clock.count == 3, (0...Self.lastYear).contains(date[0]),
            (1...12).contains(date[1]), (1...31).contains(date[2]), let hours = Int64(clock[0]),
            (0...24).contains(hours), let minutes = Int64(clock[1]), (0...60).contains(minutes),
            let microseconds = Self.microseconds(clock[2])
        else { return nil }
        let days = Self.days(year: date[0], month: date[1], day: date[2])
        let seconds = days * Self.secondsPerDay + hours * 3_600 + minutes * 60
        microsecondsSinceEpoch = seconds * Self.microsecondsPerSecond + microseconds
    }

    /// The ISO form in UTC that PostgreSQL reads back exactly.
    public var text: String {
        let (seconds, microseconds) = Self.floorDivision(microsecondsSinceEpoch, by: Self.microsecondsPerSecond)
        let (days, clock) = Self.floorDivision(seconds, by: Self.secondsPerDay)
        let date = Self.civil(days: days)
        return Self.padded(date.year, 4) + "-" + Self.padded(date.month, 2) + "-" + Self.padded(date.day, 2)
            + " " + Self.padded(clock / 3_600, 2) + ":" + Self.padded(clock / 60 % 60, 2) + ":"
            + Self.padded(clock % 60, 2) + "." + Self.padded(microseconds, 6) + "+00"
    }

    /// Microseconds of `SS` or `SS.f` with one to six digits.
    private static func microseconds(_ text: Substring) -> Int64? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let seconds = parts.first.flatMap({ Int64($0) }), (0...60).contains(seconds), parts.count <= 2 else {
            return nil
        }
        guard parts.count == 2 else { return seconds * microsecondsPerSecond }
        guard (1...6).contains(parts[1].utf8.count), let fraction = Int64(parts[1]), fraction >= 0 else { return nil }
        let scale = (parts[1].utf8.count..<6).reduce(Int64(1)) { scale, _ in scale * 10 }
        return seconds * microsecondsPerSecond + fraction * scale
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    private static func floorDivision(_ number: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let parts = number.quotientAndRemainder(dividingBy: divisor)
        return parts.remainder < 0 ? (parts.quotient - 1, parts.remainder + divisor) : parts
    }
}

extension PostgresTimestamp {
    /// Days of four hundred years, after which the Gregorian calendar repeats.
    private static let daysPerEra: Int64 = 146_097

    /// Days from 0000-03-01 to 1970-01-01. Years that begin in March put the leap day at their end.
    private static let daysBeforeEpoch: Int64 = 719_468

    /// Days since the epoch of a date in the proleptic Gregorian calendar.
    fileprivate static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = floorDivision(marchYear, by: 400)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * daysPerEra + dayOfEra - daysBeforeEpoch
    }

    /// The date of a day since the epoch.
    fileprivate static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivision(days + daysBeforeEpoch, by: daysPerEra)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }
}
