package import APIKit
import HTTPTypes
package import ProjectModel

/// The time that numbers are about.
package struct UsagePeriod: Sendable, Equatable {
    /// Its beginning.
    package let start: Timestamp
    /// Its end, which does not belong to it.
    package let end: Timestamp

    /// The calendar month, in UTC, that a time lies in.
    package init(monthOf time: Timestamp) {
        let first = Self.firstOfMonth(time)
        start = first
        // The 32nd day is in the next month, for every length of this one.
        end = Self.firstOfMonth(first + .seconds(31 * 86_400))
    }

    /// What a query asks for with `start` and `end`; the month until its end by default. 400 for times that are none.
    package init(_ query: QueryParameters, at time: Timestamp) throws(APIError) {
        let month = UsagePeriod(monthOf: time)
        start = try query.time("start") ?? month.start
        end = try query.time("end") ?? month.end
        guard start < end else { throw APIError(.badRequest, "start must be before end") }
    }

    private static func firstOfMonth(_ time: Timestamp) -> Timestamp {
        Timestamp(rfc3339: "\(time.rfc3339.prefix(8))01T00:00:00Z") ?? time
    }

    package static let parameters = [
        Operation.Parameter(name: "start", schema: .time, description: "Beginning; the month's by default"),
        Operation.Parameter(name: "end", schema: .time, description: "End; the month's by default"),
    ]
}
