import ProjectModel

/// A project's status in one word, and what can be done in it.
struct StatusWord: Equatable {
    /// The kinds of statuses, by which pages colour them.
    enum Kind: String, CaseIterable {
        case good, bad, busy, idle
    }

    let word: String
    let kind: Kind
    var canPause = false
    var canResume = false
    var canRestart = false
    var canDelete = true

    private init(
        _ word: String, _ kind: Kind, pause: Bool = false, resume: Bool = false, restart: Bool = false,
        delete: Bool = true
    ) {
        self.word = word
        self.kind = kind
        (canPause, canResume, canRestart, canDelete) = (pause, resume, restart, delete)
    }

    init(_ status: StudioStatus) {
        self =
            switch status {
            case .activeHealthy: StatusWord("Running", .good, pause: true, restart: true)
            case .activeUnhealthy: StatusWord("Unhealthy", .bad, pause: true, restart: true)
            case .inactive: StatusWord("Paused", .idle, resume: true)
            case .comingUp: StatusWord("Starting", .busy)
            case .restoring: StatusWord("Resuming", .busy)
            case .restarting: StatusWord("Restarting", .busy)
            case .upgrading: StatusWord("Upgrading", .busy, delete: false)
            case .pausing: StatusWord("Pausing", .busy)
            case .resizing: StatusWord("Resizing", .busy, delete: false)
            case .goingDown: StatusWord("Deleting", .busy, delete: false)
            case .removed: StatusWord("Deleted", .idle, delete: false)
            case .initFailed: StatusWord("Failed", .bad, resume: true)
            case .restoreFailed: StatusWord("Resume failed", .bad, resume: true)
            case .pauseFailed: StatusWord("Pause failed", .bad, pause: true)
            case .unknown: StatusWord("Unknown", .idle)
            }
    }

    /// The word as fields of a page; a status that this program does not know is shown as it is.
    static func fields(of status: String?) -> [String: PageValue] {
        guard let status, let known = StudioStatus(rawValue: status).map(StatusWord.init) else {
            return ["word": .visible(status), "kind": "idle"]
        }
        return [
            "word": .text(known.word), "kind": .text(known.kind.rawValue), "can_pause": .flag(known.canPause),
            "can_resume": .flag(known.canResume), "can_restart": .flag(known.canRestart),
            "can_delete": .flag(known.canDelete), "is_busy": .flag(known.kind == .busy),
        ]
    }

    /// The filter of the list: a word for each group of statuses.
    static let filters: [(name: String, label: String, statuses: [StudioStatus])] = [
        ("running", "Running", [.activeHealthy]),
        ("unhealthy", "Unhealthy or failed", [.activeUnhealthy, .initFailed, .restoreFailed, .pauseFailed]),
        ("changing", "Changing", [.comingUp, .restoring, .restarting, .upgrading, .pausing, .resizing, .goingDown]),
        ("paused", "Paused", [.inactive]),
    ]
}
