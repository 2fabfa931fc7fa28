import FoundationEssentials

/// A moment as users write it.
public enum Moment {
    /// The whole second since 1970 in which a time of RFC 3339 lies, such as `2026-11-30T10:00:00Z`; nil for any other
    /// text.
    public static func seconds(of text: String) -> Int64? {
        // The library ignores text after the time.
        guard text.utf8.count <= lengthMax, text.wholeMatch(of: form) != nil else { return nil }
        for style in [Date.ISO8601FormatStyle(includingFractionalSeconds: true), Date.ISO8601FormatStyle()] {
            do { return Int64(try style.parse(text).timeIntervalSince1970.rounded(.down)) } catch { continue }
        }
        return nil
    }

    private static let lengthMax = 40

    private static var form: some RegexComponent {
        #/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})/#
    }
}
