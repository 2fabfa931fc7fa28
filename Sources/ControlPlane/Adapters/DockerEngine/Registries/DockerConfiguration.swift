import FoundationEssentials
import ProjectModel

/// What Docker's `config.json` says about registries. Keys that are about something else are ignored.
struct DockerConfiguration: Sendable, Equatable {
    /// The source of a registry's credential.
    enum Source: Sendable, Equatable {
        /// A helper program, by the end of its name.
        case helper(String)
        /// The file itself.
        case credential(RegistryCredential)
    }

    private var helpers: [RegistryName: String] = [:]
    private var store: String?
    private var credentials: [RegistryName: RegistryCredential] = [:]

    private struct File: Decodable {
        struct Entry: Decodable {
            let auth: String?
            let username: String?
            let password: String?
            let identitytoken: String?
        }
        let auths: [String: Entry]?
        let credsStore: String?
        let credHelpers: [String: String]?
    }

    init() {}

    /// Reads the file's text.
    ///
    /// - Throws: what is wrong, without anything of its content.
    init(json: [UInt8]) throws(RegistryCredentialError) {
        let file: File
        do { file = try JSONDecoder().decode(File.self, from: Data(json)) } catch {
            throw RegistryCredentialError("it is not the JSON of a Docker configuration")
        }
        store = file.credsStore.flatMap { $0.isEmpty ? nil : $0 }
        for (key, helper) in file.credHelpers ?? [:] {
            if let registry = RegistryName(key: key) { helpers[registry] = helper }
        }
        for (key, entry) in file.auths ?? [:] {
            guard let registry = RegistryName(key: key) else { continue }
            credentials[registry] = try Self.credential(entry, registry)
        }
    }

    /// The source of a registry's login: its own helper, then the helper for all of them, then the file.
    func source(for registry: RegistryName) -> Source? {
        if let helper = helpers[registry] ?? store { return .helper(helper) }
        return credentials[registry].map(Source.credential)
    }

    /// An entry without anything in it is what is left in the file when a helper keeps the credential.
    private static func credential(
        _ entry: File.Entry, _ registry: RegistryName
    ) throws(RegistryCredentialError) -> RegistryCredential? {
        if let token = entry.identitytoken, !token.isEmpty {
            return RegistryCredential(username: "", secret: Secret(token), isIdentityToken: true)
        }
        if let auth = entry.auth, !auth.isEmpty {
            guard let data = Data(base64Encoded: auth), let text = String(validating: data, as: UTF8.self),
                let colon = text.firstIndex(of: ":")
            else { throw RegistryCredentialError("the entry auth of \(registry) is not base64 of name:password") }
            let password = text[text.index(after: colon)...].prefix { $0 != "\0" }
            return RegistryCredential(username: String(text[..<colon]), secret: Secret(String(password)))
        }
        guard let username = entry.username, let password = entry.password else { return nil }
        return RegistryCredential(username: username, secret: Secret(password))
    }
}
