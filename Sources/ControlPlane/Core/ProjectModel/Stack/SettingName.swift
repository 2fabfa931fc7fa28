/// A key of a service's configuration, as the Management API names it.
public struct SettingName: Sendable, Hashable, CustomStringConvertible {
    /// The parts of a project that have a configuration in the API.
    public enum Area: String, Sendable, Hashable, CaseIterable {
        /// `/config/auth`.
        case auth
        /// `/postgrest`.
        case rest
        /// `/config/storage`.
        case storage
        /// `/config/realtime`.
        case realtime
        /// `/config/database/pooler`.
        case pooler
        /// `/config/database/postgres`.
        case database
    }

    /// The part.
    public var area: Area
    /// The key within it; keys of nested objects are joined by dots.
    public var key: String

    /// The key `key` of `area`.
    public init(_ area: Area, _ key: String) {
        self.area = area
        self.key = key
    }

    /// `area.key`.
    public var description: String { "\(area.rawValue).\(key)" }
}
