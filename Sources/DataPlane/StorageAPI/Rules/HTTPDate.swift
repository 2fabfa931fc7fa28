/// Times in headers (RFC 9110, section 5.6.7), in seconds since the epoch.
enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let secondsPerDay = 86_400
    /// The last second of the year 9999.
    private static let secondsMax = 253_402_300_799

    /// The text of a time.
    static func text(_ seconds: Double) -> String {
        let parts = parts(seconds)
        let time = [parts.hour, parts.minute, parts.second].map(two).joined(separator: ":")
        return "\(days[parts.weekday]), \(two(parts.day)) \(months[parts.month - 1]) \(parts.year) \(time) GMT"
    }

    /// The text of a time as ISO 8601 has it, with milliseconds.
    static func iso(_ seconds: Double) -> String {
        let parts = parts(seconds)
        let time = [parts.hour, parts.minute, parts.second].map(two).joined(separator: ":")
        return "\(parts.year)-\(two(parts.month))-\(two(parts.day))T\(time).\(three(parts.millisecond))Z"
    }

    /// The time of a text in the one form that is written today; nil for any other.
    static func seconds(_ text: String) -> Double? {
        let words = text.trimmed.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let day = Int(words[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(words[2])), let year = Int(words[3]),
            (1_970...9_999).contains(year)
        else { return nil }
        let time = words[4].split(separator: ":").compactMap { Int($0) }
        guard time.count == 3, (0...23).contains(time[0]), (0...59).contains(time[1]), (0...60).contains(time[2]) else {
            return nil
        }
        let date = days(year: year, month: month + 1, day: day) * secondsPerDay
        return Double(date + time[0] * 3_600 + time[1] * 60 + time[2])
    }

    /// The first second of a day; nil for one that is out of bounds.
    static func seconds(year: Int, month: Int, day: Int) -> Double? {
        guard (1_970...9_999).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
        return Double(days(year: year, month: month, day: day) * secondsPerDay)
    }

    private struct Parts {
        var year = 1_970, month = 1, day = 1, weekday = 0
        var hour = 0, minute = 0, second = 0, millisecond = 0
    }

    private static func parts(_ time: Double) -> Parts {
        let bounded = min(max(0, time), Double(secondsMax))
        let total = Int(bounded)
        let (days, rest) = total.quotientAndRemainder(dividingBy: secondsPerDay)
        // Days of the civil calendar, counted from the first of March of the year 0.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * ofYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return Parts(
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month,
            day: ofYear - (153 * shiftedMonth + 2) / 5 + 1, weekday: days % 7, hour: rest / 3_600,
            minute: rest / 60 % 60, second: rest % 60, millisecond: Int((bounded - Double(total)) * 1_000))
    }

    private static func days(year: Int, month: Int, day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + ofYear - 719_468
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }

    private static func three(_ number: Int) -> String { number < 100 ? "0" + two(number) : String(number) }
}
