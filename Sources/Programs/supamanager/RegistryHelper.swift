import DockerEngine
import FoundationEssentials
import PostgresKit

/// Docker's credential helpers, run as child processes of the manager.
enum RegistryHelper {
    /// Variables that a helper does not get to see: they may hold secrets of the manager.
    private static let ownPrefix = "SUPAMANAGER_"

    /// The credentials of the user that the manager runs as; none where no home folder is known.
    static func credentials(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> any RegistryCredentials {
        guard let path = DockerConfigCredentials.path(environment: environment) else { return AnonymousRegistries() }
        return DockerConfigCredentials(path: path) { program, input throws(RegistryCredentialError) in
            try await run(program, input: input, environment: environment)
        }
    }

    static func run(
        _ program: String, input: String, environment: [String: String]
    ) async throws(RegistryCredentialError) -> DockerConfigCredentials.HelperAnswer {
        let folders = (environment["PATH"] ?? "").split(separator: ":")
        guard let path = folders.map({ "\($0)/\(program)" }).first(where: FileManager.default.isExecutableFile) else {
            throw RegistryCredentialError("\(program) is not in a folder of PATH: install it, or change config.json")
        }
        let completed: ChildProcess.Completed
        do throws(ChildProcessError) {
            completed = try await ChildProcess.run(
                path, arguments: ["get"], environment: environment.filter { !$0.key.hasPrefix(ownPrefix) },
                within: DockerConfigCredentials.helperDeadline, input: Array(input.utf8), discardingErrors: true)
        } catch { throw RegistryCredentialError("\(error)") }
        guard completed.exit != nil else {
            throw RegistryCredentialError(
                "\(program) did not answer within \(DockerConfigCredentials.helperDeadline) and was ended")
        }
        return DockerConfigCredentials.HelperAnswer(
            isSuccess: completed.isSuccess, output: Array(completed.output.utf8))
    }
}
