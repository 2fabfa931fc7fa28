import Glibc
import ManagementClient
import ProjectModel

/// Ctrl-C during a wait: what was asked for continues in the manager, which a prompt that is back does not show.
enum Interruption {
    /// A line feed first: the terminal shows `^C` at the end of what is drawn.
    private static let text: StaticString =
        "\nNo longer waiting. The manager continues: supamanager projects get PROJECT shows how far it is.\n"
    /// As shells report an end by SIGINT.
    private static let exitCode: Int32 = 130

    /// Says so at the next interruption, and ends the program.
    static func explain() {
        // SAFETY: the handler makes two calls that a handler may make, on a text that lies in the program.
        _ = signal(SIGINT) { _ in
            _ = unsafe Glibc.write(STDERR_FILENO, Interruption.text.utf8Start, Interruption.text.utf8CodeUnitCount)
            _exit(Interruption.exitCode)
        }
    }
}

/// Waits for a project and shows on the standard error how it comes along: on a terminal as lines that are drawn again
/// and again, elsewhere as a line per change.
struct ProgressPrinter {
    /// The form of the output.
    private enum Mode {
        case live, lines, silent
    }

    let session: ClientSession
    let client: ManagementClient
    let options: WaitOptions
    private let mode: Mode
    private let style: Style

    init(session: ClientSession, client: ManagementClient, options: WaitOptions, isSilent: Bool) {
        self.session = session
        self.client = client
        self.options = options
        let isTerminal = session.terminal.isTerminal(.error) && session.environment["TERM"] != "dumb"
        mode = isSilent ? .silent : isTerminal ? .live : .lines
        style = Style(isTerminal: isTerminal, environment: session.environment)
    }

    /// Waits until the project has the requested status.
    ///
    /// - Parameter last: the newest event before the request.
    /// - Throws: ``ClientError/notReached(_:)`` with a report when it does not.
    func wait(
        for goal: WaitGoal, _ ref: ProjectRef, name: String, eventsAfter last: ProjectEvent? = nil
    ) async throws(ClientError) {
        let title = "\(name) (\(ref))"
        var tracker = ProgressTracker(title: title, goal: goal)
        var area = LiveArea()
        if mode != .silent { Interruption.explain() }
        let outcome = try await client.wait(
            for: goal, of: ref, timeout: .seconds(options.timeout), eventsAfter: last
        ) { sighting, elapsed in
            let changes = tracker.observe(sighting, at: elapsed)
            switch mode {
            case .live:
                let size = session.terminal.size(.error)
                let lines = tracker.frame(at: elapsed, columns: size.columns - 1, style: style)
                session.terminal.write(area.draw(lines, rows: size.rows), to: .error)
            case .lines: for change in changes { session.note(ProgressTracker.line(change, at: elapsed)) }
            case .silent: break
            }
        }
        if let report = FailureReport.text(outcome, of: title, ref: ref, goal: goal) { throw .notReached(report) }
    }
}
