import FoundationEssentials
import ProjectModel

/// The file with the credentials: `supamanager/credentials.json` in the folder for settings, readable by its owner
/// alone.
public struct CredentialsFile: Sendable, Equatable {
    public let path: String

    /// Most bytes that are read.
    static let bytesMax = 1_048_576

    /// A file at a path.
    public init(path: String) { self.path = path }

    /// The file of the user that the environment describes.
    ///
    /// - Throws: ``ClientError/credentials(_:)`` when neither `XDG_CONFIG_HOME` nor `HOME` is an absolute path.
    public init(environment: [String: String]) throws(ClientError) {
        // The XDG specification says to ignore a relative path.
        let settings = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? "\($0)/.config" : nil }
        guard let folder = settings ?? home else {
            throw .credentials("there is no folder for credentials: set HOME or XDG_CONFIG_HOME")
        }
        path = "\(folder)/supamanager/credentials.json"
    }

    private struct Body: Codable {
        var version = 1
        var tokens: [String: Token]

        struct Token: Codable {
            let token: String
            let id: Int64?
            let email: String
        }
    }

    /// The stored credentials; nil when there is no file.
    ///
    /// - Throws: ``ClientError/credentials(_:)`` when others may read or change it, or it is not one of ours.
    public func load() throws(ClientError) -> StoredCredentials {
        guard let bytes = try PrivateFile.read(path, bytesMax: Self.bytesMax) else { return StoredCredentials() }
        let body: Body
        do { body = try JSONDecoder().decode(Body.self, from: Data(bytes)) } catch {
            throw .credentials("\(path) is damaged: remove it and sign in again")
        }
        guard body.version == 1 else {
            throw .credentials("\(path) is of another version of supamanager: remove it and sign in again")
        }
        var credentials = StoredCredentials()
        for (address, token) in body.tokens {
            credentials.tokens[try APIAddress(address)] = StoredToken(
                token: try .token(trimming: token.token), id: token.id, email: token.email)
        }
        return credentials
    }

    /// Replaces the file in one step.
    public func save(_ credentials: StoredCredentials) throws(ClientError) {
        var body = Body(tokens: [:])
        for (address, token) in credentials.tokens {
            body.tokens[address.text] = Body.Token(token: token.token.reveal(), id: token.id, email: token.email)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes: [UInt8]
        do { bytes = Array(try encoder.encode(body)) + [0x0A] } catch {
            throw .credentials("\(path) cannot be written")
        }
        try PrivateFile.replace(path, with: bytes)
    }
}
