/// A moment as the engine writes it: RFC 3339 with up to nine digits of a second.
public struct EngineTimestamp: Sendable, Hashable, Comparable, Decodable, CustomStringConvertible {
    /// Whole seconds since 1970 in UTC.
    public let secondsSince1970: Int64
    /// What comes on top of the seconds, 0 to 999 999 999.
    public let nanoseconds: Int32

    public init(secondsSince1970: Int64, nanoseconds: Int32 = 0) {
        self.secondsSince1970 = secondsSince1970
        self.nanoseconds = nanoseconds
    }

    /// Reads `2026-11-21T03:15:00.123456789Z` and the same with an offset; nil for anything else.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[5..<7]),
            let day = Self.number(bytes[8..<10]), let hour = Self.number(bytes[11..<13]),
            let minute = Self.number(bytes[14..<16]), let second = Self.number(bytes[17..<19]),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        var rest = bytes[19...]
        var nanoseconds: Int64 = 0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { (48...57).contains($0) }
            guard (1...9).contains(digits.count), var value = Self.number(digits) else { return nil }
            for _ in digits.count..<9 { value *= 10 }
            nanoseconds = value
            rest = rest.dropFirst(1 + digits.count)
        }
        guard let offset = Self.offsetSeconds(rest) else { return nil }
        let days = Self.daysSince1970(year: year, month: month, day: day)
        self.init(
            secondsSince1970: days * 86_400 + hour * 3600 + minute * 60 + second - offset,
            nanoseconds: Int32(nanoseconds))
    }

    /// Reads the engine's text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let moment = EngineTimestamp(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time")
        }
        self = moment
    }

    /// Whether this is Go's zero time, by which the engine means "never".
    public var isNever: Bool { secondsSince1970 < 0 }

    /// As the engine's parameters `since` and `until` want it.
    public var description: String {
        let digits = String(nanoseconds)
        return "\(secondsSince1970)." + String(repeating: "0", count: max(0, 9 - digits.count)) + digits
    }

    /// By time.
    public static func < (left: EngineTimestamp, right: EngineTimestamp) -> Bool {
        (left.secondsSince1970, left.nanoseconds) < (right.secondsSince1970, right.nanoseconds)
    }

    private static func number(_ digits: some Collection<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard (48...57).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - 48)
        }
        return value
    }

    /// `Z`, `+02:00`, `-05:30`.
    private static func offsetSeconds(_ text: ArraySlice<UInt8>) -> Int64? {
        let bytes = Array(text)
        if bytes == [UInt8(ascii: "Z")] { return 0 }
        guard bytes.count == 6, bytes[3] == UInt8(ascii: ":"), let hours = number(bytes[1..<3]),
            let minutes = number(bytes[4..<6]), hours < 24, minutes < 60
        else { return nil }
        switch bytes[0] {
        case UInt8(ascii: "+"): return hours * 3600 + minutes * 60
        case UInt8(ascii: "-"): return -(hours * 3600 + minutes * 60)
        default: return nil
        }
    }

    /// Days in the proleptic Gregorian calendar, counted in years that begin in March so that leap days come last.
    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
