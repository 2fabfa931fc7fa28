import ArgumentParser
import ManagementClient

/// Which API a command talks to.
struct ConnectionOptions: ParsableArguments {
    @Option(
        name: .customLong("api-url"),
        help: ArgumentHelp(
            "Address of the Management API. [SUPAMANAGER_API_URL; default: \(APIAddress.standard)]", valueName: "url"))
    var address: String?

    @Option(
        name: .customLong("context"),
        help: ArgumentHelp("The manager of this context; see context. [SUPAMANAGER_CONTEXT]", valueName: "name"),
        completion: .custom { _, _, _ in LiveNames.contexts() })
    var context: String?
}

/// How a command shows what it found.
struct OutputOptions: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print JSON, for scripts.")
    var isJSON = false
}

/// Whether a command waits for its result.
struct WaitOptions: ParsableArguments {
    /// Longest wait in seconds: a day.
    static let timeoutMax = 86_400

    @Flag(inversion: .prefixedNo, help: "Wait until the project has the requested status.")
    var wait = true

    @Option(help: ArgumentHelp("Longest time to wait.", valueName: "seconds"))
    var timeout = 300

    func validate() throws {
        guard (1...Self.timeoutMax).contains(timeout) else {
            throw ValidationError("--timeout must be 1 to \(Self.timeoutMax) seconds")
        }
    }
}
