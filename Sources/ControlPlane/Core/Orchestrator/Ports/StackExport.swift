public import ProjectModel

/// A project's stack as files for other tools: what `docker compose` needs to run it without the manager.
public struct StackExport: Sendable, Equatable {
    /// Name of the Compose file among the exported files.
    public static let composeName = "compose.yaml"
    /// Name of the file with the variables.
    public static let environmentName = ".env"

    /// The Compose file. Every confidential value stands as `${NAME}`.
    public var compose: String
    /// The variables that it uses, confidential without exception but for the project's name.
    public var environment: [String: Secret<String>]
    /// Further files, by relative path.
    public var files: [String: [UInt8]]

    public init(compose: String, environment: [String: Secret<String>], files: [String: [UInt8]]) {
        self.compose = compose
        self.environment = environment
        self.files = files
    }
}
