import APIKit
import BackupModel
import BackupOperations
import FeatureKit
import ProjectModel

/// The newest window in whole seconds, within it: the first is rounded up, the last down.
struct UnixMoments: Equatable {
    var earliest, latest: Int64?

    init(_ log: LogCopy?) {
        guard let window = log?.window else { return }
        let first = window.earliest.milliseconds / 1_000 + (window.earliest.milliseconds % 1_000 > 0 ? 1 : 0)
        let last = window.latest.milliseconds / 1_000
        // Both or none: a window of less than a second has no whole one in it.
        if first <= last { (earliest, latest) = (first, last) }
    }
}

/// The continuous copy of a project's log.
struct LogCopyBody: Encodable, Sendable, Documented {
    let state, updatedAt: String
    let failure, gapSeenAt: Nullable<String>
    let windows: [Window]

    /// A stretch of time of which every moment can be restored.
    struct Window: Encodable, Sendable {
        let earliest, latest: String

        static let schema = Schema.fields(.init("earliest", .time), .init("latest", .time))
    }

    static let schema = Schema.fields(
        .init("state", .choice(LogCopyState.allCases.map(\.rawValue))), .init("updated_at", .time),
        .init("failure", .nullable(.text)), .init("gap_seen_at", .nullable(.time)),
        .init("windows", .array(Window.schema)))

    init(_ copy: LogCopy) {
        state = copy.state.rawValue
        updatedAt = copy.updatedAt.rfc3339
        failure = Nullable(copy.failure)
        gapSeenAt = Nullable(copy.gapSeenAt?.rfc3339)
        windows = copy.windows.map {
            Window(earliest: MomentText.utc($0.earliest), latest: MomentText.utc($0.latest))
        }
    }

    enum CodingKeys: String, CodingKey {
        case state, failure, windows
        case updatedAt = "updated_at"
        case gapSeenAt = "gap_seen_at"
    }
}

/// The body of a request for a restore to a moment.
struct MomentRequest: Decodable {
    /// Seconds since 1970, by the clock of the database.
    let seconds: Int64

    static let schema = Schema.fields(.init("recovery_time_target_unix", .integer()))

    /// Saturating: a time that no window holds is refused as such.
    var moment: Timestamp { Timestamp(milliseconds: 0) + .seconds(max(0, min(seconds, Self.secondsMax))) }

    private static let secondsMax: Int64 = 253_402_300_799

    enum CodingKeys: String, CodingKey {
        case seconds = "recovery_time_target_unix"
    }
}
