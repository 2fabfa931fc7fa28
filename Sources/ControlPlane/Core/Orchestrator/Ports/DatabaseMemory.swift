/// Knows what a database takes of its container's memory.
public protocol DatabaseMemory: Sendable {
    /// Why the database would not run with the settings; nil when that is not known, and when what was changed has no
    /// part in it.
    ///
    /// - Parameters:
    ///   - limit: the container's limit in bytes.
    ///   - changed: the variables that are changed.
    func problem(with settings: ProjectSettingsValues, limit: Int64, changed: Set<String>) -> String?
}
