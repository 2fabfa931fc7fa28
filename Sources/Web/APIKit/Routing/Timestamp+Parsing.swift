import FoundationEssentials
import HTTPTypes
package import ProjectModel

extension Timestamp {
    /// A time in RFC 3339, with or without fractions of a second; nil for any other text.
    package init?(rfc3339 text: String) {
        // The library ignores text after the time.
        guard text.utf8.count <= Self.rfc3339LengthMax, text.wholeMatch(of: Self.rfc3339Form) != nil else { return nil }
        let styles = [true, false].map { Date.ISO8601FormatStyle(includingFractionalSeconds: $0) }
        guard let date = styles.lazy.compactMap({ try? $0.parse(text) }).first else { return nil }
        self.init(milliseconds: Int64((date.timeIntervalSince1970 * 1_000).rounded()))
    }

    /// Bytes of a time at most: nanoseconds and an offset.
    private static let rfc3339LengthMax = 40

    private static var rfc3339Form: some RegexComponent {
        #/
            [0-9]{4}-[0-9]{2}-[0-9]{2} T (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9] (?:\.[0-9]{1,9})?
            (?:Z|[+-][0-9]{2}:[0-9]{2})
        /#
    }
}

extension QueryParameters {
    /// A time in the query; 400 for an invalid one.
    package func time(_ name: String) throws(APIError) -> Timestamp? {
        guard let text = self[name], !text.isEmpty else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw APIError(.badRequest, "\(name) must be a time such as 2026-01-31T12:00:00Z")
        }
        return time
    }
}
