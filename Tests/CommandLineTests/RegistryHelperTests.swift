import DockerEngine
import FoundationEssentials
import ProjectModel
import Testing

@testable import supamanager

@Suite("Docker's credential helpers as child processes")
struct RegistryHelperTests {
    /// A folder with a `config.json` that names a helper, and the helper.
    private func found(_ script: String, extra: [String: String] = [:]) async throws -> RegistryCredential? {
        let folder = "/tmp/helper-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try #"{"credHelpers":{"ghcr.io":"test"}}"#.write(
            toFile: "\(folder)/config.json", atomically: true, encoding: .utf8)
        let program = "\(folder)/docker-credential-test"
        try "#!/bin/sh\n\(script)\n".write(toFile: program, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        let environment = ["DOCKER_CONFIG": folder, "PATH": "/usr/bin:/bin:\(folder)"].merging(extra) { $1 }
        return try await RegistryHelper.credentials(environment: environment)
            .credential(for: ImageReference("ghcr.io/a/b:1"))
    }

    @Test("the helper reads the registry from its standard input, and what it writes to standard error is no answer")
    func answer() async throws {
        let script = """
            read -r server || true
            echo "noise" >&2
            printf '{"ServerURL":"%s","Username":"%s-%s","Secret":"%s"}' "$server" "$1" "$server" "${SUPAMANAGER_X:-none}"
            """
        let credential = try await found(script, extra: ["SUPAMANAGER_X": "a secret of the manager"])
        #expect(credential == RegistryCredential(username: "get-ghcr.io", secret: Secret("none")))
    }

    @Test("a helper that is missing is named")
    func missing() async throws {
        let error = await #expect(throws: RegistryCredentialError.self) {
            _ = try await RegistryHelper.run("docker-credential-nothing", input: "x", environment: ["PATH": "/bin"])
        }
        #expect(error?.description.contains("docker-credential-nothing") == true)
    }

    @Test("a helper without the credential means none")
    func none() async throws {
        #expect(try await found("echo 'credentials not found in native keychain'; exit 1") == nil)
    }
}
