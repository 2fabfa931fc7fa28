public import FoundationEssentials

/// Moments as the API writes those of log lines: RFC 3339 in UTC with nine digits after the second. Pure.
public enum LogMomentText {
    private static let units: [Character: Double] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
    /// The furthest back that a duration may lie, in seconds: ten years.
    private static let secondsMax = 315_360_000.0

    /// The moment that a person means: `90s`, `15m`, `2h`, `1d` ago, or a time in RFC 3339; nil for anything else.
    public static func moment(_ text: String, at now: Date = .now) -> String? {
        if let unit = text.last.flatMap({ units[$0] }), let count = Double(text.dropLast()), count >= 0,
            count * unit <= secondsMax, text.dropLast().allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") })
        {
            return written(now.addingTimeInterval(-count * unit))
        }
        for style in [Date.ISO8601FormatStyle(includingFractionalSeconds: true), Date.ISO8601FormatStyle()] {
            do { return written(try style.parse(text)) } catch { continue }
        }
        return nil
    }

    private static func written(_ date: Date) -> String {
        let text = date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        // Milliseconds: six further digits.
        return text.hasSuffix("Z") ? text.dropLast() + "000000Z" : text
    }
}
