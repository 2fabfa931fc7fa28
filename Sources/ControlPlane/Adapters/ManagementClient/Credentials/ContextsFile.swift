import FoundationEssentials

/// A manager that a person works with, under a name of their own.
public struct ManagerContext: Sendable, Equatable, Codable {
    public var address: String
    /// Slug of the organization that commands are about where none is named.
    public var organization: String?

    enum CodingKeys: String, CodingKey {
        case organization
        case address = "api_url"
    }

    public init(address: APIAddress, organization: String? = nil) {
        (self.address, self.organization) = (address.text, organization)
    }
}

/// The contexts of a person, and which one is in use.
public struct StoredContexts: Sendable, Equatable, Codable {
    var version = 1
    public var current: String?
    public var contexts: [String: ManagerContext]

    public init(current: String? = nil, contexts: [String: ManagerContext] = [:]) {
        (self.current, self.contexts) = (current, contexts)
    }

    /// Longest name of a context in bytes.
    public static let nameBytesMax = 64

    /// Letters, digits, `-`, `_` and `.`, a letter or digit first: names that shells leave alone.
    public static func isName(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        func isPlain(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        guard let first = bytes.first, isPlain(first), bytes.count <= nameBytesMax else { return false }
        return bytes.allSatisfy { isPlain($0) || [0x2D, 0x2E, 0x5F].contains($0) }
    }
}

/// The file with the contexts: `supamanager/contexts.json` beside the credentials, readable by its owner alone. Tokens
/// are in the credentials, by address.
public struct ContextsFile: Sendable, Equatable {
    /// Names the context in use for one command.
    public static let variable = "SUPAMANAGER_CONTEXT"
    /// Most bytes that are read.
    private static let bytesMax = 1_048_576

    public let path: String

    /// The file of the user that the environment describes; throws as ``CredentialsFile/init(environment:)`` does.
    public init(environment: [String: String]) throws(ClientError) {
        let credentials = try CredentialsFile(environment: environment).path
        path = credentials.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/contexts.json"
    }

    /// The stored contexts; none when there is no file.
    public func load() throws(ClientError) -> StoredContexts {
        guard let bytes = try PrivateFile.read(path, bytesMax: Self.bytesMax) else { return StoredContexts() }
        let stored: StoredContexts
        do { stored = try JSONDecoder().decode(StoredContexts.self, from: Data(bytes)) } catch {
            throw .credentials("\(path) is damaged: remove it and add the contexts again")
        }
        guard stored.version == 1 else {
            throw .credentials("\(path) is of another version of supamanager: remove it and add the contexts again")
        }
        return stored
    }

    /// Replaces the file in one step.
    public func save(_ contexts: StoredContexts) throws(ClientError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes: [UInt8]
        do { bytes = Array(try encoder.encode(contexts)) + [0x0A] } catch {
            throw .credentials("\(path) cannot be written")
        }
        try PrivateFile.replace(path, with: bytes)
    }

    /// The context that a command is about: the one that an option or the variable names, else the one in use.
    ///
    /// - Throws: ``ClientError/invalid(_:)`` for a name that there is none of.
    public static func selected(
        option: String?, environment: [String: String]
    ) throws(ClientError) -> (name: String, context: ManagerContext)? {
        let named = option ?? environment[variable].flatMap { $0.isEmpty ? nil : $0 }
        // Without a folder for settings there are none.
        guard named != nil || environment["HOME"] != nil || environment["XDG_CONFIG_HOME"] != nil else { return nil }
        let stored: StoredContexts
        do throws(ClientError) { stored = try ContextsFile(environment: environment).load() } catch {
            guard named == nil, environment["HOME"]?.hasPrefix("/") != true else { throw error }
            return nil
        }
        guard let name = named ?? stored.current else { return nil }
        guard let context = stored.contexts[name] else {
            let near = Suggestion.nearest(to: name, among: Array(stored.contexts.keys))
            throw .invalid(
                "there is no context \(DisplayText.quoted(name))"
                    + (near.map { "; did you mean \(DisplayText.quoted($0))?" }
                        ?? ": `supamanager context list` shows all"))
        }
        return (name, context)
    }
}
