/// What the program's exit code says. Scripts rely on the numbers: they do not change.
public enum ExitStatus: Int32, Sendable, CaseIterable {
    case done = 0
    /// Failed for a reason without a number of its own.
    case failed = 1
    /// Not signed in, or not allowed to.
    case notAllowed = 3
    /// The object does not exist.
    case notFound = 4
    /// Not possible as things are, or the name is taken.
    case conflict = 5
    /// The API cannot be reached, or cannot answer at present.
    case unreachable = 6
    /// The wait ended without the desired status: the project failed, or the deadline passed.
    case notReached = 7
    /// The command line is not understood (`EX_USAGE` of sysexits.h).
    case usage = 64

    /// The code for an error.
    public init(_ error: ClientError) {
        switch error {
        case .unreachable: self = .unreachable
        case .refused(let refusal): self = Self.status(for: refusal.status)
        case .signInRefused, .notSignedIn: self = .notAllowed
        case .notFound: self = .notFound
        case .invalid: self = .usage
        case .notReached: self = .notReached
        case .unexpected, .credentials, .failed: self = .failed
        }
    }

    private static func status(for httpStatus: Int) -> ExitStatus {
        switch httpStatus {
        case 401, 403: .notAllowed
        case 404, 410: .notFound
        case 409: .conflict
        case 502, 503, 504: .unreachable
        default: .failed
        }
    }

    /// Its description in the help.
    public var meaning: String {
        switch self {
        case .done: "done"
        case .failed: "failed"
        case .notAllowed: "not signed in, or not allowed"
        case .notFound: "not found"
        case .conflict: "conflict: not possible in the present status, or the name is taken"
        case .unreachable: "the API cannot be reached, or cannot answer at present"
        case .notReached: "the wait ended without the requested status: it failed, or the deadline passed"
        case .usage: "invalid command line"
        }
    }

    /// All codes with their meanings, a line each, for the help.
    public static var table: String {
        allCases.map { status in
            let code = "\(status.rawValue)"
            return String(repeating: " ", count: 4 - code.count) + code + "  " + status.meaning
        }.joined(separator: "\n")
    }
}
