public import ProjectModel

/// A group of a project's settings, as the API has them.
public enum SettingGroup: String, CaseIterable, Sendable {
    case auth, rest, database, storage, realtime
}

/// A secret of a project's functions: its value never comes back.
public struct SecretDigest: Codable, Sendable, Equatable {
    /// Its name.
    public var name: String
    /// The SHA-256 of its value, in hex.
    public var value: String
    /// When it was set, in RFC 3339.
    public var updatedAt: String?

    enum CodingKeys: String, CodingKey {
        case name, value
        case updatedAt = "updated_at"
    }
}

// Settings and secrets of projects.
extension ManagementClient {
    /// The settings of a group, by name.
    public func settings(_ group: SettingGroup, of ref: ProjectRef) async throws(ClientError) -> [String: JSONValue] {
        switch group {
        case .auth: try await answer(.get("v1", "projects", ref.text, "config", "auth"))
        case .rest: try await answer(.get("v1", "projects", ref.text, "postgrest"))
        case .database: try await answer(.get("v1", "projects", ref.text, "config", "database", "postgres"))
        case .storage: try await answer(.get("v1", "projects", ref.text, "config", "storage"))
        case .realtime: try await answer(.get("v1", "projects", ref.text, "config", "realtime"))
        }
    }

    /// Changes settings of a group; those that are not named stay.
    public func change(
        _ group: SettingGroup, of ref: ProjectRef, to values: [String: JSONValue]
    ) async throws(ClientError) {
        switch group {
        case .auth: try await send(.patch("v1", "projects", ref.text, "config", "auth", json: values))
        case .rest: try await send(.patch("v1", "projects", ref.text, "postgrest", json: values))
        case .database: try await send(.put("v1", "projects", ref.text, "config", "database", "postgres", json: values))
        case .storage: try await send(.patch("v1", "projects", ref.text, "config", "storage", json: values))
        case .realtime: try await send(.patch("v1", "projects", ref.text, "config", "realtime", json: values))
        }
    }

    /// The secrets of a project's functions.
    public func secrets(of ref: ProjectRef) async throws(ClientError) -> [SecretDigest] {
        try await answer(.get("v1", "projects", ref.text, "secrets"))
    }

    /// Sets secrets; others stay.
    public func set(_ secrets: [(name: String, value: Secret<String>)], of ref: ProjectRef) async throws(ClientError) {
        struct Body: Encodable {
            let name, value: String
        }
        let body = secrets.map { Body(name: $0.name, value: $0.value.reveal()) }
        try await send(.post("v1", "projects", ref.text, "secrets", json: body))
    }

    /// Forgets secrets.
    public func unset(secrets names: [String], of ref: ProjectRef) async throws(ClientError) {
        try await send(.delete("v1", "projects", ref.text, "secrets", json: names))
    }
}
