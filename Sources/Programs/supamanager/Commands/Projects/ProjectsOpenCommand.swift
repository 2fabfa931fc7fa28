import ArgumentParser
import CurlKit
import FoundationEssentials
import ManagementClient

/// `supamanager projects open`
struct ProjectsOpenCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "open", abstract: "Print the address of a project's dashboard, and open it on a desktop.",
        discussion: "Name and password for it: supamanager projects keys PROJECT")

    @OptionGroup var project: ProjectArgument

    @Flag(name: .customLong("print"), help: "Only print the address.")
    var isPrinting = false

    @OptionGroup var connection: ConnectionOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let (detail, _) = try await session.client().project(project)
        guard let url = detail.url else {
            throw .failed("project \(DisplayText.oneLine(detail.name)) has no address: it is \(detail.status)")
        }
        session.say(DisplayText.oneLine(url))
        // The address comes over the wire: only what a browser is for goes to the desktop.
        guard !isPrinting, url.hasPrefix("http://") || url.hasPrefix("https://"), let opener = Self.opener(session)
        else { return }
        await session.http.shutdown()
        session.terminal.become(opener, [url])
    }

    /// The program that opens addresses on a desktop session.
    private static func opener(_ session: ClientSession) -> String? {
        let environment = session.environment
        let hasDesktop = ["DISPLAY", "WAYLAND_DISPLAY"].contains { !(environment[$0] ?? "").isEmpty }
        guard hasDesktop, session.terminal.isTerminal(.output) else { return nil }
        return (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/xdg-open" }
            .first { $0.hasPrefix("/") && FileManager.default.isExecutableFile(atPath: $0) }
    }
}
