public import ProjectModel

/// Whether output has colours, and which.
public struct Style: Sendable, Equatable {
    /// The meaning of a colour.
    public enum Tint: Sendable, Equatable {
        /// Success.
        case good
        /// On its way.
        case pending
        /// Wrong.
        case bad
        /// Less important.
        case faint
        /// A heading.
        case strong

        fileprivate var code: String {
            switch self {
            case .good: "32"
            case .pending: "33"
            case .bad: "31"
            case .faint: "2"
            case .strong: "1"
            }
        }
    }

    /// Whether there are colours.
    public let isColored: Bool

    public init(isColored: Bool) { self.isColored = isColored }

    /// The style for a stream: colours on a terminal that knows them, unless `NO_COLOR` is set to anything
    /// (no-color.org).
    public init(isTerminal: Bool, environment: [String: String]) {
        let isForbidden = !(environment["NO_COLOR"] ?? "").isEmpty || environment["TERM"] == "dumb"
        isColored = isTerminal && !isForbidden
    }

    /// The text in a colour.
    public func paint(_ text: String, _ tint: Tint?) -> String {
        guard isColored, let tint, !text.isEmpty else { return text }
        return "\u{1B}[\(tint.code)m\(text)\u{1B}[0m"
    }
}

extension Style.Tint {
    /// The colour of a project's status.
    public init(_ status: StudioStatus) {
        switch status {
        case .activeHealthy: self = .good
        case .activeUnhealthy, .initFailed, .restoreFailed, .pauseFailed: self = .bad
        case .inactive, .removed, .unknown: self = .faint
        case .comingUp, .goingDown, .restoring, .upgrading, .pausing, .restarting, .resizing: self = .pending
        }
    }

    /// The colour of a service's state.
    public init?(serviceState: String) {
        switch serviceState {
        case "ready": self = .good
        case "coming_up": self = .pending
        case "failing": self = .bad
        default: return nil
        }
    }
}
