/// A login at a registry of images, without its password.
public struct RegistryLoginSummary: Codable, Sendable, Equatable {
    /// Host of the registry, with its port where it has one.
    public var registry: String
    /// Name of the account there.
    public var username: String
    /// When it was stored, in RFC 3339.
    public var updatedAt: String

    enum CodingKeys: String, CodingKey {
        case registry, username
        case updatedAt = "updated_at"
    }
}
