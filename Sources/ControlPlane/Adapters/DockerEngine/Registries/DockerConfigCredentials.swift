import FoundationEssentials
import ProjectModel

/// Credentials as the Docker CLI keeps them: `config.json` in `$DOCKER_CONFIG`, and the helper programs that it names.
/// The file is read for each pull, so that `docker login` counts without a restart.
public struct DockerConfigCredentials: RegistryCredentials {
    /// The result of a helper program.
    public struct HelperAnswer: Sendable {
        /// Whether it ended with success.
        public let isSuccess: Bool
        /// Its standard output.
        public let output: [UInt8]

        public init(isSuccess: Bool, output: [UInt8]) {
            self.isSuccess = isSuccess
            self.output = output
        }
    }

    /// Runs a helper program with `get` and a text on its standard input, within ``helperDeadline``; throws when it
    /// does not exit in time or cannot be started.
    public typealias RunHelper =
        @Sendable (_ program: String, _ input: String) async throws(RegistryCredentialError) -> HelperAnswer

    /// Longest wait for a helper program.
    public static let helperDeadline: Duration = .seconds(15)
    /// Largest file and largest answer of a helper that is read.
    static let bytesMax = 1 << 20
    /// What helpers say for a registry that they do not know.
    private static let notFound = "credentials not found"
    /// The name under which helpers give an identity token.
    private static let tokenUser = "<token>"

    private let path: String
    private let runHelper: RunHelper

    /// Credentials of the file at `path`.
    public init(path: String, runHelper: @escaping RunHelper) {
        self.path = path
        self.runHelper = runHelper
    }

    /// `config.json` in `$DOCKER_CONFIG`, or in `.docker` in the home folder; nil without either.
    public static func path(environment: [String: String]) -> String? {
        if let folder = environment["DOCKER_CONFIG"], !folder.isEmpty { return "\(folder)/config.json" }
        guard let home = environment["HOME"], !home.isEmpty else { return nil }
        return "\(home)/.docker/config.json"
    }

    /// Looks the image's registry up.
    public func credential(
        for image: ImageReference
    ) async throws(RegistryCredentialError) -> RegistryCredential? {
        let registry = RegistryName(of: image)
        switch try configuration().source(for: registry) {
        case nil: return nil
        case .credential(let credential): return credential
        case .helper(let name): return try await ask(name, for: registry)
        }
    }

    private func configuration() throws(RegistryCredentialError) -> DockerConfiguration {
        guard FileManager.default.fileExists(atPath: path) else { return DockerConfiguration() }
        guard let bytes = FileManager.default.contents(atPath: path), bytes.count <= Self.bytesMax else {
            throw RegistryCredentialError("\(path) cannot be read, or has more than \(Self.bytesMax) bytes")
        }
        do { return try DockerConfiguration(json: Array(bytes)) } catch {
            throw RegistryCredentialError("\(path): \(error)")
        }
    }

    private struct HelperDocument: Decodable {
        let username: String
        let secret: String

        enum CodingKeys: String, CodingKey {
            case username = "Username"
            case secret = "Secret"
        }
    }

    private func ask(
        _ name: String, for registry: RegistryName
    ) async throws(RegistryCredentialError) -> RegistryCredential? {
        let isName =
            !name.isEmpty
            && name.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || [0x2D, 0x2E, 0x5F].contains($0)
            }
        guard isName else { throw RegistryCredentialError("\(path) names a credential helper that is no program name") }
        let program = "docker-credential-\(name)"
        let answer = try await runHelper(program, registry.key)
        guard answer.isSuccess else {
            let text = String(decoding: answer.output.prefix(Self.bytesMax), as: UTF8.self)
            if text.contains(Self.notFound) { return nil }
            throw RegistryCredentialError(
                "\(program) failed for registry \(registry): run it by hand, or sign in again with docker login")
        }
        guard let document = try? JSONDecoder().decode(HelperDocument.self, from: Data(answer.output)) else {
            throw RegistryCredentialError("\(program) gave no credential that can be read for registry \(registry)")
        }
        return RegistryCredential(
            username: document.username, secret: Secret(document.secret),
            isIdentityToken: document.username == Self.tokenUser)
    }
}
