import Foundation
import ManagementClient
import ProjectModel
import Testing

@Suite("The file with the credentials")
struct CredentialsFileTests {
    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? NSNumber).intValue
    }

    private func sample() throws -> StoredCredentials {
        StoredCredentials(tokens: [
            try APIAddress("http://127.0.0.1:8080"): StoredToken(
                token: Secret("sbp_one"), id: 3, email: "a@example.test"),
            try APIAddress("https://example.test/api"): StoredToken(
                token: Secret("sbp_two"), id: nil, email: "b@example.test"),
        ])
    }

    @Test("what is saved is loaded, and only its owner can read it")
    func roundTrip() async throws {
        try await withFolder { folder in
            let file = CredentialsFile(path: "\(folder)/deep/er/supamanager/credentials.json")
            #expect(try file.load() == StoredCredentials())
            let credentials = try sample()
            try file.save(credentials)
            #expect(try file.load() == credentials)
            #expect(try mode(file.path) == 0o600)
            #expect(try mode("\(folder)/deep/er/supamanager") == 0o700)
            try file.save(StoredCredentials())
            #expect(try file.load() == StoredCredentials())
            // Nothing unfinished is left beside it.
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/deep/er/supamanager").count == 1)
        }
    }

    @Test("a file that others may read or change is refused", arguments: [0o640, 0o604, 0o620, 0o602, 0o660, 0o644])
    func readableByOthers(_ rights: Int) async throws {
        try await withFolder { folder in
            let file = CredentialsFile(path: "\(folder)/supamanager/credentials.json")
            try file.save(try sample())
            try FileManager.default.setAttributes([.posixPermissions: rights], ofItemAtPath: file.path)
            let error = await clientError { _ = try file.load() }
            #expect(error?.description.contains("chmod 600 \(file.path)") == true)
            #expect(error?.description.contains("sbp_") == false)
        }
    }

    @Test("saving closes a folder that was open, and replaces a file that was open")
    func closes() async throws {
        try await withFolder { folder in
            let file = CredentialsFile(path: "\(folder)/supamanager/credentials.json")
            try file.save(try sample())
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/supamanager")
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
            try file.save(try sample())
            #expect(try mode("\(folder)/supamanager") == 0o700)
            #expect(try mode(file.path) == 0o600)
        }
    }

    @Test(
        "what is not ours is refused",
        arguments: ["", "{", "[]", #"{"version": 2, "tokens": {}}"#, #"{"tokens": {"not an address": {}}}"#])
    func damaged(_ text: String) async throws {
        try await withFolder { folder in
            let file = CredentialsFile(path: "\(folder)/c.json")
            let rights: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
            try #require(
                FileManager.default.createFile(atPath: file.path, contents: Data(text.utf8), attributes: rights))
            let error = await clientError { _ = try file.load() }
            #expect(error?.description.contains(file.path) == true)
        }
    }

    @Test("a folder in its place is refused, and so is a folder that cannot be made")
    func notAFile() async throws {
        try await withFolder { folder in
            let error = await clientError { _ = try CredentialsFile(path: folder).load() }
            #expect(error.map { ExitStatus($0) } == .failed)
            try #require(FileManager.default.createFile(atPath: "\(folder)/file", contents: Data()))
            let other = await clientError {
                try CredentialsFile(path: "\(folder)/file/supamanager/c.json").save(StoredCredentials())
            }
            #expect(other != nil)
        }
    }

    @Test("the folder for settings is where XDG says")
    func places() async throws {
        let xdg = ["XDG_CONFIG_HOME": "/x", "HOME": "/h"]
        #expect(try CredentialsFile(environment: xdg).path == "/x/supamanager/credentials.json")
        #expect(try CredentialsFile(environment: ["HOME": "/h"]).path == "/h/.config/supamanager/credentials.json")
        let relative = ["XDG_CONFIG_HOME": "x", "HOME": "/h"]
        #expect(try CredentialsFile(environment: relative).path == "/h/.config/supamanager/credentials.json")
        #expect(await clientError { _ = try CredentialsFile(environment: [:]) } != nil)
    }

    @Test("options win over variables, variables over files and defaults")
    func precedence() async throws {
        try await withFolder { folder in
            var environment = ["HOME": folder]
            try CredentialsFile(environment: environment).save(try sample())
            var settings = try ClientSettings(option: nil, environment: environment)
            #expect(settings.address == .standard)
            #expect(settings.token == Secret("sbp_one"))
            #expect(settings.source == .file)
            settings = try ClientSettings(option: "https://EXAMPLE.test/api/", environment: environment)
            #expect(settings.token == Secret("sbp_two"))
            environment["SUPAMANAGER_API_URL"] = "https://other.test"
            settings = try ClientSettings(option: nil, environment: environment)
            #expect(settings.address.text == "https://other.test")
            #expect(settings.token == nil)
            environment["SUPAMANAGER_ACCESS_TOKEN"] = " sbp_three\n"
            settings = try ClientSettings(option: nil, environment: environment)
            #expect(settings.token == Secret("sbp_three"))
            #expect(settings.source == .environment)
        }
    }

    /// Where a command goes, and with which token, while both variables may be set.
    struct Way: Sendable {
        var option, context, variable, contextVariable, current: String?
        let address: String
        let token: String?
    }

    @Test(
        "the token of the variable goes to no manager of a context",
        arguments: [
            Way(address: "http://127.0.0.1:8080", token: "sbp_variable"),
            Way(option: "https://example.test/api", address: "https://example.test/api", token: "sbp_variable"),
            Way(variable: "https://other.test", address: "https://other.test", token: "sbp_variable"),
            Way(current: "home", address: "https://example.test/api", token: "sbp_two"),
            Way(context: "home", address: "https://example.test/api", token: "sbp_two"),
            Way(contextVariable: "home", address: "https://example.test/api", token: "sbp_two"),
            Way(current: "away", address: "https://away.test", token: nil),
            Way(context: "away", current: "home", address: "https://away.test", token: nil),
            Way(contextVariable: "away", current: "home", address: "https://away.test", token: nil),
            Way(
                context: "home", variable: "https://other.test", address: "https://example.test/api", token: "sbp_two"),
            Way(context: "away", variable: "https://other.test", address: "https://away.test", token: nil),
            Way(
                variable: "https://other.test", contextVariable: "away", address: "https://other.test",
                token: "sbp_variable"),
            Way(
                variable: "https://other.test", current: "home", address: "https://other.test", token: "sbp_variable"),
            Way(
                option: "https://other.test", context: "home", current: "home", address: "https://other.test",
                token: "sbp_variable"),
        ])
    func tokensOfManagers(_ way: Way) async throws {
        try await withFolder { folder in
            var environment = ["HOME": folder, "SUPAMANAGER_ACCESS_TOKEN": "sbp_variable"]
            try CredentialsFile(environment: environment).save(try sample())
            try ContextsFile(environment: environment).save(
                StoredContexts(
                    current: way.current,
                    contexts: [
                        "home": ManagerContext(address: try APIAddress("https://example.test/api")),
                        "away": ManagerContext(address: try APIAddress("https://away.test")),
                    ]))
            environment["SUPAMANAGER_API_URL"] = way.variable
            environment["SUPAMANAGER_CONTEXT"] = way.contextVariable
            let settings = try ClientSettings(option: way.option, context: way.context, environment: environment)
            #expect(settings.address.text == way.address)
            #expect(settings.token?.reveal() == way.token)
            #expect(settings.source == way.token.map { $0 == "sbp_variable" ? .environment : .file })
        }
    }

    @Test("a token that could not be sent is refused", arguments: ["", " \n", "a b", "a\nb", "tökén", "a\u{1}"])
    func badTokens(_ text: String) async {
        let error = await clientError { _ = try Secret.token(trimming: text) }
        #expect(error.map { ExitStatus($0) } == .usage)
    }
}
