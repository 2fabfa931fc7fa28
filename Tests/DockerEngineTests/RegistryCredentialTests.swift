import FoundationEssentials
import ProjectModel
import Testing

@testable import DockerEngine

@Suite("Credentials for registries")
struct RegistryCredentialTests {
    @Test(
        "the registry of an image is its first part, where that is no folder of Docker Hub",
        arguments: [
            ("postgres:17", "docker.io"), ("supabase/postgres", "docker.io"), ("docker.io/a/b", "docker.io"),
            ("index.docker.io/a/b", "docker.io"), ("ghcr.io/a/b:1", "ghcr.io"), ("localhost/a", "localhost"),
            ("localhost:5000/a", "localhost:5000"),
            ("registry.example.com:5000/a/b@sha256:0", "registry.example.com:5000"),
        ])
    func names(image: String, registry: String) throws {
        #expect(RegistryName(of: try ImageReference(image)).host == registry)
    }

    private func configuration(_ json: String) throws -> DockerConfiguration {
        try DockerConfiguration(json: Array(json.utf8))
    }

    private func registry(_ image: String) throws -> RegistryName { RegistryName(of: try ImageReference(image)) }

    /// `user:pass:word` in base64.
    private static let auth = "dXNlcjpwYXNzOndvcmQ="

    @Test("an entry counts for its own registry, however its key is written, and for no other")
    func entries() throws {
        let wanted = DockerConfiguration.Source.credential(
            RegistryCredential(username: "user", secret: Secret("pass:word")))
        for key in ["ghcr.io", "https://ghcr.io", "https://ghcr.io/v2/", "http://GHCR.io/"] {
            let file = try configuration(#"{"auths":{"\#(key)":{"auth":"\#(Self.auth)"}}}"#)
            #expect(file.source(for: try registry("ghcr.io/a/b")) == wanted, "\(key)")
            for other in ["evil.ghcr.io/a", "ghcr.io.evil.example/a", "a/ghcr.io", "ghcr.io:5000/a"] {
                #expect(file.source(for: try registry(other)) == nil, "\(other)")
            }
        }
        let hub = try configuration(#"{"auths":{"https://index.docker.io/v1/":{"auth":"\#(Self.auth)"}}}"#)
        for image in ["supabase/postgres", "docker.io/a/b"] {
            #expect(hub.source(for: try registry(image)) == wanted, "\(image)")
        }
    }

    @Test("identity tokens come before passwords, and an entry that a helper emptied is none")
    func forms() throws {
        let file = try configuration(
            """
            {"HttpHeaders":{"a":"b"},"auths":{"a.example":{"auth":"\(Self.auth)","identitytoken":"tok"},"b.example":{},
            "c.example":{"username":"u","password":"p"}}}
            """)
        let token = RegistryCredential(username: "", secret: Secret("tok"), isIdentityToken: true)
        #expect(file.source(for: try registry("a.example/x")) == .credential(token))
        #expect(file.source(for: try registry("b.example/x")) == nil)
        let plain = RegistryCredential(username: "u", secret: Secret("p"))
        #expect(file.source(for: try registry("c.example/x")) == .credential(plain))
    }

    @Test("a registry's own helper comes before the helper of all, and both before the file")
    func helpers() throws {
        let file = try configuration(
            """
            {"auths":{"a.example":{"auth":"\(Self.auth)"}},"credsStore":"pass","credHelpers":{"a.example":"own"}}
            """)
        #expect(file.source(for: try registry("a.example/x")) == .helper("own"))
        #expect(file.source(for: try registry("b.example/x")) == .helper("pass"))
    }

    @Test(
        "a file that is damaged is an error that shows nothing of it",
        arguments: ["", "[]", "{\"auths\":7}", #"{"auths":{"a.example":{"auth":"%%%hunter2"}}}"#])
    func damage(json: String) throws {
        let error = #expect(throws: RegistryCredentialError.self) { try configuration(json) }
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test("the header is JSON in the URL-safe alphabet with padding, and names the registry")
    func header() throws {
        let credential = RegistryCredential(username: "u??>", secret: Secret("p~~~ÿÿ"))
        let header = try credential.header(for: try registry("ghcr.io/a"))
        #expect(!header.contains("+") && !header.contains("/"))
        let base64 = header.replacing("-", with: "+").replacing("_", with: "/")
        let data = try #require(Data(base64Encoded: base64))
        let fields = try JSONDecoder().decode([String: String].self, from: data)
        #expect(fields == ["username": "u??>", "password": "p~~~ÿÿ", "serveraddress": "ghcr.io"])
        let token = RegistryCredential(username: "", secret: Secret("t"), isIdentityToken: true)
        let second = try #require(Data(base64Encoded: try token.header(for: .dockerHub)))
        #expect(
            try JSONDecoder().decode([String: String].self, from: second)
                == ["identitytoken": "t", "serveraddress": "https://index.docker.io/v1/"])
        #expect(!"\(credential)".contains("p~~~"))
    }

    // MARK: Files and helpers

    private func withFile<Value>(
        _ json: String, _ body: (String) async throws -> Value
    ) async throws -> Value {
        let path = "/tmp/registry-\(UInt64.random(in: 0 ... .max)).json"
        try json.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(path)
    }

    private typealias Answer = DockerConfigCredentials.HelperAnswer

    @Test("a helper is asked for the registry's key; its token name means an identity token")
    func helper() async throws {
        try await withFile(#"{"credsStore":"pass"}"#) { path in
            let found = DockerConfigCredentials(path: path) { program, input throws(RegistryCredentialError) in
                #expect(program == "docker-credential-pass")
                let name = input == "https://index.docker.io/v1/" ? "<token>" : "me"
                return Answer(
                    isSuccess: true, output: Array(#"{"ServerURL":"x","Username":"\#(name)","Secret":"s"}"#.utf8))
            }
            let hub = try await found.credential(for: ImageReference("postgres"))
            #expect(hub == RegistryCredential(username: "<token>", secret: Secret("s"), isIdentityToken: true))
            let own = try await found.credential(for: ImageReference("ghcr.io/a"))
            #expect(own == RegistryCredential(username: "me", secret: Secret("s")))
        }
    }

    @Test("a helper that knows no credential means none; every other failure is reported without its output")
    func failures() async throws {
        try await withFile(#"{"credHelpers":{"ghcr.io":"own","b.example":"../sh"}}"#) { path in
            func credentials(_ isSuccess: Bool, _ output: String) -> DockerConfigCredentials {
                DockerConfigCredentials(path: path) { _, _ throws(RegistryCredentialError) in
                    Answer(isSuccess: isSuccess, output: Array(output.utf8))
                }
            }
            let image = try ImageReference("ghcr.io/a")
            let none = credentials(false, "credentials not found in native keychain\n")
            #expect(try await none.credential(for: image) == nil)
            for (isSuccess, output) in [(false, "hunter2"), (true, "hunter2"), (true, #"{"Username":"u"}"#)] {
                let error = await #expect(throws: RegistryCredentialError.self) {
                    _ = try await credentials(isSuccess, output).credential(for: image)
                }
                #expect(error?.description.contains("hunter2") == false)
            }
            await #expect(throws: RegistryCredentialError.self) {
                _ = try await credentials(true, "{}").credential(for: ImageReference("b.example/a"))
            }
        }
    }

    @Test("without a file there are no credentials, and the file is read for each pull")
    func missing() async throws {
        let path = "/tmp/registry-\(UInt64.random(in: 0 ... .max)).json"
        let credentials = DockerConfigCredentials(path: path) { _, _ throws(RegistryCredentialError) in
            Answer(isSuccess: false, output: [])
        }
        let image = try ImageReference("ghcr.io/a")
        #expect(try await credentials.credential(for: image) == nil)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try #"{"auths":{"ghcr.io":{"auth":"\#(Self.auth)"}}}"#.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try await credentials.credential(for: image)?.username == "user")
    }

    @Test("the file is in DOCKER_CONFIG, else in the home folder")
    func paths() {
        #expect(DockerConfigCredentials.path(environment: ["DOCKER_CONFIG": "/d", "HOME": "/h"]) == "/d/config.json")
        #expect(DockerConfigCredentials.path(environment: ["HOME": "/h"]) == "/h/.docker/config.json")
        #expect(DockerConfigCredentials.path(environment: [:]) == nil)
    }
}
