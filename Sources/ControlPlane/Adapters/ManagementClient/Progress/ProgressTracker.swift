import ProjectModel

/// Follows a project through the polls of a wait: changes, and the present state. Pure.
public struct ProgressTracker: Sendable, Equatable {
    public enum Change: Sendable, Equatable {
        /// The project has this status now.
        case status(String)
        /// A new line in its history.
        case event(ProjectEvent)
        /// A service has this state now.
        case service(String, state: String, message: String?)
        /// The project no longer exists.
        case gone
    }

    private struct ServiceRow: Sendable, Equatable {
        var state: String
        var message: String?
        /// Of an image that is pulled: its message changes all the time, and a line for each tenth is enough.
        var tenths: Int?
        var since: Duration
    }

    /// Most characters of a message in one line.
    static let messageLengthMax = 400

    private let title: String
    private let goal: WaitGoal
    private var status: String?
    private var isGone = false
    private var rows: [String: ServiceRow] = [:]
    private var lastEvent: ProjectEvent?

    /// A tracker that has seen nothing.
    ///
    /// - Parameters:
    ///   - title: what the project is called above its services.
    ///   - goal: what is waited for. Services matter on the way up only: on the way down all of them are failing.
    public init(title: String, goal: WaitGoal = .running) {
        self.title = DisplayText.oneLine(title)
        self.goal = goal
    }

    /// Takes in a sighting and returns what changed.
    ///
    /// - Parameter elapsed: time since the wait began.
    public mutating func observe(_ sighting: ProjectSighting, at elapsed: Duration) -> [Change] {
        var changes: [Change] = sighting.events.map { .event($0) }
        lastEvent = sighting.events.last ?? lastEvent
        guard let progress = sighting.progress else {
            if !isGone { changes.append(.gone) }
            isGone = true
            return changes
        }
        if status != progress.status { changes.append(.status(progress.status)) }
        status = progress.status
        return goal == .running ? changes + observe(progress.services, at: elapsed) : changes
    }

    private mutating func observe(_ services: [ProjectProgress.Service], at elapsed: Duration) -> [Change] {
        var changes: [Change] = []
        let names = Set(services.map(\.service))
        rows = rows.filter { names.contains($0.key) }
        for service in services {
            let known = rows[service.service]
            let isSameState = known?.state == service.state
            let tenths = service.imagePull.map { $0.tenths ?? 0 }
            let isNews = tenths == nil ? known?.message != service.message : known?.tenths != tenths
            if !isSameState || isNews {
                changes.append(.service(service.service, state: service.state, message: service.message))
            }
            let since = isSameState ? known?.since ?? elapsed : elapsed
            rows[service.service] = ServiceRow(
                state: service.state, message: service.message, tenths: tenths, since: since)
        }
        return changes
    }

    /// The project and its services as lines: service, state, and since when.
    ///
    /// - Parameter columns: no line takes more.
    public func frame(at elapsed: Duration, columns: Int, style: Style) -> [String] {
        let tint = isGone ? nil : status.map { Style.Tint(StudioStatus(rawValue: $0) ?? .unknown) }
        var lines = [
            Line([(title, .strong), (isGone ? "gone" : status ?? "…", tint), (Self.words(elapsed), .faint)])
        ]
        let width = rows.keys.map(DisplayText.width).max() ?? 0
        for (name, row) in rows.sorted(by: { $0.key < $1.key }) {
            let mark = Self.mark(row.state)
            lines.append(
                Line([
                    ("  " + DisplayText.padded(DisplayText.oneLine(name), to: width), nil),
                    (DisplayText.padded(mark, to: 9), Style.Tint(serviceState: row.state)),
                    (DisplayText.padded(Self.words(elapsed - row.since), to: 6), .faint),
                    (DisplayText.oneLine(row.message ?? ""), .faint),
                ]))
        }
        if let lastEvent { lines.append(Line([("  " + DisplayText.oneLine(lastEvent.message), .faint)])) }
        return lines.map { $0.text(columns: columns, style: style) }
    }

    /// A change as one line of a log.
    public static func line(_ change: Change, at elapsed: Duration) -> String {
        let text =
            switch change {
            case .status(let status): "project is \(status)"
            case .event(let event): event.message
            case .service(let name, let state, let message):
                "\(name) is \(mark(state))" + (message.map { ": \($0)" } ?? "")
            case .gone: "project is gone"
            }
        return "[\(words(elapsed))] \(DisplayText.oneLine(String(text.prefix(messageLengthMax))))"
    }

    private static func mark(_ state: String) -> String {
        DisplayText.oneLine(state == "coming_up" ? "coming up" : state)
    }

    /// A readable duration: `7 s`, `2 min 5 s`.
    static func words(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        return seconds < 60 ? "\(seconds) s" : "\(seconds / 60) min \(seconds % 60) s"
    }

    /// Parts of a line, which is cut before it gets its colours.
    private struct Line {
        let parts: [(text: String, tint: Style.Tint?)]

        init(_ parts: [(String, Style.Tint?)]) { self.parts = parts.map { (text: $0.0, tint: $0.1) } }

        func text(columns: Int, style: Style) -> String {
            var room = columns
            var result: [String] = []
            for part in parts where !part.text.isEmpty && room > 0 {
                let text = DisplayText.truncated(part.text, to: room)
                result.append(style.paint(text, part.tint))
                room -= DisplayText.width(text) + 2
            }
            return result.joined(separator: "  ")
        }
    }
}
