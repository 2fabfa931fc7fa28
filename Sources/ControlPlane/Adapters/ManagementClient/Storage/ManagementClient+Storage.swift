public import ProjectModel

// Keys of a project's S3 endpoint.
extension ManagementClient {
    private struct List: Decodable {
        let data: [StorageCredential]
    }

    private struct New: Encodable {
        let description: String
    }

    /// The further keys of a project, oldest first.
    public func storageCredentials(of ref: ProjectRef) async throws(ClientError) -> [StorageCredential] {
        let list: List = try await answer(.get("platform", "storage", ref.text, "credentials"))
        return list.data
    }

    /// Makes a key; its secret is shown this once.
    public func makeStorageCredential(
        _ description: String, of ref: ProjectRef
    ) async throws(ClientError) -> MadeStorageCredential {
        try await answer(
            try APICall.post("platform", "storage", ref.text, "credentials", json: New(description: description)))
    }

    /// Deletes a key: it counts no more.
    public func deleteStorageCredential(_ id: String, of ref: ProjectRef) async throws(ClientError) {
        try await send(.delete("platform", "storage", ref.text, "credentials", id))
    }
}

/// A key of a project's S3 endpoint, without its secret.
public struct StorageCredential: Codable, Sendable, Equatable {
    /// Names it for deletion.
    public let id: String
    /// What it is for.
    public let description: String
    /// Its public half; nil where the server does not say it.
    public let accessKey: String?
    /// ISO 8601.
    public let createdAt: String

    enum CodingKeys: String, CodingKey {
        case id, description
        case accessKey = "access_key"
        case createdAt = "created_at"
    }
}

/// A key that was just made: the only time that its secret is seen.
public struct MadeStorageCredential: Decodable, Sendable {
    /// Names it for deletion.
    public let id: String
    /// Its public half.
    public let accessKey: String
    /// What requests are signed with.
    public let secretKey: Secret<String>

    enum CodingKeys: String, CodingKey {
        case id
        case accessKey = "access_key"
        case secretKey = "secret_key"
    }

    /// Reads the answer of the API.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(String.self, forKey: .id)
        accessKey = try values.decode(String.self, forKey: .accessKey)
        secretKey = Secret(try values.decode(String.self, forKey: .secretKey))
    }
}
