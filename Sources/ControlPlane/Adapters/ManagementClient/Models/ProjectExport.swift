import FoundationEssentials
public import ProjectModel

/// A project's stack as files.
public struct ProjectExport: Decodable, Sendable, Equatable {
    /// A file beside the Compose file.
    public struct File: Decodable, Sendable, Equatable {
        /// Its path, relative to the Compose file's folder.
        public let path: String
        /// Its bytes in base64; nil where the API does not show them.
        let content: String?

        public var bytes: [UInt8]? { content.flatMap { Data(base64Encoded: $0) }.map { Array($0) } }
    }

    private struct Variable: Decodable {
        let name, value: String
    }

    /// The project's ref.
    public let ref: String
    public let name: String
    /// The Compose file; confidential values stand as `${NAME}`.
    public let compose: String
    /// The variables, masked unless everything was revealed.
    public let environment: [String: Secret<String>]
    /// Further files.
    public let files: [File]

    enum CodingKeys: String, CodingKey { case ref, name, compose, environment, files }

    /// Reads the answer of the API.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        ref = try container.decode(String.self, forKey: .ref)
        name = try container.decode(String.self, forKey: .name)
        compose = try container.decode(String.self, forKey: .compose)
        let variables = try container.decode([Variable].self, forKey: .environment)
        environment = Dictionary(variables.map { ($0.name, Secret($0.value)) }) { first, _ in first }
        files = try container.decode([File].self, forKey: .files)
    }
}
