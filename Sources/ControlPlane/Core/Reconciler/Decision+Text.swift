import ProjectModel

extension Decision: CustomStringConvertible {
    /// The text form, one line for each action; tests compare it.
    public var description: String { action.description + (marksData ? "\nthe volumes hold data" : "") }
}

extension Decision.Action: CustomStringConvertible {
    /// The text form.
    public var description: String {
        switch self {
        case .forget: "forget the project"
        case .rest: "rest, volumes are kept"
        case .leaveAlone(let isNews): isNews ? "leave alone, and say so" : "leave alone"
        case .standBy(let requeue): "stand by, \(requeue)"
        case .confirm(let requeue): "confirm, \(requeue)"
        case .transition(let transition): "\(transition)"
        case .carryOut(let decision): "\(decision)"
        case .fail(let reason, let report):
            (["fail: \(reason)"] + (report.map { ["\($0)"] } ?? [])).joined(separator: "\n")
        }
    }
}

extension Requeue: CustomStringConvertible {
    /// The text form.
    public var description: String {
        switch self {
        case .whenWoken: "again when woken"
        case .now: "again now"
        case .at(let time): "again at \(time)"
        }
    }
}

extension FailureChange: CustomStringConvertible {
    /// The text form.
    public var description: String {
        switch self {
        case .keep: "keeps the failure"
        case .clear: "clears the failure"
        case .record(let reason, let log): "records \(reason.inWords)" + (log.map { " [log of \($0)]" } ?? "")
        }
    }
}

extension TransitionDecision: CustomStringConvertible {
    /// The text form.
    public var description: String {
        var lines = ["\(from.rawValue) -> \(to.rawValue), \(cause)", "\(failure)"]
        if fulfilsRestart { lines.append("fulfils the restart") }
        if restoresSettings { lines.append("restores the settings") }
        if releasesUnusedPorts { lines.append("releases unused ports") }
        return lines.joined(separator: "\n")
    }
}

extension PlanDecision: CustomStringConvertible {
    /// The text form.
    public var description: String {
        let text = "\(plan)"
        let lines = (report.map { ["\($0)"] } ?? []) + (text.isEmpty ? [] : [text])
        return (lines + (plan.isEmpty ? ["\(requeue)"] : [])).joined(separator: "\n")
    }
}

extension TroubleReport: CustomStringConvertible {
    /// The text form.
    public var description: String { "report \(status.rawValue), \(cause)\n\(failure)" }
}
