public import ProjectModel

/// The report after a wait that failed: what failed, why, the end of its log, and what to do.
public enum FailureReport {
    /// Most lines of a log that are shown.
    static let logLinesMax = 20

    /// The report; without a line feed at its end.
    ///
    /// - Parameters:
    ///   - title: what the project is called.
    ///   - ref: how commands name it.
    public static func text(
        _ outcome: WaitOutcome, of title: String, ref: ProjectRef, goal: WaitGoal
    ) -> String? {
        switch outcome {
        case .reached: nil
        case .missed(let reason, let progress):
            ([head(title, reason: reason, progress: progress)] + reasons(progress) + advice(missed: progress, ref, goal))
                .joined(separator: "\n")
        case .timedOut(let progress):
            ([head(title, reason: "the time to wait was up", progress: progress)] + reasons(progress)
                + late(progress, goal) + [
                    "The operation continues without this command. See how far it is with: supamanager projects get \(ref)"
                ]).joined(separator: "\n")
        }
    }

    private static func head(_ title: String, reason: String, progress: ProjectProgress?) -> String {
        let status = progress.map { " (\(DisplayText.oneLine($0.status)))" } ?? ""
        return "project \(DisplayText.oneLine(title)): \(reason)\(status)"
    }

    private static func reasons(_ progress: ProjectProgress?) -> [String] {
        guard let failure = progress?.failure else { return [] }
        let service = failure.service.map { "service \(DisplayText.oneLine($0)): " } ?? ""
        var lines = [service + DisplayText.oneLine(failure.message)]
        if let log = failure.logTail, !log.isEmpty {
            let tail = DisplayText.lines(log).split(separator: "\n").suffix(logLinesMax)
            lines += ["The end of its log:"] + tail.map { "  | \($0)" }
        }
        return lines
    }

    /// Services that were still on their way.
    private static func late(_ progress: ProjectProgress?, _ goal: WaitGoal) -> [String] {
        guard goal == .running else { return [] }
        return (progress?.services ?? []).filter { $0.state != "ready" }.map { service in
            let message = service.message.map { ": \($0)" } ?? ""
            return "  " + DisplayText.oneLine("\(service.service) is not ready\(message)")
        }
    }

    private static func advice(missed progress: ProjectProgress?, _ ref: ProjectRef, _ goal: WaitGoal) -> [String] {
        switch progress?.state {
        case .initFailed, .restoreFailed:
            [
                "Remove the cause, then try again with: supamanager projects resume \(ref)",
                "Or remove it with: supamanager projects delete \(ref)",
            ]
        case .pauseFailed: ["Try again with: supamanager projects pause \(ref)"]
        case .inactive where goal == .running: ["Start it with: supamanager projects resume \(ref)"]
        default: []
        }
    }
}
