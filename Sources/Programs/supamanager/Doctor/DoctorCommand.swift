import ArgumentParser
import ConsistencyModel
import FoundationEssentials
import ManagementClient
import Orchestrator
import ProjectModel

/// `supamanager doctor`
struct DoctorCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check the installation, and say how to repair each problem.",
        discussion: """
            Asks the running manager to compare its records with the Docker Engine and the host. If no manager \
            answers, or you are not signed in, it checks what a manager needs on this machine: settings, template, \
            data folder, master key, database, engine, ports, disk and kernel; it then reads the same options and \
            variables as `serve`. It changes nothing.

            Exits with 0 if there are no problems, and with 1 if there is a warning or an error. With --fail-on error, \
            warnings are shown but do not count as failures.
            """)

    @Flag(name: .customLong("local"), help: "Check this machine only, without asking a manager.")
    var isLocal = false

    @Option(help: "Lowest severity that makes the command fail: warning or error.")
    var failOn = FailureLevel.warning

    @Option(help: "Folder for everything the manager keeps on disk. [SUPAMANAGER_DATA_DIR]")
    var dataDir: String?

    @Option(help: "PostgreSQL that holds the manager's state, postgres://…. [SUPAMANAGER_DATABASE_URL]")
    var databaseURL: String?

    @Option(help: "File with the master key. [SUPAMANAGER_MASTER_KEY_FILE]")
    var masterKeyFile: String?

    @Option(help: "Folder with the stacks, one folder for each. [SUPAMANAGER_TEMPLATES]")
    var templates: String?

    @Option(help: "Default stack of new projects. [SUPAMANAGER_STACK; default: supabase]")
    var stack: String?

    @Option(help: "The Docker Engine's socket, unix:///path. [DOCKER_HOST]")
    var dockerHost: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let report = await report(session)
        if output.isJSON { try session.show(json: report) } else { show(report, session) }
        let errors = report.findings.count { $0.severity == .error }
        let warnings = report.findings.count { $0.severity == .warning }
        guard errors > 0 || report.severity == .error || failOn == .warning && report.severity != .ok else { return }
        throw .failed("the check found \(counted(errors, "error")) and \(counted(warnings, "warning"))")
    }

    private func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    // MARK: Asking

    private func report(_ session: ClientSession) async -> InstallationReport {
        if isLocal { return await localReport(session, isManagerSilent: false) }
        do throws(ClientError) {
            return try await session.client().consistency()
        } catch {
            session.note("No manager was asked: \(error)")
            session.note("Checking what a manager needs on this machine.")
            if case .unreachable = error { return await localReport(session, isManagerSilent: true) }
            return await localReport(session, isManagerSilent: false)
        }
    }

    private func localReport(_ session: ClientSession, isManagerSilent: Bool) async -> InstallationReport {
        let given = [
            "SUPAMANAGER_DATA_DIR": dataDir, "SUPAMANAGER_DATABASE_URL": databaseURL,
            "SUPAMANAGER_MASTER_KEY_FILE": masterKeyFile, "SUPAMANAGER_TEMPLATES": templates,
            "SUPAMANAGER_STACK": stack, "DOCKER_HOST": dockerHost,
        ]
        let doctor = LocalDoctor(
            options: given.compactMapValues { $0 }, environment: session.environment, http: session.http,
            isManagerSilent: isManagerSilent)
        return InstallationReport(await doctor.report())
    }

    // MARK: Showing

    private func show(_ report: InstallationReport, _ session: ClientSession) {
        var table = Table(["RESULT", "CHECK", "PROJECT", "FOUND"])
        for finding in report.findings {
            table.add([
                Table.Cell(finding.severity.rawValue, finding.severity.tint), Table.Cell(finding.id),
                Table.Cell([finding.projectRef, finding.service].compactMap(\.self).joined(separator: " ")),
                Table.Cell(finding.found),
            ])
        }
        session.show(table)
        // What to do must not be cut to the width of a terminal.
        for finding in report.findings where !finding.advice.isEmpty {
            session.say("")
            session.say("\(finding.severity.rawValue): \(DisplayText.oneLine(finding.found))")
            session.say("  What to do: \(DisplayText.oneLine(finding.advice))")
        }
    }
}

/// The least finding that makes `doctor` fail.
enum FailureLevel: String, ExpressibleByArgument, CaseIterable {
    case warning, error
}

extension InstallationReport {
    /// The report of a check that ran in this program.
    init(_ report: ConsistencyReport) {
        self.init(
            checkedAt: Date(timeIntervalSince1970: Double(report.at.milliseconds / 1_000)).formatted(.iso8601),
            severity: Severity(rawValue: report.severity.rawValue) ?? .error,
            findings: report.findings.map { finding in
                Finding(
                    id: finding.id, severity: Severity(rawValue: finding.severity.rawValue) ?? .error,
                    projectRef: finding.project?.text, service: finding.service?.text, subject: finding.subject,
                    found: finding.found, advice: finding.advice)
            })
    }
}

extension InstallationReport.Severity {
    fileprivate var tint: Style.Tint {
        switch self {
        case .ok: .good
        case .warning: .pending
        case .error: .bad
        }
    }
}
